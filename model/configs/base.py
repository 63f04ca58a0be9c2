"""What the runs of this folder share; each file says only what differs.

A config of your own can start here as well: ``replace(BASE, id=..., training=...)``.
"""

from dataclasses import replace

from model.dataset.coco import Source
from model.dataset.pasting import Paste
from model.run_config import TrainingConfig

BASE = TrainingConfig(
    id="person_car_160",
    title="Person and car, MobileNetV1 0.25 160x160",
    training=(
        Source("coco", "train2017", weight=2.0),
        Source("highway", "train", weight=1.0),
        Source("openimages", "train", weight=1.5),
        Source("capston2", "train", weight=0.5),
    ),
    validation=(Source("coco", "val2017"), Source("highway", "val")),
    license="Apache-2.0, as the repository; the photographs keep their own licences and are no part of it",
)
"""The photographs, the classes and the shipped network; the settings are the notebook's."""

WHOLE = replace(
    BASE,
    head_rate=1e-3,
    fine_tune_from=0,
    optimizer="adamw",
    freeze_statistics=True,
    positive_weights=(2.0, 1.0, 1.0),
)
"""Every layer fine-tuned with AdamW, the batch statistics of ImageNet kept, car positives weighed twice."""

TUNED = replace(WHOLE, backbone="tflite", head_epochs=0, epochs=4, rate=2e-4, average=0.99, keep="last")
"""A trained model of the zoo trained on; the last epoch is kept, so that no figure chooses it."""

NOTEBOOK = replace(BASE, head_epochs=3, head_rate=1e-3, epochs=4, rate=1e-4, freeze_statistics=True)
"""The notebook's way, fine tuning from layer 57 with RMSprop, at a small budget."""

CAR_CROPS = (
    Paste("udacity64/vehicle", "car", chance=0.12),
    Paste("udacity64/non_vehicle", None, chance=0.08),
)
"""Crops of cars, and of what is none so that a pasted edge says nothing."""
