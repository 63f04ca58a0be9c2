"""After the notebook: MobileNetV1 0.25 at 160 x 160, 128 units, macro double soft F1.

    crosscam train model/configs/notebook_v1_025_160_f1.py --data-root DIR --weights FILE -o runs/notebook_v1_025_160_f1

FILE is Keras' ``mobilenet_2_5_224_tf_no_top.h5``.
A small budget: three epochs of the head, four from layer 57.
Best at epoch 3 of 7; int8 on the 463 validation pictures: macro F1 0.767, cross-fitted 0.752.
"""

from model.dataset.coco import Source
from model.run_config import TrainingConfig

CONFIG = TrainingConfig(
    id="notebook_v1_025_160_f1",
    title="MobileNetV1 0.25 160x160, 128 units, soft F1",
    training=(
        Source("coco", "train2017", weight=2.0),
        Source("highway", "train", weight=1.0),
        Source("openimages", "train", weight=1.5),
        Source("capston2", "train", weight=0.5),
    ),
    validation=(Source("coco", "val2017"), Source("highway", "val")),
    units=128,
    loss="soft_f1",
    head_epochs=3,
    head_rate=0.001,
    epochs=4,
    optimizer="rmsprop",
    rate=0.0001,
    freeze_statistics=True,
    seed=1,
    license="Apache-2.0, as the repository; the photographs keep their own licences and are no part of it",
)
