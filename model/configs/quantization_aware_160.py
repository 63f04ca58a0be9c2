"""The shipped network trained on with the rounding of int8.

    crosscam train model/configs/quantization_aware_160.py --data-root DIR -o runs/quantization_aware_160 \\
        --weights model/zoo/person_car_160/model.tflite
"""

from dataclasses import replace

from model.configs.base import TUNED

CONFIG = replace(TUNED, rate=5e-5, quantization_aware=True)
