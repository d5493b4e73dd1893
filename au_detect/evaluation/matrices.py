"""AU by AU: which occur together, and which are mistaken for others."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import check_shape
from au_detect.evaluation.metrics import ratio

Floats = NDArray[np.float64]


def cooccurrence(y: ArrayLike) -> Floats:
    """Return how often the AU of a column is present where the AU of a row is.

    Parameters
    ----------
    y : array_like, shape (n_samples, n_aus)
        1, 0 or NaN. A pair counts where both are coded.

    Returns
    -------
    ndarray, float64, shape (n_aus, n_aus)
        P(column | row) in [0, 1], 1 on the diagonal; NaN where no row tells.
    """
    labels = np.asarray(y, dtype=float)
    check_shape("y", labels, ("n_samples", "n_aus"))
    present = (labels == 1).astype(float)
    coded = np.isfinite(labels).astype(float)
    return ratio(present.T @ present, present.T @ coded)


def confusion(y: ArrayLike, decided: ArrayLike) -> Floats:
    """Return how often the AU of a column is detected, though absent, where the AU of a row is.

    Parameters
    ----------
    y : array_like, shape (n_samples, n_aus)
        1, 0 or NaN.
    decided : array_like, shape (n_samples, n_aus)
        1 or 0 (or boolean); NaN where there was no probability.

    Returns
    -------
    ndarray, float64, shape (n_aus, n_aus)
        In [0, 1]. Off the diagonal, of the rows in which the row's AU is present and the
        column's AU absent, the fraction in which the column's AU is detected: large where one
        AU is mistaken for another. On the diagonal the true-positive rate. NaN where no row
        tells.
    """
    labels, detected = np.asarray(y, dtype=float), np.asarray(decided, dtype=float)
    check_shape("y", labels, ("n_samples", "n_aus"))
    check_shape("decided", detected, labels.shape)
    known = np.isfinite(detected)
    present = ((labels == 1) & known).astype(float)
    absent = ((labels == 0) & known).astype(float)
    false_alarm = absent * (detected == 1)
    matrix = ratio(present.T @ false_alarm, present.T @ absent)
    hits = (present * (detected == 1)).sum(axis=0)
    np.fill_diagonal(matrix, ratio(hits, present.sum(axis=0)))
    return matrix
