"""The layers of the networks that look at pictures. They are given Keras: nothing imports it here.

`shallow`, `medium` and `deep` have the numbers of weights that were published for networks of
these names on FER2013 (4.7, 2.4 and 9.4 million); `mini9` has nine convolutions and no dense layer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_option


@dataclass(frozen=True)
class Layers:
    """What a network is made of.

    Parameters
    ----------
    blocks : tuple of tuple of int
        Channels of the convolutions (3 x 3) before each pooling.
    dense : tuple of int
        Units of the dense layers; without any, the mean of every channel is what is left.
    """

    blocks: tuple[tuple[int, ...], ...]
    dense: tuple[int, ...]


NETWORKS = {
    "shallow": Layers(((32,), (64,)), (512,)),
    "medium": Layers(((64,), (128,), (256,), (256,)), (512, 512)),
    "deep": Layers(((64, 64), (128, 128), (256, 256), (512, 512)), (1024,)),
    "mini9": Layers(((16, 16, 16), (32, 32, 32), (64, 64, 64)), ()),
}
MOMENTUM = 0.9
"""Of the means that normalisation keeps: small collections have few steps to settle them in."""
FEATURES = "picture_features"
"""Name of the layer whose output stands for the whole picture."""


@dataclass(frozen=True)
class Restraint:
    """What keeps a network from learning its pictures by heart.

    Parameters
    ----------
    dropout : float
        Share of what dense layers give that is left out in training, in [0, 1); half of it after
        poolings.
    l2 : float
        Weight of the squared weights in the loss, 0 or more.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    dropout: float = 0.5
    l2: float = 1e-4

    def __post_init__(self) -> None:
        if not 0 <= self.dropout < 1:
            raise InputError(f"dropout must be in [0, 1), got {self.dropout}")
        if not 0 <= self.l2 < math.inf:
            raise InputError(f"l2 must be a finite number of at least 0, got {self.l2}")


def check_start(start: str | None, kept_blocks: int) -> None:
    """Raise unless `kept_blocks` blocks of the network in the folder `start` can be held still.

    Raises
    ------
    InputError
        If there are fewer than 0, or some of none.
    """
    if kept_blocks < 0:
        raise InputError(f"kept_blocks must be at least 0, got {kept_blocks}")
    if kept_blocks and start is None:
        raise InputError(
            f"kept_blocks must be 0 without a network to start from, got {kept_blocks}"
        )


def build_emotion_network(
    keras: Any,
    name: str,
    n_emotions: int,
    statistics: tuple[NDArray[np.float32], NDArray[np.float32]],
    restraint: Restraint,
) -> Any:
    """Return the network from grey pictures (n, side, side, 1), 0-255, to probabilities.

    Parameters
    ----------
    keras : module
    name : str
        One of `NETWORKS`.
    n_emotions : int
    statistics : tuple of ndarray
        Mean and variance of every pixel, see `pixel_statistics`.
    restraint : Restraint
    """
    check_option("network", name, NETWORKS)
    mean, variance = statistics
    inputs = keras.Input(mean.shape, name="picture")
    x = keras.layers.Normalization(
        axis=(1, 2, 3), mean=mean, variance=variance, name="pixel_scaling"
    )(inputs)
    x = add_trunk(keras, x, NETWORKS[name], restraint)
    logits = keras.layers.Dense(n_emotions, name="logits")(x)
    outputs = keras.layers.Softmax(name="probabilities")(logits)
    return keras.Model(inputs, outputs, name=name)


def add_trunk(keras: Any, x: Any, layers: Layers, restraint: Restraint) -> Any:
    """Add convolutions, poolings and dense layers, and return what stands for the picture."""
    make = keras.layers
    x = add_blocks(keras, x, layers.blocks, restraint)
    if not layers.dense:
        return make.GlobalAveragePooling2D(name=FEATURES)(x)
    x = make.Flatten(name="flat")(x)
    for number, n in enumerate(layers.dense):
        x = make.Dense(n, kernel_regularizer=keras.regularizers.L2(restraint.l2),
                       kernel_initializer="he_normal", name=f"dense_{number}")(x)  # fmt: skip
        x = make.BatchNormalization(momentum=MOMENTUM, name=f"dense_norm_{number}")(x)
        last = number == len(layers.dense) - 1
        x = make.ReLU(name=FEATURES if last else f"dense_relu_{number}")(x)
        x = make.Dropout(restraint.dropout, name=f"dense_dropout_{number}")(x)
    return x


def add_blocks(
    keras: Any, x: Any, blocks: tuple[tuple[int, ...], ...], restraint: Restraint
) -> Any:
    """Add blocks of convolutions, each with its pooling, and return the last one's maps."""
    for block, channels in enumerate(blocks):
        for number, n in enumerate(channels):
            x = _convolved(keras, x, n, f"{block}_{number}", restraint.l2)
        x = keras.layers.MaxPooling2D(2, name=f"pooling_{block}")(x)
        x = keras.layers.Dropout(restraint.dropout / 2, name=f"pooling_dropout_{block}")(x)
    return x


def _convolved(keras: Any, x: Any, n: int, place: str, l2: float) -> Any:
    make = keras.layers
    x = make.Conv2D(n, 3, padding="same", use_bias=False, kernel_initializer="he_normal",
                    kernel_regularizer=keras.regularizers.L2(l2),
                    name=f"convolution_{place}")(x)  # fmt: skip
    x = make.BatchNormalization(momentum=MOMENTUM, name=f"norm_{place}")(x)
    return make.ReLU(name=f"relu_{place}")(x)


def take_convolutions(network: Any, given: Any, n_kept: int) -> bool:
    """Start a network's blocks from those of a given one, and hold the first of them still.

    Parameters
    ----------
    network, given : keras.Model
        Layers of the same name are taken over.
    n_kept : int
        How many blocks (up to their pooling) training must not change.

    Returns
    -------
    bool
        False, and nothing is taken over, if the given network lacks one of the layers, or has it
        in another shape.
    """
    known = {layer.name: layer.get_weights() for layer in given.layers}
    own = [layer for layer in network.layers if layer.name.startswith(("convolution_", "norm_"))]
    for layer in own:
        shapes = [weights.shape for weights in layer.get_weights()]
        if [weights.shape for weights in known.get(layer.name, [])] != shapes:
            return False
    for layer in own:
        layer.set_weights(known[layer.name])
        layer.trainable = int(layer.name.split("_")[1]) >= n_kept
    return True
