"""After the notebook: MobileNetV1 0.25 at 160 x 160, 128 units, macro double soft F1.

    crosscam train model/configs/notebook_v1_025_160_f1.py --data-root DIR --weights FILE -o runs/notebook_v1_025_160_f1

FILE is Keras' ``mobilenet_2_5_224_tf_no_top.h5``.
A small budget: three epochs of the head, four from layer 57.
Best at epoch 3 of 7; int8 on the 463 validation pictures: macro F1 0.767, cross-fitted 0.752.
"""

from dataclasses import replace

from model.configs.base import NOTEBOOK

CONFIG = replace(
    NOTEBOOK,
    id="notebook_v1_025_160_f1",
    title="MobileNetV1 0.25 160x160, 128 units, soft F1",
    units=128,
    loss="soft_f1",
)
