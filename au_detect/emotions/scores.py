"""Scores: how much of an emotion's rule is matched by action units (AUs).

Conventions
-----------
- An AU's support is 1/2 at its threshold and follows its odds: with probability ``p`` and
  threshold ``t`` it is ``o / (o + o_t)``, where ``o = p / (1 - p)`` and ``o_t = t / (1 - t)``.
  From decisions alone it is 0 or 1.
- A score says how much of a rule is matched, in [0, 1]. It is no probability, and the scores of
  a row do not add up to 1.
- "neutral" scores what the best rule lacks to `ANSWERED_FROM` twice: it is the answer where no rule
  is matched so far. AUs just over their thresholds, of which some are false, make no emotion.
- Where a rule asks for an intensity, an AU below it counts as far as it comes near: at half of it,
  half. Where no intensities are known, it counts as if it were strong enough.
- AUs that a result does not have neither match nor miss: they are left out, and a required
  combination counts only where more than half of it is known. A rule without any is NaN. So is
  a one-sided rule where no sides were measured.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.emotions.rules import Choice, EmotionRule
from au_detect.errors import InputError, check_shape

REQUIRED_SHARE = 2 / 3
"""Weight of the required AUs; the optional ones have the rest."""

ANSWERED_FROM = 0.6
"""How much of its rule must be matched for an emotion to be the answer."""

SIDED_FROM = 0.5
"""An AU counts as one-sided by 0 up to this |side|, by 1 at |side| 1, evenly in between: the sides
of ordinary smiles differ by up to about a half."""


def support_of(
    probabilities: ArrayLike, thresholds: ArrayLike, on: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the support of every AU in every row, shape (n_rows, n_aus).

    Parameters
    ----------
    probabilities, thresholds : array_like, shape (n_rows, n_aus) and (n_aus,)
    on : ndarray, shape (n_rows, n_aus)
        The decisions.

    Raises
    ------
    InputError
        If a shape is another, or a threshold is not in (0, 1).
    """
    p, t = np.asarray(probabilities, dtype=float), np.asarray(thresholds, dtype=float)
    check_shape("probabilities", p, on.shape)
    check_shape("thresholds", t, on.shape[1:])
    if not ((t > 0) & (t < 1)).all():
        raise InputError(f"thresholds must be in (0, 1), got {t.tolist()}")
    for_it, against_it = p * (1.0 - t), (1.0 - p) * t
    support: NDArray[np.float64] = for_it / (for_it + against_it)
    return support


def strong_enough(
    rule: EmotionRule, intensity: NDArray[np.float64], aus: tuple[int, ...]
) -> NDArray[np.float64]:
    """Return how near every AU comes to the intensity that a rule asks for, (n_rows, n_aus).

    In [0, 1]; 1 where it asks for none or nothing is known.
    """
    near = np.ones(intensity.shape)
    for au, least in rule.at_least:
        if au in aus:
            column = intensity[:, aus.index(au)]
            near[:, aus.index(au)] = np.where(np.isnan(column), 1.0, np.minimum(column / least, 1))
    return near


def rule_score(
    rule: EmotionRule,
    support: NDArray[np.float64],
    side: NDArray[np.float64],
    aus: tuple[int, ...],
) -> NDArray[np.float64]:
    """Return how much of one rule is matched in every row, shape (n_rows,).

    The required AUs of a one-sided rule count as far as the most one-sided of them that is on.
    """

    def known(choices: Sequence[Choice]) -> list[list[int]]:
        columns = [[aus.index(au) for au in choice if au in aus] for choice in choices]
        return [part for part in columns if part]

    def seen(columns: list[int]) -> NDArray[np.float64]:
        best: NDArray[np.float64] = support[:, columns].max(axis=1)
        return best

    def seen_as_required(columns: list[int]) -> NDArray[np.float64]:
        if not rule.one_sided:
            return seen(columns)
        clearest = one_sidedness(side[:, columns]) * np.minimum(2.0 * support[:, columns], 1.0)
        return seen(columns) * clearest.max(axis=1)

    combinations = [
        np.mean([seen_as_required(columns) for columns in found], axis=0)
        for choices in rule.required
        if 2 * len(found := known(choices)) > len(choices)
    ]
    if not combinations:
        return np.full(len(support), np.nan)
    score = np.max(combinations, axis=0)
    if optional := known(rule.optional):
        rest = np.mean([seen(columns) for columns in optional], axis=0)
        score = REQUIRED_SHARE * score + (1.0 - REQUIRED_SHARE) * rest
    for columns in known([(au,) for au in rule.excluded]):
        score = np.minimum(score, score * (2.0 - 2.0 * seen(columns)))
    return np.asarray(score, dtype=float)


def neutral_score(best: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the scores of "neutral" beside the best rule's, both in [0, 1]."""
    return np.clip(2.0 * ANSWERED_FROM - np.maximum(best, 0.0), 0.0, 1.0)


def one_sidedness(side: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return how far AUs are shown on one half of the face only, in [0, 1]."""
    return np.clip((np.abs(side) - SIDED_FROM) / (1.0 - SIDED_FROM), 0.0, 1.0)
