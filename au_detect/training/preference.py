"""Which of two ways to train is the better one, on people who trained neither."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.evaluation.curve_rates import sampled_auc
from au_detect.evaluation.intervals import subject_weights
from au_detect.training.fitted import FittedHalf

LEAST_GAIN = 0.003
"""Mean AUC by which a way of going on from given networks must at least be better than a simpler
one; it must be better by two standard errors, between AUs and between people, too."""
N_RESAMPLES = 200
"""Of the people, for the standard error between them."""


def is_better(one: FittedHalf, other: FittedHalf, subject: NDArray[Any] | None) -> bool:
    """Return whether the mean AUC on unseen people is higher.

    Parameters
    ----------
    one, other : FittedHalf
        Of the same rows.
    subject : ndarray, shape (n_own,), optional
        Whose each row of the own collection is: then it must be higher by more than chance.
    """
    if subject is None:
        return one.unseen_auc > other.unseen_auc
    gains = np.subtract(one.unseen_aucs, other.unseen_aucs)
    known = np.isfinite(gains)
    if not known.any():
        return False
    people = subject[one.row]
    drawn = (_sampled_aucs(one, people) - _sampled_aucs(other, people))[:, known]
    drawn = drawn[np.isfinite(drawn).any(axis=1)]
    between_people = float(np.nanmean(drawn, axis=1).std())
    between_aus = float(gains[known].std() / np.sqrt(max(known.sum() - 1, 1)))
    least = max(LEAST_GAIN, 2 * between_people, 2 * between_aus)
    return bool(gains[known].mean() > least)


def _sampled_aucs(half: FittedHalf, people: NDArray[Any]) -> NDArray[np.float64]:
    """Return `FittedHalf.unseen_aucs` in resamples of the people, (n_resamples, n_learnt)."""
    index, weights = subject_weights(people, len(people), N_RESAMPLES, 0)
    unseen = half.unseen_mean(tuple(half.unseen))
    columns = [half.aus.index(au) for au in half.learnt]
    found = [
        sampled_auc(half.labels[:, c], unseen[:, c], weights, index, half.part) for c in columns
    ]
    return np.stack(found, axis=1)
