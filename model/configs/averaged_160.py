"""MobileNetV1 0.25 at 160 x 160 from ImageNet weights, averaged weights, a longer schedule.

    crosscam train model/configs/averaged_160.py --data-root DIR --weights FILE -o runs/averaged_160

FILE is Keras' ``mobilenet_2_5_224_tf_no_top.h5``.
Best at epoch 41 of 42; int8 on the 463 validation pictures: macro F1 0.827, cross-fitted 0.810.
"""

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
    head_epochs=6,
    head_rate=1e-3,
    epochs=36,
    fine_tune_from=0,
    optimizer="adamw",
    rate=4e-4,
    average=0.998,
    freeze_statistics=True,
    positive_weights=(2.0, 1.0, 1.0),
    seed=1,
    license="Apache-2.0, as the repository; the photographs keep their own licences and are no part of it",
)
