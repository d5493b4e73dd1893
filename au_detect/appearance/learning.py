"""Fit one network of pixels or time to rows, and stop where unseen people stop gaining."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.keras_session import shuffled_batches
from au_detect.appearance.losses import bp_mll_loss
from au_detect.appearance.options import AppearanceOptions
from au_detect.classifiers.base import Samples
from au_detect.classifiers.mlp_losses import weighted_cross_entropy
from au_detect.classifiers.mlp_session import compile_network

STEPS_PER_EPOCH, LEAST_BATCH = 20, 8
Copies = Callable[[NDArray[np.float32], np.random.Generator], NDArray[np.float32]]


def fit_network(
    tf: Any,
    network: Any,
    training: Samples,
    held_out: Samples,
    options: AppearanceOptions,
    positive_weights: NDArray[np.float64],
    copies: Copies | None,
    random_state: int,
) -> dict[str, list[float]]:
    """Train a network from grids to logits; the epoch that is best on `held_out` is kept.

    Parameters
    ----------
    tf : module
    network : keras.Model
    training, held_out : tuple
        Grids, labels (n, n_aus) and weights (n,).
    options : AppearanceOptions
    positive_weights : ndarray, shape (n_aus,)
    copies : callable, optional
        ``copies(grids, rng)`` returns changed grids to learn from.
    random_state : int

    Returns
    -------
    dict
        Training and held-out loss of every epoch.
    """
    # BP-MLL alone cannot stop on a row without pairs; a single AU has none at all.
    ranks = options.loss == "bp-mll" and training[1].shape[1] > 1
    loss = bp_mll_loss(tf) if ranks else weighted_cross_entropy(tf, positive_weights)
    compile_network(network, tf.keras.optimizers.Adam(options.learning_rate), loss)
    history = network.fit(
        _batches(training, _batch_size(len(training[0]), options), copies, random_state),
        validation_data=held_out,
        validation_batch_size=256,
        epochs=options.epochs,
        verbose=0,
        callbacks=[
            tf.keras.callbacks.EarlyStopping(patience=options.patience, restore_best_weights=True)
        ],
    )
    return {name: list(map(float, values)) for name, values in history.history.items()}


def _batch_size(n: int, options: AppearanceOptions) -> int:
    """Return a size with which an epoch over few rows has about `STEPS_PER_EPOCH` steps."""
    return min(options.batch_size, max(n // STEPS_PER_EPOCH, LEAST_BATCH))


def _batches(samples: Samples, size: int, copies: Copies | None, random_state: int) -> Any:
    grids, labels, weights = samples

    def make(rows: NDArray[np.intp], rng: np.random.Generator) -> Any:
        seen = grids[rows]
        if copies is not None:
            seen = copies(seen, rng)
        return seen, labels[rows], weights[rows]

    return shuffled_batches(len(grids), size, make, random_state)
