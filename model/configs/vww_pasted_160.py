"""MobileNetV1 0.25 at 160 x 160 from MLPerf Tiny's person / no person weights, car crops pasted, averaged weights.

    crosscam train model/configs/vww_pasted_160.py --data-root DIR --weights vww_96.h5 -o runs/vww_pasted_160

The weights were trained on COCO 2014, whose pictures include those of val2017: figures on coco/val2017 may flatter.
Stopped after epoch 11 of 27 at macro F1 0.505: its features know persons (AUC 0.933) but no cars (0.617).
Best at epoch 11 of 27; int8 on the 463 validation pictures: macro F1 0.658, cross-fitted 0.647.
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
    backbone="vww",
    head_epochs=3,
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
