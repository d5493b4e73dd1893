"""The weights of an exported network, read back so that training can begin from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from au_detect.classifiers.runtime import LiteRTNetwork
from au_detect.errors import ModelFileError
from au_detect.networks.network_file import Step, read_network_file

Floats = NDArray[np.float32]
_TOLERANCE = 1e-4
_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True)
class DenseNetwork:
    """Features → scaling → (dense, ReLU) × hidden layers → logits.

    Attributes
    ----------
    mean, scale : ndarray, float32, shape (n_features,)
        The scaled features are (features - mean) · scale.
    kernels : tuple of ndarray, float32, shape (n_inputs, n_outputs)
        Of every layer; the last gives the logits.
    biases : tuple of ndarray, float32, shape (n_outputs,)
    """

    mean: Floats
    scale: Floats
    kernels: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    @property
    def n_features(self) -> int:
        """Length of an input row."""
        return len(self.mean)

    def hidden(self, features: Floats) -> Floats:
        """Return what the last layer reads, (n, n_units), of features (n, n_features)."""
        found = np.empty((len(features), len(self.kernels[-1])), dtype=np.float32)
        for start in range(0, len(features), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            hidden = (features[rows] - self.mean) * self.scale
            for kernel, bias in zip(self.kernels[:-1], self.biases[:-1], strict=True):
                hidden = np.maximum(hidden @ kernel + bias, 0)
            found[rows] = hidden
        return found

    def logits(self, features: Floats) -> Floats:
        """Return the logits (n, n_aus) of features (n, n_features)."""
        return np.asarray(self.hidden(features) @ self.kernels[-1] + self.biases[-1])


@dataclass(frozen=True)
class Combination:
    """logits = given logits @ `matrix` + own logits · `share` + `offset`.

    Shapes (n_given, n_aus), (n_aus,) and (n_aus,).
    """

    matrix: NDArray[np.float64]
    share: NDArray[np.float64]
    offset: NDArray[np.float64]


def read_dense_network(content: bytes) -> DenseNetwork:
    """Read the weights of a ``.tflite`` file that `MLPClassifier` wrote.

    Raises
    ------
    ModelFileError
        If it is no such network: training cannot begin from others.
    """
    network = LiteRTNetwork(content)
    file = read_network_file(content)
    names = [step.name for step in file.steps]
    n_dense = names.count("FULLY_CONNECTED")
    if names != ["SUB", "MUL", *["FULLY_CONNECTED"] * n_dense, "LOGISTIC"]:
        raise ModelFileError(
            f"a network to begin from must be scaling, dense layers and a sigmoid, got {names}"
        )

    def constants(step: Step) -> list[Any]:
        return [file.constants[i] for i in step.inputs if i in file.constants]

    (mean,), (scale,) = (constants(step) for step in file.steps[:2])
    layers = [constants(step) for step in file.steps[2:-1]]
    found = DenseNetwork(
        mean.reshape(-1),
        scale.reshape(-1),
        tuple(np.ascontiguousarray(kernel.T) for kernel, _ in layers),
        tuple(bias.reshape(-1) for _, bias in layers),
    )
    probe = found.mean + np.random.default_rng(0).normal(size=(8, found.n_features)) / found.scale
    rows = probe.astype(np.float32)
    if np.abs(expit(found.logits(rows)) - network.predict_proba(rows)).max() > _TOLERANCE:
        raise ModelFileError("a network to begin from must be dense layers with ReLU, got another")
    return found
