"""The gaze network in Keras: layers, loss and training. It is small: 0.07 M weights."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.mlp import import_tensorflow
from au_detect.classifiers.mlp_session import compile_network
from au_detect.features.looks import HEIGHT_PX, WIDTH_PX

# Convolutions take half as long to learn with it; older processors get it on demand only.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
tf = import_tensorflow()
keras: Any = tf.keras

Array = NDArray[np.float32]
Make = Callable[[NDArray[np.intp], np.random.Generator], tuple[Array, Array]]

LEARNING_RATE, WEIGHT_DECAY, BATCH = 3e-3, 1e-4, 64


def build_network() -> Any:
    """Return the network: windows on right eyes (n, height, width, 1) → x, y, error (n, 3)."""
    inputs = keras.Input((HEIGHT_PX, WIDTH_PX, 1), name="window")
    seen = inputs
    for channels, size, stride in ((16, 5, 2), (24, 3, 1), (32, 3, 2)):
        seen = keras.layers.Conv2D(channels, size, stride, padding="same", use_bias=False)(seen)
        seen = keras.layers.BatchNormalization(momentum=0.97)(seen)
        seen = keras.layers.ReLU()(seen)
    seen = keras.layers.Dropout(0.1)(keras.layers.Flatten()(seen))
    seen = keras.layers.Dense(48, activation="relu")(seen)
    look = keras.layers.Dense(2, name="look")(seen)
    error = keras.layers.Dense(1, activation="softplus", name="error")(seen)
    return keras.Model(inputs, keras.layers.Concatenate()([look, error]), name="gaze")


def loss(truth: Any, found: Any) -> Any:
    """Return the mean distance of looks, and how far the expected errors are off it."""
    offset = found[:, :2] - truth
    distance = tf.sqrt(tf.reduce_sum(offset**2, axis=-1) + 1e-4)
    surprise = tf.abs(found[:, 2] - tf.stop_gradient(distance))
    return tf.reduce_mean(distance) + 0.3 * tf.reduce_mean(surprise)


class Batches(keras.utils.PyDataset):
    """Batches of windows on examples drawn by their `weights`; `make` draws those of given ones."""

    def __init__(self, weights: NDArray[np.floating], make: Make, random_state: int) -> None:
        super().__init__()
        self.n, self.make, self.random_state, self.epoch = len(weights), make, random_state, 0
        self.shares = weights / weights.sum()
        self.on_epoch_end()

    def __len__(self) -> int:
        return max(self.n // BATCH, 1)

    def __getitem__(self, index: int) -> tuple[Array, Array]:
        rng = np.random.default_rng([self.random_state, self.epoch, index])
        return self.make(self._order[index * BATCH : (index + 1) * BATCH], rng)

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order."""
        self.epoch += 1
        rng = np.random.default_rng([self.random_state, self.epoch])
        self._order = rng.choice(self.n, self.n, p=self.shares)


def train_network(network: Any, batches: Batches, epochs: int, log: str | None = None) -> None:
    """Train a network; `log` is a CSV file that tells every epoch's loss."""
    n_steps = epochs * len(batches)
    n_first = min(100, n_steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        LEARNING_RATE / 20, n_steps - n_first, warmup_target=LEARNING_RATE, warmup_steps=n_first
    )
    optimizer = keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY)
    compile_network(network, optimizer, loss)
    told = [keras.callbacks.CSVLogger(log)] if log else []
    network.fit(batches, epochs=epochs, verbose=0, callbacks=told)
