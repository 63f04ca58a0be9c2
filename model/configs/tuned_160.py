"""The shipped network trained on at 160 x 160, nothing added: what ``distilled_160`` is to be held against.

    crosscam train model/configs/tuned_160.py --data-root DIR -o runs/tuned_160 \\
        --weights model/zoo/person_car_160/model.tflite
"""

from model.configs.base import TUNED

CONFIG = TUNED
