"""MobileNetV1 0.25 at 160 x 160 from ImageNet weights, car crops pasted, averaged weights.

    crosscam train model/configs/pasted_160.py --data-root DIR --weights FILE -o runs/pasted_160

FILE is Keras' ``mobilenet_2_5_224_tf_no_top.h5``.
Best at epoch 26 of 29; int8 on the 463 validation pictures: macro F1 0.817, cross-fitted 0.793.
"""

from model.dataset.coco import Source
from model.dataset.pasting import Paste
from model.run_config import TrainingConfig

CONFIG = TrainingConfig(
    id="person_car_160",
    title="Person and car, MobileNetV1 0.25 160x160",
    training=(
        Source("coco", "train2017", weight=2.0),
        Source("highway", "train", weight=1.0),
        Source("openimages", "train", weight=1.5),
        Source("capston2", "train", weight=0.5),
    ),
    validation=(Source("coco", "val2017"), Source("highway", "val")),
    backbone="imagenet",
    head_epochs=5,
    head_rate=1e-3,
    epochs=24,
    fine_tune_from=0,
    optimizer="adamw",
    rate=3e-4,
    average=0.995,
    freeze_statistics=True,
    positive_weights=(2.0, 1.0, 1.0),
    pastes=(
        Paste("udacity64/vehicle", "car", chance=0.12),
        Paste("udacity64/non_vehicle", None, chance=0.08),
    ),
    seed=1,
    license="Apache-2.0, as the repository; the photographs keep their own licences and are no part of it",
)
