"""Losses of the networks. They are given TensorFlow: only `mlp` imports it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Loss = Callable[[Any, Any], Any]


def weighted_cross_entropy(tf: Any, positive_weights: NDArray[np.float64]) -> Loss:
    """Return the cross-entropy of logits, mean over the AUs of a row; NaN labels add nothing."""
    weights = tf.constant(positive_weights, dtype=tf.float32)

    def loss(y: Any, logits: Any) -> Any:
        labels, coded = _known(tf, y)
        losses = tf.nn.weighted_cross_entropy_with_logits(labels, logits, weights)
        return _mean_of_row(tf, losses, coded)

    return loss


def focal_loss(tf: Any, gamma: float) -> Loss:
    """Return the focal loss, mean over the AUs of a row; NaN labels add nothing.

    (1 - p)^gamma times the cross-entropy, p the probability given to the truth: cells that are
    right already count little (Lin et al. 2017, "Focal loss for dense object detection").
    """

    def loss(y: Any, logits: Any) -> Any:
        labels, coded = _known(tf, y)
        losses = tf.nn.sigmoid_cross_entropy_with_logits(labels, logits)
        return _mean_of_row(tf, losses * (1 - tf.exp(-losses)) ** gamma, coded)

    return loss


def _known(tf: Any, y: Any) -> tuple[Any, Any]:
    coded = tf.math.is_finite(y)
    return tf.where(coded, y, tf.zeros_like(y)), coded


def _mean_of_row(tf: Any, losses: Any, coded: Any) -> Any:
    return tf.reduce_mean(tf.where(coded, losses, tf.zeros_like(losses)), axis=-1)
