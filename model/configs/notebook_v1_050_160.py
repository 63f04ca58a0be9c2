"""After the notebook: MobileNetV1 0.5 at 160 x 160, 64 units, cross-entropy; widened from 0.25.

    crosscam train model/configs/notebook_v1_050_160.py --data-root DIR --weights FILE -o runs/notebook_v1_050_160

FILE is Keras' ``mobilenet_2_5_224_tf_no_top.h5``, of alpha 0.25 and widened, as no weights of 0.5 are at hand.
A small budget: three epochs of the head, four from layer 57.
Best at epoch 3 of 7; int8 on the 463 validation pictures: macro F1 0.784, cross-fitted 0.764.
"""

from dataclasses import replace

from model.configs.base import NOTEBOOK

CONFIG = replace(
    NOTEBOOK,
    id="notebook_v1_050_160",
    title="MobileNetV1 0.5 160x160, 64 units",
    alpha=0.5,
    backbone="widened",
)
