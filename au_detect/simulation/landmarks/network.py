"""The landmark networks in Keras: layers, loss, training and export. Nothing else here loads it.

A small convolutional network draws a map of every point at a quarter or half of its picture's
resolution; the point is the map's mean (soft-argmax). How wide the maps are and what the coarsest
level sees tell how far each point may be off.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.mlp import convert_network, import_tensorflow
from au_detect.classifiers.mlp_session import compile_network
from au_detect.simulation.landmarks.options import NetworkOptions
from au_detect.simulation.landmarks.parts import Part

# Convolutions take half as long to learn with it; older processors get it on demand only.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
tf = import_tensorflow()
keras: Any = tf.keras

Make = Callable[
    [NDArray[np.intp], np.random.Generator], tuple[NDArray[np.float32], NDArray[np.float32]]
]

FOUND = "points"
"""The layer that gives what is found in use."""
DISPLACEMENTS = 1.5
"""How much errors of displacements count beside those of places."""
MOST_MOVED = 6.0
"""A point that has moved so far, in % of the inter-ocular distance, counts most."""


def build_network(part: Part, options: NetworkOptions) -> Any:
    """Return the network of a part: pictures (n, height, width, 1) → (n, n_points, 3).

    x and y about the picture's middle and the expected error, in px; of points that are only
    taught, the expected error is 0.
    """
    size = options.sizes[part]
    inputs = keras.Input((part.height_px, part.width_px, 1), name="crop")
    level = _convolved(inputs, size.channels[0], 2 * part.stride_px, part.stride_px)
    levels: list[Any] = []
    for n, n_blocks in zip(size.channels, size.blocks, strict=True):
        level = _convolved(level, n, 3, 2) if levels else level
        for _ in range(n_blocks):
            level = _block(level)
        levels.append(level)
    joined = levels[-1]
    for finer in levels[-2::-1]:
        joined = _joined(joined, finer)
    drawn = _block(joined)
    maps = keras.layers.Conv2D(len(part.found), 1, name="maps")(drawn)
    means = SoftArgmax(part.stride_px, name="means")(maps)
    points = WithExpectedErrors(name=FOUND)([means, levels[-1]])
    taught_maps = keras.layers.Conv2D(len(part.taught), 1, name="taught_maps")(drawn)
    taught = WithoutErrors(name="taught")(
        SoftArgmax(part.stride_px, name="taught_means")(taught_maps)
    )
    both = keras.layers.Concatenate(axis=1)([points, taught])
    return keras.Model(inputs, both, name=part.name)


def _convolved(x: Any, n: int, size: int, stride: int = 1, *, active: bool = True) -> Any:
    x = keras.layers.Conv2D(n, size, stride, padding="same", use_bias=False)(x)
    x = keras.layers.BatchNormalization(momentum=0.98)(x)
    return keras.layers.ReLU()(x) if active else x


def _block(x: Any) -> Any:
    change = _convolved(x, x.shape[-1], 3, active=False)
    return keras.layers.ReLU()(keras.layers.Add()([x, change]))


def _joined(coarse: Any, fine: Any) -> Any:
    """Bring a coarse level to the resolution of a finer one and add that."""
    raised = keras.layers.UpSampling2D(2)(_convolved(coarse, fine.shape[-1], 1, active=False))
    return keras.layers.ReLU()(keras.layers.Add()([raised, fine]))


class SoftArgmax(keras.layers.Layer):
    """Maps (n, h, w, n_points) → mean x, mean y and spread of each (n, n_points, 3), px."""

    def __init__(self, stride_px: int, **options: Any) -> None:
        super().__init__(**options)
        self.stride_px = stride_px

    def call(self, maps: Any) -> Any:
        """Return mean and standard deviation of the maps' softmax."""
        height, width, n = maps.shape[1:]
        axes = [(np.arange(m) - (m - 1) / 2) * self.stride_px for m in (height, width)]
        y, x = (grid.ravel() for grid in np.meshgrid(*axes, indexing="ij"))
        places = np.column_stack([x, y, x**2 + y**2]).astype(np.float32)
        flat = tf.transpose(tf.reshape(maps, [-1, height * width, n]), [0, 2, 1])
        means = tf.matmul(tf.nn.softmax(flat, axis=-1), places)
        points = means[..., :2]
        variance = means[..., 2:] - tf.reduce_sum(points**2, axis=-1, keepdims=True)
        return tf.concat([points, tf.sqrt(tf.maximum(variance, 0.01))], axis=-1)


class WithExpectedErrors(keras.layers.Layer):
    """Points and spreads, and a level of the network → x, y, expected error (n, n_points, 3), px.

    While training, the spread comes fourth. What is learnt here changes no point.
    """

    def build(self, shapes: Any) -> None:
        """Make the layer that weighs spreads and what the level sees."""
        n = shapes[0][1]
        self.weigh = keras.layers.Dense(n, activation="elu")
        self.weigh.build((None, n + shapes[1][-1]))

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Return points with expected errors."""
        means, level = inputs
        seen = [means[..., 2], tf.reduce_mean(level, axis=[1, 2])]
        expected = 1.0 + self.weigh(tf.stop_gradient(tf.concat(seen, axis=-1)))
        return _given(means, expected[..., None], training)


class WithoutErrors(keras.layers.Layer):
    """Points and spreads as `WithExpectedErrors` gives them, without expected errors."""

    def call(self, means: Any, training: bool = False) -> Any:
        """Return points with an expected error of 0."""
        return _given(means, tf.zeros_like(means[..., 2:]), training)


def _given(means: Any, expected: Any, training: bool) -> Any:
    """Return x, y and expected error (n, n_points, 3), and while training the spread as well."""
    spread = [means[..., 2:]] if training else []
    return tf.concat([means[..., :2], expected, *spread], axis=-1)


class Batches(keras.utils.PyDataset):
    """Batches of examples in random order, two of a person in each.

    Parameters
    ----------
    couples : ndarray of int, shape (n, 2)
        Two examples of a person, or one twice.
    size : int
        Of a batch, even: first ones in its first half, second ones in the same order in its
        other half; less if there are fewer examples. What is left over waits for the next epoch's
        order.
    make : callable
        ``make(rows, rng)`` returns crops (size, side, side, 1) and, of every point
        (size, n_points, 4), its place about the crop's middle, px, and its place on an upright
        face, in % of the inter-ocular distance.
    random_state : int
    """

    def __init__(self, couples: NDArray[np.intp], size: int, make: Make, random_state: int) -> None:
        super().__init__()
        self.couples, self.half, self.make = couples, min(size // 2, len(couples)), make
        self.random_state, self.epoch = random_state, 0
        self.on_epoch_end()

    def __len__(self) -> int:
        return len(self.couples) // self.half

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        chosen = self._order[index * self.half : (index + 1) * self.half]
        rng = np.random.default_rng([self.random_state, self.epoch, index])
        return self.make(self.couples[chosen].T.ravel(), rng)

    def on_epoch_end(self) -> None:
        """Draw the next epoch's order."""
        self.epoch += 1
        rng = np.random.default_rng([self.random_state, self.epoch])
        self._order = rng.permutation(len(self.couples))


def loss_of(part: Part) -> Callable[[Any, Any], Any]:
    """Return the loss of a part's network, of what `Batches` give and what it finds.

    Distances, the same of displacements, surprise, and width of maps, in % of the inter-ocular
    distance. Displacements are from one face of a person to the other, which action units are told
    from: errors that both share do not count there, and those of what has moved count more.
    Otherwise it would be safest to call everything still whose movement is hard to see. Surprise is
    what the expected errors are off.
    """
    percent = np.float32(100 / part.crop.iod_px)
    n_found = len(part.found)

    def between(points: Any) -> Any:
        first, second = (tf.gather(points, part.pairs[:, i], axis=1) for i in (0, 1))
        return first - second

    def distances(offset: Any, motion: Any = None) -> Any:
        """Return how far points, and vectors between pairs of points, are off.

        Distances count as they are beyond half a percent, so that no few hard points decide. With
        their motion, points and pairs count as `_moved` says.
        """
        off = _length(offset) * part.weights
        off_pairs = _length(between(offset)) * part.pair_weights
        if motion is not None:
            off, off_pairs = off * _moved(motion), off_pairs * _moved(between(motion))
        return tf.reduce_mean(off) + 0.7 * tf.reduce_mean(off_pairs)

    def loss(truth: Any, found: Any) -> Any:
        offset = (found[..., :2] - truth[..., :2]) * percent
        first, second = tf.split(offset, 2)
        at_first, at_second = tf.split(truth[..., 2:], 2)
        off = tf.stop_gradient(_length(offset[:, :n_found]))
        surprise = tf.abs(found[:, :n_found, 2] * percent - off)
        return (
            distances(offset)
            + DISPLACEMENTS * distances(first - second, at_first - at_second)
            + 0.3 * tf.reduce_mean(surprise)
            + 0.3 * tf.reduce_mean(tf.abs(found[..., 3] - part.narrowest_px))
        )

    return loss


def _moved(motion: Any) -> Any:
    """Return how much points count (n, n_points) that have moved so far; 1 on a face's mean."""
    weights = 1 + tf.minimum(_length(motion), MOST_MOVED) / 2
    return weights / tf.reduce_mean(weights, axis=1, keepdims=True)


def _length(vectors: Any) -> Any:
    return tf.sqrt(tf.reduce_sum(vectors**2, axis=-1) + 0.25)


def train_network(
    network: Any,
    part: Part,
    batches: Batches,
    options: NetworkOptions,
    folder: str | os.PathLike[str],
) -> None:
    """Train a network; a run that was cut off goes on where its last epoch ended.

    Parameters
    ----------
    network : keras.Model
        Of `build_network`.
    part : Part
        What it looks at.
    batches : Batches
    options : NetworkOptions
    folder : path
        Keeps the last epoch's state while training, and ``progress.csv`` with every epoch's loss.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    epochs = options.sizes[part].epochs
    n_steps = epochs * len(batches)
    n_first = min(len(batches), n_steps // 10)
    rate = keras.optimizers.schedules.CosineDecay(
        options.learning_rate / 20, n_steps - n_first,
        warmup_target=options.learning_rate, warmup_steps=n_first,
    )  # fmt: skip
    optimizer = keras.optimizers.AdamW(rate, weight_decay=options.weight_decay, global_clipnorm=5.0)
    compile_network(network, optimizer, loss_of(part))
    network.fit(
        batches,
        epochs=epochs,
        verbose=0,
        callbacks=[
            keras.callbacks.BackupAndRestore(str(place / "last_epoch")),
            keras.callbacks.CSVLogger(str(place / "progress.csv"), append=True),
        ],
    )


def export_network(network: Any) -> bytes:
    """Return what finds points in use as the content of a ``.tflite`` file."""
    return convert_network(keras.Model(network.input, network.get_layer(FOUND).output))
