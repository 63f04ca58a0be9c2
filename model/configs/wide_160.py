"""MobileNetV1 0.25 at 160 x 160 from ImageNet weights, averaged weights, wider augmentation.

    crosscam train model/configs/wide_160.py --data-root DIR --weights FILE -o runs/wide_160

FILE is Keras' ``mobilenet_2_5_224_tf_no_top.h5``.
"""

from model.dataset.augmentation import Augmentation
from model.dataset.coco import Source
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
    epochs=22,
    fine_tune_from=0,
    optimizer="adamw",
    rate=3e-4,
    average=0.998,
    freeze_statistics=True,
    positive_weights=(2.0, 1.0, 1.0),
    augmentation=Augmentation(zoom=0.65, exposure=0.7),
    seed=1,
    license="Apache-2.0, as the repository; the photographs keep their own licences and are no part of it",
)
