"""A ``tf.data`` pipeline of a data set, for training with Keras outside this package's own batches."""

from __future__ import annotations

from typing import Any

from model.dataset.frames import FrameSet
from model.errors import CrosscamError


def tf_dataset(frames: FrameSet, size: int, batch_size: int, seed: int | None = None) -> Any:
    """Batches of pictures ``float32[n, size, size, 3]`` in -1..1 and labels ``float32[n, outputs]``.

    Args:
        frames: the data set.
        size: height and width that the pictures are scaled to (bilinear).
        batch_size: pictures in a batch; the last one may hold fewer.
        seed: shuffle anew each time round, the same way for the same seed; None keeps the order.

    Raises:
        CrosscamError: a size or batch size below 1.
    """
    import tensorflow as tf

    if size < 1 or batch_size < 1:
        raise CrosscamError(f"data set: size {size} and batch size {batch_size}, expected at least 1")

    def pairs() -> Any:
        yield from zip(frames.images, frames.labels, strict=True)

    def scale(image: Any, label: Any) -> tuple[Any, Any]:
        picture = tf.image.resize(tf.cast(image, tf.float32), (size, size))
        return picture / 127.5 - 1.0, label

    signature = (tf.TensorSpec(frames.images.shape[1:], tf.uint8), tf.TensorSpec(frames.labels.shape[1:], tf.float32))
    dataset = tf.data.Dataset.from_generator(pairs, output_signature=signature)
    dataset = dataset.apply(tf.data.experimental.assert_cardinality(len(frames)))
    if seed is not None:
        dataset = dataset.shuffle(len(frames), seed=seed, reshuffle_each_iteration=True)
    return dataset.map(scale, num_parallel_calls=tf.data.AUTOTUNE).batch(batch_size).prefetch(tf.data.AUTOTUNE)
