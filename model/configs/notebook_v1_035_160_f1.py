"""After the notebook: MobileNetV1 0.35 at 160 x 160, 64 units, macro double soft F1; widened from 0.25.

    crosscam train model/configs/notebook_v1_035_160_f1.py --data-root DIR --weights FILE -o runs/notebook_v1_035_160_f1

FILE is Keras' ``mobilenet_2_5_224_tf_no_top.h5``, of alpha 0.25 and widened, as no weights of 0.35 are at hand.
A small budget: three epochs of the head, four from layer 57.
Best at epoch 3 of 7; int8 on the 463 validation pictures: macro F1 0.761, cross-fitted 0.746.
"""

from dataclasses import replace

from model.configs.base import NOTEBOOK

CONFIG = replace(
    NOTEBOOK,
    id="notebook_v1_035_160_f1",
    title="MobileNetV1 0.35 160x160, 64 units, soft F1",
    alpha=0.35,
    backbone="widened",
    loss="soft_f1",
)
