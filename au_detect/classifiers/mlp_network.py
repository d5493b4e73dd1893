"""The layers of the networks. They are given Keras: only `mlp` imports it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

_IGNORED = 1e30  # variance that scales a feature to nothing


def build_network(
    keras: Any,
    features: NDArray[np.float32],
    outputs: Sequence[int],
    *,
    hidden_layers: int,
    units: int,
    activation: str,
    dropout: float,
    l2: float,
    input_noise: float,
) -> Any:
    """Return the network features → logits.

    Parameters
    ----------
    keras : module
    features : ndarray, shape (n_samples, n_features)
        Training rows, for the scaling.
    outputs : sequence of int
        Number of logits of each tower of hidden layers; the towers stand side by side.
    hidden_layers, units, activation, dropout, l2, input_noise : see `MLPClassifier`
    """
    inputs = keras.layers.Input((features.shape[1],), name="features")
    scaled = keras.layers.Normalization(name="scaling", **_scaling(features))(inputs)
    noisy = keras.layers.GaussianNoise(input_noise, name="noise")(scaled)
    penalty = keras.regularizers.L2(l2)
    towers = []
    for tower, n_outputs in enumerate(outputs):
        prefix, hidden = _prefix(tower, len(outputs)), noisy
        for layer in range(hidden_layers):
            hidden = keras.layers.Dense(
                units,
                activation=activation,
                kernel_initializer="he_normal",
                kernel_regularizer=penalty,
                name=f"{prefix}hidden_{layer}",
            )(hidden)
            hidden = keras.layers.Dropout(dropout, name=f"{prefix}dropout_{layer}")(hidden)
        logits = keras.layers.Dense(n_outputs, kernel_regularizer=penalty, name=f"{prefix}logits")
        towers.append(logits(hidden))
    joined = towers[0] if len(towers) == 1 else keras.layers.Concatenate(name="joined")(towers)
    return keras.Model(inputs, joined, name="action_units")


def with_probabilities(
    keras: Any, network: Any, slopes: NDArray[np.float64], offsets: NDArray[np.float64]
) -> Any:
    """Fold slopes and offsets of the logits into the last layers, and add the sigmoid."""
    n_towers = sum(layer.name.endswith("logits") for layer in network.layers)
    first = 0
    for tower in range(n_towers):
        layer = network.get_layer(f"{_prefix(tower, n_towers)}logits")
        kernel, bias = layer.get_weights()
        columns = slice(first, first + len(bias))
        layer.set_weights([kernel * slopes[columns], bias * slopes[columns] + offsets[columns]])
        first = columns.stop
    outputs = keras.layers.Activation("sigmoid", name="probabilities")(network.output)
    return keras.Model(network.input, outputs, name="action_units")


def _prefix(tower: int, n_towers: int) -> str:
    return "" if n_towers == 1 else f"au_{tower}_"


def _scaling(features: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """Mean and variance of each feature; one that never varies is scaled to nothing."""
    variance = features.var(axis=0, dtype=float)
    scale = np.maximum(np.abs(features).max(axis=0), 1e-6)
    constant = variance <= (1e-6 * scale) ** 2
    return {
        "mean": features.mean(axis=0, dtype=float),
        "variance": np.where(constant, _IGNORED, variance),
    }
