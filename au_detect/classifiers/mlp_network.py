"""The layers of the networks. They are given Keras: only `mlp` imports it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from au_detect.classifiers.dense_network import Combination, DenseNetwork

_IGNORED = 1e30  # variance that scales a feature to nothing
_ROWS_AT_ONCE = 16_384


def build_network(
    keras: Any,
    features: NDArray[np.float32],
    n_aus: int,
    *,
    one_vs_all: bool,
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
    n_aus : int
    one_vs_all, hidden_layers, units, activation, dropout, l2, input_noise : see `MLPClassifier`
    """
    layers = keras.layers
    inputs = layers.Input((features.shape[1],), name="features")
    scaled = layers.Normalization(name="scaling", **_scaling(features))(inputs)
    hidden = layers.GaussianNoise(input_noise, name="noise")(scaled)
    dense = _dense_for_each_au if one_vs_all else _dense
    for layer in range(hidden_layers):
        options = {"activation": activation, "name": f"hidden_{layer}"}
        hidden = dense(keras, hidden, n_aus, units, l2, "he_normal", options)
        hidden = layers.Dropout(dropout, name=f"dropout_{layer}")(hidden)
    logits = dense(keras, hidden, n_aus, None, l2, "glorot_uniform", {"name": "logits"})
    return keras.Model(inputs, logits, name="action_units")


def _dense(
    keras: Any, hidden: Any, n_aus: int, units: int | None, l2: float, start: str, options: Any
) -> Any:
    """Add a layer that all AUs share; `units` None for the logits."""
    penalty = keras.regularizers.L2(l2)
    return keras.layers.Dense(
        units or n_aus, kernel_initializer=start, kernel_regularizer=penalty, **options
    )(hidden)


def _dense_for_each_au(
    keras: Any, hidden: Any, n_aus: int, units: int | None, l2: float, start: str, options: Any
) -> Any:
    """Add a layer for each AU, all in one tensor (rows, n_aus, units); `units` None for logits."""
    inputs = "bd" if len(hidden.shape) == 2 else "bad"
    equation = f"{inputs},ad->ba" if units is None else f"{inputs},ade->bae"
    # Keras takes the axis of the AUs for inputs too; the factor takes that back.
    scale = (2.0 if start == "he_normal" else 1.0) * (1 if units is None else n_aus)
    return keras.layers.EinsumDense(
        equation,
        output_shape=(n_aus,) if units is None else (n_aus, units),
        bias_axes="a" if units is None else "ae",
        kernel_initializer=keras.initializers.VarianceScaling(scale),
        kernel_regularizer=keras.regularizers.L2(l2),
        **options,
    )(hidden)


def with_probabilities(
    keras: Any, network: Any, slopes: NDArray[np.float64], offsets: NDArray[np.float64]
) -> Any:
    """Fold slopes and offsets of the logits into the last layer, and add the sigmoid."""
    last = network.get_layer("logits")
    kernel, bias = last.get_weights()
    au_axis_first = isinstance(last, keras.layers.EinsumDense)
    scaled = kernel * (slopes[:, None] if au_axis_first else slopes)
    last.set_weights([scaled, bias * slopes + offsets])
    outputs = keras.layers.Activation("sigmoid", name="probabilities")(network.output)
    return keras.Model(network.input, outputs, name="action_units")


def without_sigmoid(keras: Any, network: Any) -> Any:
    """Return the network features → logits of a network features → probabilities."""
    return keras.Model(network.input, network.get_layer("logits").output)


def build_combined(
    keras: Any, given: Sequence[DenseNetwork], own: Sequence[Any], way: Combination
) -> Any:
    """Return the network features → probabilities of given networks, own ones and a combination.

    Parameters
    ----------
    keras : module
    given : sequence of DenseNetwork
        Their mean logit is combined; weights are taken over.
    own : sequence of keras.Model
        From features to probabilities; may be none.
    way : Combination
    """
    layers = keras.layers
    inputs = layers.Input((given[0].n_features,), name="features")
    ends = [_given_logits(keras, inputs, network, f"given_{i}") for i, network in enumerate(given)]
    mean = layers.Average(name="given")(ends) if len(ends) > 1 else ends[0]
    head = layers.Dense(len(way.offset), name="head")
    logits = head(mean)
    head.set_weights([way.matrix, way.offset])
    if own:
        answers = [without_sigmoid(keras, network)(inputs) for network in own]
        own_mean = layers.Average(name="own")(answers) if len(answers) > 1 else answers[0]
        share = layers.Dense(len(way.share), use_bias=False, name="share")
        logits = layers.Add(name="logits")([logits, share(own_mean)])
        share.set_weights([np.diag(way.share)])
    outputs = layers.Activation("sigmoid", name="probabilities")(logits)
    return keras.Model(inputs, outputs, name="action_units")


def _given_logits(keras: Any, inputs: Any, network: DenseNetwork, name: str) -> Any:
    scaled = keras.layers.Normalization(
        name=f"{name}_scaling", mean=network.mean, variance=1 / network.scale.astype(float) ** 2
    )(inputs)
    hidden, last = scaled, len(network.kernels) - 1
    for number, (kernel, bias) in enumerate(zip(network.kernels, network.biases, strict=True)):
        activation = "linear" if number == last else "relu"
        layer = keras.layers.Dense(len(bias), activation=activation, name=f"{name}_{number}")
        hidden = layer(hidden)
        layer.set_weights([kernel, bias])
    return hidden


def _scaling(features: NDArray[np.float32]) -> dict[str, NDArray[np.float64]]:
    """Mean and variance of each feature; one that never varies is scaled to nothing.

    In blocks: the differences from the mean are twice as large as the features.
    """
    mean = features.mean(axis=0, dtype=float)
    starts = range(0, len(features), _ROWS_AT_ONCE)
    blocks = (features[start : start + _ROWS_AT_ONCE] for start in starts)
    squares = [((block - mean) ** 2).sum(axis=0) for block in blocks]
    variance = np.sum(squares, axis=0) / len(features)
    scale = np.maximum(np.maximum(features.max(axis=0), -features.min(axis=0)), 1e-6)
    constant = variance <= (1e-6 * scale) ** 2
    return {"mean": mean, "variance": np.where(constant, _IGNORED, variance)}
