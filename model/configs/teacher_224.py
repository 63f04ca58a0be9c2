"""The shipped network at 224 x 224, trained on: a teacher for ``distilled_160``, not for the board.

    crosscam train model/configs/teacher_224.py --data-root DIR -o runs/teacher_224 \\
        --weights model/zoo/person_car_160/model.tflite
"""

from dataclasses import replace

from model.configs.base import TUNED

CONFIG = replace(
    TUNED, id="teacher_224", title="Person and car, MobileNetV1 0.25 224x224, a teacher", size=224, epochs=8
)
