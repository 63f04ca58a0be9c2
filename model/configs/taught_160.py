"""MobileNetV1 0.25 at 160 x 160 from ImageNet weights, taught by the full graded network's backbone.

    crosscam grades teacher runs/sqrxr_320/report/sqrx.keras model/configs/taught_160.py --data-root DIR \\
        -o teacher.keras
    crosscam train model/configs/taught_160.py --data-root DIR --weights FILE --teacher teacher.keras -o runs/taught_160

FILE is Keras' ``mobilenet_2_5_224_tf_no_top.h5``; docs/grades.md has the command that trains ``runs/sqrxr_320``.
Epoch 64 of 64, the last; int8 on the 462 validation pictures: macro F1 0.814, cross-fitted 0.791, below the shipped
model's 0.829 although the teacher has 0.912: not adopted.
"""

from dataclasses import replace

from model.configs.base import WHOLE
from model.run_config import Distillation

CONFIG = replace(
    WHOLE,
    id="taught_160",
    head_epochs=4,
    epochs=60,
    rate=6e-4,
    average=0.998,
    keep="last",
    distillation=Distillation((), temperature=1.0, weight=0.8, unlabelled=True, views=4),
)
