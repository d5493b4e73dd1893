"""The network that says whether eyes and mouth are seen, trained on renders with covers.

`au_detect.landmarks.visibility` runs it; `au_detect.simulation.landmarks.covers` paints. TensorFlow
is imported where a network is made, not before.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.spoiling import spoilt
from au_detect.classifiers.mlp_session import seeded
from au_detect.errors import InputError
from au_detect.landmarks.crop import NETWORK_CROP
from au_detect.landmarks.network import network_input
from au_detect.landmarks.visibility import VIEW, read_visibility_network
from au_detect.simulation.landmarks.augmentation import Jitter, cut_again
from au_detect.simulation.landmarks.covers import covered
from au_detect.simulation.landmarks.examples import (
    EXAMPLE_CROP,
    LandmarkExamples,
    network_path,
)

VARIANTS, EPOCHS, BATCH = 4, 14, 128
"""How many things are held before every face, and how often all are shown."""
LEARNING_RATE, WEIGHT_DECAY = 2e-3, 1e-3
FREE, HIDDEN = 0.15, 0.45
"""A half is free up to this hidden share, and covered from that on; between them it is neither."""
FALSE_ALARMS = 0.01
TRACKED = Jitter(rotation_deg=4.0, scale=0.06, shift_iod=0.06)
"""What a crop is off by whose landmarks were found on a face of which a part is hidden."""
DIM_SHARE, DIMMEST = 0.15, 0.1

Array = NDArray[np.float32]


def train_visibility_network(
    examples: LandmarkExamples,
    out: str | os.PathLike[str],
    *,
    random_state: int = 0,
    epochs: int = EPOCHS,
) -> dict[str, float]:
    """Train a network, write its file, and measure it on people kept out of the training.

    Parameters
    ----------
    examples : LandmarkExamples
        Of two people at least, with nothing before eyes and mouth; every eighth is kept out.
    out : path
        The ``.tflite`` file to write; its folder is made if need be.
    random_state : int
    epochs : int

    Returns
    -------
    dict
        ``"upper"`` and ``"lower"``: share of the covered halves that are told where 1 % of the
        free ones are called covered.

    Raises
    ------
    InputError
        If there is one person only, or ``out`` is no ``.tflite`` file.
    """
    path = network_path(out)
    kept_out = examples.is_kept_out
    if not kept_out.any():
        raise InputError("examples must show two people at least, got one")
    from au_detect.simulation.landmarks.network import export_network, tf

    views, hidden = draw_views(examples.take(~kept_out), random_state)
    with seeded(tf, random_state):
        network = build_network()
        _fit(network, views, hidden, epochs)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(export_network(network))
    return told_shares(path, *draw_views(examples.take(kept_out), random_state + 1))


def draw_views(examples: LandmarkExamples, random_state: int) -> tuple[NDArray[np.uint8], Array]:
    """Return `VARIANTS` views of every example, and the hidden shares of their halves.

    Returns
    -------
    views : ndarray of uint8, shape (n, side_px, side_px)
    hidden : ndarray of float32, shape (n, 2)
    """
    rng = np.random.default_rng(random_state)
    drawn = [
        draw_view(crop, points, rng)
        for crop, points in zip(examples.crops, examples.points, strict=True)
        for _ in range(VARIANTS)
    ]
    views, hidden = (np.stack(column) for column in zip(*drawn, strict=True))
    return views, hidden


def draw_view(
    crop: NDArray[np.uint8], points: NDArray[np.floating], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Array]:
    """Return what the network may see of a rendered face, and the hidden shares of its halves.

    Parameters
    ----------
    crop : ndarray of uint8, shape (side_px, side_px)
        As `EXAMPLE_CROP` cuts it.
    points : ndarray, shape (n_points, 2)
        In it, px.
    rng : numpy.random.Generator
    """
    seen, hidden = covered(crop, points, rng)
    moved, _ = cut_again(seen, points, EXAMPLE_CROP, NETWORK_CROP, TRACKED, rng)
    light = spoilt(moved, rng, covers=False)
    if rng.random() < DIM_SHARE:
        light = np.asarray(np.rint(light * rng.uniform(DIMMEST, 0.5)), np.uint8)
    view = VIEW.cut(light, NETWORK_CROP.matrix_to(VIEW))
    return (np.ascontiguousarray(view[:, ::-1]) if rng.random() < 0.5 else view), hidden


def build_network() -> Any:
    """Return the network: views (n, side, side, 1) → log-odds (n, 2) that the halves are free."""
    from au_detect.simulation.landmarks.network import keras

    layers = keras.layers
    x = inputs = keras.Input((VIEW.side_px, VIEW.side_px, 1), name="view")
    x = layers.Conv2D(12, 5, 2, padding="same", activation="relu")(x)
    for channels, stride in ((24, 2), (32, 1), (48, 2)):
        x = layers.SeparableConv2D(channels, 3, stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.98)(x))
    x = layers.Dropout(0.3)(layers.Flatten()(x))
    x = layers.Dense(32, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(2, name="free")(x), name="visibility")


def _fit(network: Any, views: NDArray[np.uint8], hidden: Array, epochs: int) -> None:
    from au_detect.simulation.landmarks.network import keras

    inputs = np.stack([network_input(view) for view in views])[..., None]
    free = (hidden <= FREE).astype(np.float32)
    counts = (free + (hidden >= HIDDEN)).astype(np.float32)
    steps = epochs * -(-len(views) // BATCH)
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    network.compile(keras.optimizers.AdamW(rate, weight_decay=WEIGHT_DECAY), _loss)
    network.fit(
        inputs, np.concatenate([free, counts], axis=1), batch_size=BATCH, epochs=epochs, verbose=0
    )


def _loss(truth: Any, log_odds: Any) -> Any:
    """Return the cross-entropy of the halves that count."""
    from au_detect.simulation.landmarks.network import tf

    entropy = tf.nn.sigmoid_cross_entropy_with_logits(truth[:, :2], log_odds)
    return tf.reduce_mean(entropy * truth[:, 2:])


def told_shares(
    path: str | os.PathLike[str], views: NDArray[np.uint8], hidden: Array
) -> dict[str, float]:
    """Return the share of covered halves that a network tells at 1 % false alarms."""
    network = read_visibility_network(Path(path))
    log_odds = np.stack([network.log_odds(view) for view in views])
    told = {}
    for column, half in enumerate(("upper", "lower")):
        odds, share = log_odds[:, column], hidden[:, column]
        free, covers = odds[share <= FREE], odds[share >= HIDDEN]
        limit = np.quantile(free, FALSE_ALARMS) if len(free) else -np.inf
        told[half] = float((covers < limit).mean()) if len(covers) else float("nan")
    return told
