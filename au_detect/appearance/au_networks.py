"""The layers of the networks that tell action units from pixels or time. They are given Keras."""

from __future__ import annotations

from typing import Any

from au_detect.appearance.networks import (
    FEATURES,
    MOMENTUM,
    NETWORKS,
    Layers,
    Restraint,
    add_blocks,
    add_trunk,
)
from au_detect.appearance.options import AppearanceOptions

HEAD_UNITS = 128
RECURRENT_UNITS = 64
CONVOLUTIONAL_UNITS = 16
BLOCKS_BEFORE_TIME = 2
"""Blocks of convolutions that look at single crops before a ConvLSTM sees their maps."""


def build_picture_network(
    keras: Any, shape: tuple[int, ...], n_aus: int, options: AppearanceOptions
) -> Any:
    """Return a network from pictures (n, side, side, n_channels) to logits (n, n_aus).

    With two channels, a face and its neutral, one trunk looks at both, and what follows reads the
    face's features and their change.
    """
    inputs = keras.Input(shape, name="pixels")
    trunk = _trunk(keras, (*shape[:2], 1), options)
    faces = [trunk(inputs[..., channel : channel + 1]) for channel in range(shape[-1])]
    seen = faces[0]
    if len(faces) == 2:
        seen = keras.layers.Concatenate(name="face_and_change")([faces[0], faces[0] - faces[1]])
    return _with_head(keras, inputs, seen, n_aus, options)


def build_flow_network(
    keras: Any, shape: tuple[int, ...], n_aus: int, options: AppearanceOptions
) -> Any:
    """Return a network from stacks of flows (n, side, side, n_channels), px, to logits."""
    inputs = keras.Input(shape, name="flows")
    layers = Layers(NETWORKS[options.network].blocks, ())
    seen = add_trunk(keras, inputs, layers, Restraint(options.dropout, options.l2))
    return _with_head(keras, inputs, seen, n_aus, options)


def build_recurrent_network(
    keras: Any,
    shape: tuple[int, ...],
    n_aus: int,
    options: AppearanceOptions,
    statistics: tuple[Any, Any],
) -> Any:
    """Return a network from features (n, n_steps, n_features) to logits.

    `statistics` are mean and variance of every feature.
    """
    inputs = keras.Input(shape, name="features")
    mean, variance = statistics
    x = keras.layers.Normalization(mean=mean, variance=variance, name="scaling")(inputs)
    x = keras.layers.GaussianNoise(0.1, name="noise")(x)
    cell = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU}[options.cell]
    seen = cell(RECURRENT_UNITS, unroll=True, name=options.cell)(x)
    return _with_head(keras, inputs, seen, n_aus, options)


def build_convolutional_lstm(
    keras: Any, shape: tuple[int, ...], n_aus: int, options: AppearanceOptions
) -> Any:
    """Return a network from crops (n, n_steps, side, side, 1) to logits.

    The first blocks of an emotion network look at every crop; what follows sees their maps, and
    what has changed in them since the first: people differ far more than a face changes, and
    without that a hundred sequences teach nothing.
    """
    inputs = keras.Input(shape, name="pixels")
    trunk = _first_blocks(keras, shape[1:], options)
    maps = trunk(keras.ops.reshape(inputs, (-1, *shape[1:])))
    maps = keras.ops.reshape(maps, (-1, shape[0], *maps.shape[1:]))
    x = keras.layers.Concatenate(name="maps_and_change")([maps, maps - maps[:, :1]])
    x = keras.layers.ConvLSTM2D(
        CONVOLUTIONAL_UNITS, 3, padding="same", unroll=True, name="conv_lstm"
    )(x)
    x = keras.layers.BatchNormalization(momentum=MOMENTUM, name="conv_lstm_norm")(x)
    x = keras.layers.MaxPooling2D(2, name="pooling")(x)
    return _with_head(keras, inputs, keras.layers.Flatten(name="flat")(x), n_aus, options)


def _first_blocks(keras: Any, shape: tuple[int, ...], options: AppearanceOptions) -> Any:
    """Return the first blocks of an emotion network, from a picture to their maps."""
    inputs = keras.Input(shape, name="picture")
    x = keras.layers.LayerNormalization(axis=(1, 2), center=False, scale=False)(inputs)
    blocks = NETWORKS[options.network].blocks[:BLOCKS_BEFORE_TIME]
    maps = add_blocks(keras, x, blocks, Restraint(options.dropout, options.l2))
    return keras.Model(inputs, maps, name="trunk")


def _trunk(keras: Any, shape: tuple[int, ...], options: AppearanceOptions) -> Any:
    """Return the convolutions of an emotion network, from a picture to its features."""
    inputs = keras.Input(shape, name="picture")
    x = keras.layers.LayerNormalization(axis=(1, 2), center=False, scale=False)(inputs)
    layers = NETWORKS[options.network]
    if layers.dense:
        layers = Layers(layers.blocks, (HEAD_UNITS,))
    restraint = Restraint(options.dropout, options.l2)
    return keras.Model(inputs, add_trunk(keras, x, layers, restraint), name="trunk")


def _with_head(keras: Any, inputs: Any, seen: Any, n_aus: int, options: AppearanceOptions) -> Any:
    x = keras.layers.Dropout(options.dropout, name="dropout")(seen)
    x = keras.layers.Dense(HEAD_UNITS, activation="relu", kernel_initializer="he_normal",
                           kernel_regularizer=keras.regularizers.L2(options.l2),
                           name=f"au_{FEATURES}")(x)  # fmt: skip
    logits = keras.layers.Dense(n_aus, name="logits")(x)
    return keras.Model(inputs, logits, name="action_units")
