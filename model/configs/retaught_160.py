"""The shipped network trained on at 160 x 160, mostly from the scores of the full graded network's backbone.

    crosscam grades teacher runs/sqrxr_320/report/sqrx.keras model/configs/retaught_160.py --data-root DIR \\
        -o teacher.keras
    crosscam train model/configs/retaught_160.py --data-root DIR --teacher teacher.keras -o runs/retaught_160 \\
        --weights model/zoo/person_car_160/model.tflite

Epoch 12 of 12, the last; int8 on the 462 validation pictures: macro F1 0.833, cross-fitted 0.811, below the shipped
model's 0.829: not adopted.
"""

from dataclasses import replace

from model.configs.base import TUNED
from model.run_config import Distillation

CONFIG = replace(
    TUNED,
    id="retaught_160",
    title="Person and car, the shipped network taught by a larger one",
    epochs=12,
    average=0.995,
    distillation=Distillation((), temperature=1.0, weight=0.8, unlabelled=True, views=4),
)
