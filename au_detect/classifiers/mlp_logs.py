"""What TensorBoard shows of a training. The callback is given TensorFlow: only `mlp` imports it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.base import Samples

Monitor = Callable[
    [NDArray[np.float32], NDArray[np.float32]],
    tuple[dict[str, float], dict[str, NDArray[np.uint8]]],
]
"""From labels and probabilities of the held-out rows to numbers and pictures, by name.

A picture is uint8, shape (height, width, 3), RGB. A number that is NaN is not shown.
"""


def tensorboard_callback(tf: Any, logdir: str, held_out: Samples, monitor: Monitor | None) -> Any:
    """Return a Keras callback that writes, after every epoch, what TensorBoard shows.

    Losses, a histogram of weights and biases of every layer, and what `monitor` makes of the
    held-out rows.
    """
    writer = tf.summary.create_file_writer(logdir)
    features, labels, _ = held_out

    def write(epoch: int, logs: dict[str, float] | None) -> None:
        network = callback.model
        with writer.as_default(step=epoch):
            for name, value in (logs or {}).items():
                tf.summary.scalar(name, value)
            for layer in network.layers:
                for weight in layer.trainable_weights:
                    tf.summary.histogram(f"{layer.name}/{weight.name}", weight.numpy())
            if monitor is not None:
                _write_monitored(tf, monitor, labels, network(features, training=False))
        writer.flush()

    callback = tf.keras.callbacks.LambdaCallback(
        on_epoch_end=write, on_train_end=lambda logs: writer.close()
    )
    return callback


def _write_monitored(tf: Any, monitor: Monitor, labels: NDArray[np.float32], logits: Any) -> None:
    numbers, pictures = monitor(labels, tf.sigmoid(logits).numpy())
    for name, value in numbers.items():
        if np.isfinite(value):
            tf.summary.scalar(name, value)
    for name, picture in pictures.items():
        tf.summary.image(name, picture[None])
