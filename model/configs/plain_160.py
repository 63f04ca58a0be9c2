"""MobileNetV1 0.25 at 160 x 160 from ImageNet weights, nothing added: a member of the shipped average.

    crosscam train model/configs/plain_160.py --data-root DIR --weights FILE -o runs/plain_160

FILE is Keras' ``mobilenet_2_5_224_tf_no_top.h5``.
Best at epoch 26 of 36; int8 on the 463 validation pictures: macro F1 0.820, cross-fitted 0.797.
"""

from dataclasses import replace

from model.configs.base import WHOLE

CONFIG = replace(
    WHOLE,
    head_epochs=6,
    epochs=30,
    rate=2e-4,
)
