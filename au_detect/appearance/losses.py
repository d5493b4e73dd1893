"""A loss that ranks action units. It is given TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def bp_mll_loss(tf: Any) -> Callable[[Any, Any], Any]:
    """Return BP-MLL (Zhang & Zhou 2006): exp(-(what is present - what is not)), mean over pairs.

    Of the hyperbolic tangents of logits. Cells without a label (NaN) are in no pair; a row in which
    all or nothing is present has no pair and loses nothing.
    """

    def loss(y: Any, logits: Any) -> Any:
        outputs = tf.tanh(logits)
        present = tf.cast(tf.equal(y, 1.0), outputs.dtype)
        absent = tf.cast(tf.equal(y, 0.0), outputs.dtype)
        pairs = present[:, :, None] * absent[:, None, :]
        terms = tf.exp(outputs[:, None, :] - outputs[:, :, None]) * pairs
        return tf.math.divide_no_nan(
            tf.reduce_sum(terms, axis=[1, 2]), tf.reduce_sum(pairs, axis=[1, 2])
        )

    return loss
