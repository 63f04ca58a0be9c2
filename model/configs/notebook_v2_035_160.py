"""After the notebook: MobileNetV2 0.35 at 160 x 160, 128 units, cross-entropy; from scratch.

    crosscam train model/configs/notebook_v2_035_160.py --data-root DIR --weights FILE -o runs/notebook_v2_035_160

FILE is Keras' ``mobilenet_2_5_224_tf_no_top.h5`` and not read: no MobileNetV2 weights are at hand.
A small budget: eight epochs from random weights, batch statistics averaged with 0.9: Keras's 0.999 does not settle in
1,064 steps, and a run of eight epochs with it was at chance to the end (AUC 0.5, macro F1 0.488).
The run of the table was stopped after epoch 2 for want of time: AUC 0.608, and rising. 4,229 photographs are few to
start from nothing.
Epoch 2 of 8; int8 on the 463 validation pictures: macro F1 0.524, cross-fitted 0.499.
"""

from dataclasses import replace

from model.configs.base import BASE

CONFIG = replace(
    BASE,
    id="notebook_v2_035_160",
    title="MobileNetV2 0.35 160x160, 128 units",
    network="v2",
    alpha=0.35,
    units=128,
    backbone="none",
    head_epochs=0,
    epochs=8,
    fine_tune_from=0,
    optimizer="adamw",
    rate=1e-3,
    statistics_momentum=0.9,
)
