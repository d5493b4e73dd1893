"""What a network's layers see: maps of a picture after each pooling, and pictures that please.

A picture that pleases a filter is sought by gradient ascent from noise: what raises the filter's
mean answer most.
"""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.emotion_network import keras_file
from au_detect.appearance.keras_session import load_tensorflow
from au_detect.appearance.pictures import SIDE_PX
from au_detect.appearance.preparation import as_input
from au_detect.errors import check_positive, check_shape
from au_detect.results.files import write_atomically

STEPS = 50
STEP_GREY = 6.0
"""Mean change of a pixel by one step of ascent, in grey levels."""
TILE_PX, GAP_PX, COLUMNS = 96, 4, 8


def write_layer_views(
    folder: str | PathLike[str],
    picture: NDArray[np.uint8],
    out: str | PathLike[str],
    *,
    n_filters: int = 16,
    random_state: int = 0,
) -> list[Path]:
    """Write two pictures for every pooling: its maps of a face, and what pleases its filters.

    Parameters
    ----------
    folder : path
        Of an emotion network.
    picture : ndarray of uint8, shape (48, 48)
    out : path
        Folder; made if need be.
    n_filters : int
        The first so many of every layer.
    random_state : int
        Of the noise that ascent begins from.

    Returns
    -------
    list of Path
        ``pooling_0_maps.png``, ``pooling_0_filters.png``, ...

    Raises
    ------
    InputError
        If the picture has another shape, or `n_filters` is not above 0.
    """
    check_shape("picture", picture, (SIDE_PX, SIDE_PX))
    check_positive("n_filters", n_filters)
    tf = load_tensorflow()
    network = tf.keras.models.load_model(keras_file(folder))
    place = Path(out)
    place.mkdir(parents=True, exist_ok=True)
    written = []
    for name in pooling_layers(network):
        views = {
            "maps": feature_maps(tf, network, name, picture)[:n_filters],
            "filters": pleasing_pictures(tf, network, name, n_filters, random_state),
        }
        for kind, tiles in views.items():
            path = place / f"{name}_{kind}.png"
            write_atomically(path, cv2.imencode(".png", tiled(tiles))[1].tobytes())
            written.append(path)
    return written


def pooling_layers(network: Any) -> list[str]:
    """Return the names of a network's poolings, from the picture on."""
    return [
        layer.name
        for layer in network.layers
        if layer.name.startswith("pooling_") and "dropout" not in layer.name
    ]


def feature_maps(
    tf: Any, network: Any, layer: str, picture: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Return what a layer makes of a picture, shape (n_filters, height, width)."""
    upto = tf.keras.Model(network.input, network.get_layer(layer).output)
    maps = np.asarray(upto(as_input(picture[None]), training=False))[0]
    return np.moveaxis(maps, -1, 0)


def pleasing_pictures(
    tf: Any, network: Any, layer: str, n_filters: int, random_state: int
) -> NDArray[np.float32]:
    """Return pictures (n_filters, 48, 48), grey, that a layer's filters answer most to."""
    upto = tf.keras.Model(network.input, network.get_layer(layer).output)
    n = min(n_filters, upto.output.shape[-1])
    rng = np.random.default_rng(random_state)
    start = rng.normal(128, 10, (n, SIDE_PX, SIDE_PX, 1)).astype(np.float32)
    pictures = tf.Variable(start)
    wanted = tf.one_hot(tf.range(n), upto.output.shape[-1])[:, None, None, :]
    for _ in range(STEPS):
        with tf.GradientTape() as tape:
            answers = tf.reduce_sum(upto(pictures, training=False) * wanted)
        gradient = tape.gradient(answers, pictures)
        size = tf.reduce_mean(tf.abs(gradient), axis=[1, 2, 3], keepdims=True)
        pictures.assign_add(STEP_GREY * gradient / (size + 1e-8))
        pictures.assign(tf.clip_by_value(pictures, 0.0, 255.0))
    return np.asarray(pictures)[..., 0]


def tiled(tiles: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return tiles (n, height, width) side by side, each from its least (black) to its most."""
    n_rows = -(-len(tiles) // COLUMNS)
    step = TILE_PX + GAP_PX
    sheet = np.full((n_rows * step + GAP_PX, COLUMNS * step + GAP_PX), 255, dtype=np.uint8)
    for number, tile in enumerate(tiles):
        low, high = float(tile.min()), float(tile.max())
        grey = np.zeros(tile.shape) if high <= low else (tile - low) / (high - low) * 255
        large = cv2.resize(
            grey.astype(np.uint8), (TILE_PX, TILE_PX), interpolation=cv2.INTER_NEAREST
        )
        top = GAP_PX + number // COLUMNS * step
        left = GAP_PX + number % COLUMNS * step
        sheet[top : top + TILE_PX, left : left + TILE_PX] = large
    return sheet
