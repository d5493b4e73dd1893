"""From how likely an action unit is to how strong it is: 0 to 5 on the scale of FACS.

A cumulative ("ordinal") model over one score, the log-odds of the AU's probability. Level by level
it says how likely the next one is reached where the one below is: the probabilities of "at least
a trace", "at least B" and so on are products of these, so that they can only fall from level to
level (Shi, Cao and Raschka 2023, "Deep neural networks for rank-consistent ordinal regression
based on conditional probabilities", section 3). Intensity is their sum, the expected number of
levels. It rises with the probability, so that a face with the AU on is always stronger in it than
one with it off.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import check_shape

LEVELS = (0.5, 1.5, 2.5, 3.5, 4.5)
"""Least intensity that counts as A (trace), B (slight), C (marked), D (severe) and E (maximum)."""

LEAST_ODDS = 1e-7


def intensity_of(probabilities: ArrayLike, scale: ArrayLike) -> NDArray[np.float32]:
    """Return the expected intensities that belong to probabilities.

    Parameters
    ----------
    probabilities : array_like, shape (n, n_aus)
        In [0, 1]; NaN stays NaN.
    scale : array_like, shape (n_aus, 5, 2)
        Of every AU and level, slope and offset of the log-odds; slopes are at least 0.

    Returns
    -------
    ndarray, float32, shape (n, n_aus)
        In [0, 5].

    Raises
    ------
    InputError
        If a shape differs.
    """
    found, steps = np.asarray(probabilities, dtype=float), np.asarray(scale, dtype=float)
    check_shape("probabilities", found, ("n", "n_aus"))
    check_shape("scale", steps, (found.shape[1], len(LEVELS), 2))
    score = log_odds(found)
    reached, total = np.ones(found.shape), np.zeros(found.shape)
    for level in range(len(LEVELS)):
        reached *= _sigmoid(steps[:, level, 0] * score + steps[:, level, 1])
        total += reached
    return np.asarray(total, dtype=np.float32)


def log_odds(probabilities: ArrayLike, least: float = LEAST_ODDS) -> NDArray[np.float64]:
    """Return the logarithm of p / (1 - p), p kept `least` from 0 and 1, so that it is finite."""
    p = np.clip(np.asarray(probabilities, dtype=float), least, 1 - least)
    return np.asarray(np.log(p) - np.log1p(-p))


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -500, 500))))
