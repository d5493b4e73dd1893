"""Linear layers fitted to few labels: logistic regression that is held to what there was before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import expit

from au_detect.classifiers.base import Samples
from au_detect.classifiers.dense_network import DenseNetwork

Floats = NDArray[np.float64]


def fit_layer(
    inputs: NDArray[np.floating],
    y: NDArray[np.float32],
    weights: NDArray[np.float32],
    kernel: NDArray[np.floating],
    bias: NDArray[np.floating],
    penalty: float,
) -> tuple[Floats, Floats]:
    """Fit kernel and bias of one linear layer; squared distance from the given kernel costs.

    Parameters
    ----------
    inputs : ndarray, shape (n, n_inputs)
    y : ndarray, shape (n, n_aus)
        1, 0 or NaN.
    weights : ndarray, shape (n,)
    kernel : ndarray, shape (n_inputs, n_aus)
        What the new one is held to.
    bias : ndarray, shape (n_aus,)
        Where the search begins; the bias is free.
    penalty : float
        Of the squared distance, in rows.

    Returns
    -------
    kernel : ndarray, shape (n_inputs, n_aus)
    bias : ndarray, shape (n_aus,)
    """
    known = np.isfinite(y) * weights[:, None].astype(float)
    labels, shape, size = np.where(np.isfinite(y), y, 0.0), kernel.shape, kernel.size
    inputs = inputs.astype(float)  # once, and not in every step

    def loss(parameters: Floats) -> tuple[float, Floats]:
        new = parameters[:size].reshape(shape)
        logits = inputs @ new + parameters[size:]
        error, away = known * (expit(logits) - labels), new - kernel
        value = (known * (np.logaddexp(0, logits) - labels * logits)).sum()
        gradient = inputs.T @ error + 2 * penalty * away
        return value + penalty * (away**2).sum(), np.r_[gradient.ravel(), error.sum(axis=0)]

    begin = np.r_[kernel.ravel(), bias].astype(float)
    found = minimize(loss, begin, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x
    return found[:size].reshape(shape), found[size:]


def fine_tuned(
    network: DenseNetwork, training: Samples, places: ArrayLike, penalty: float
) -> DenseNetwork:
    """Return a network whose last layer has learnt from labels, its hidden layers as they were.

    Parameters
    ----------
    network : DenseNetwork
    training : tuple of ndarray
        Features, labels and weights.
    places : array_like of int, shape (n_aus,)
        Which output each column of the labels is; -1 leaves the column out.
    penalty : float
        Of the squared distance of the weights from what they were, in rows.
    """
    features, y, weights = training
    columns = np.flatnonzero(np.asarray(places) >= 0)
    if not len(columns):
        return network
    outputs = np.asarray(places)[columns]
    kernel, bias = network.kernels[-1].copy(), network.biases[-1].copy()
    kernel[:, outputs], bias[outputs] = fit_layer(
        network.hidden(features), y[:, columns], weights, kernel[:, outputs], bias[outputs], penalty
    )
    return replace(
        network, kernels=(*network.kernels[:-1], kernel), biases=(*network.biases[:-1], bias)
    )
