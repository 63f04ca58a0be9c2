"""After the notebook: MobileNetV1 0.25 at 224 x 224, 256 units, cross-entropy.

    crosscam train model/configs/notebook_v1_025_224.py --data-root DIR --weights FILE -o runs/notebook_v1_025_224

FILE is Keras' ``mobilenet_2_5_224_tf_no_top.h5``.
A small budget: three epochs of the head, four from layer 57.
Best at epoch 3 of 7; int8 on the 463 validation pictures: macro F1 0.821, cross-fitted 0.802.
"""

from dataclasses import replace

from model.configs.base import NOTEBOOK

CONFIG = replace(
    NOTEBOOK,
    id="notebook_v1_025_224",
    title="MobileNetV1 0.25 224x224, 256 units",
    size=224,
    units=256,
)
