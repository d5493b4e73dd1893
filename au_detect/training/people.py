"""Which people train, which hold the training to account, and which only measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.classifiers.base import calibration_parts, held_out_rows
from au_detect.training.recipe import TrainingRecipe


@dataclass(frozen=True)
class PeopleSplit:
    """The rows of one collection by what their people do.

    Attributes
    ----------
    test : ndarray of bool, shape (n,)
        They only measure; may be nobody.
    parts : tuple of ndarray of bool, shape (n,)
        Parts of the others: each stops, calibrates and sets thresholds for networks of its own,
        which the rest has trained.
    """

    test: NDArray[np.bool_]
    parts: tuple[NDArray[np.bool_], ...]


def split_people(subject: ArrayLike, recipe: TrainingRecipe) -> PeopleSplit:
    """Divide the rows of the own collection, person by person.

    Raises
    ------
    InputError
        If there are fewer than two people, or a number of the recipe is out of range.
    """
    subjects = np.asarray(subject).astype(str)
    test = np.zeros(len(subjects), dtype=bool)
    if recipe.test_fraction > 0:
        test = held_out_rows(subjects, recipe.test_fraction, recipe.random_state)
    others = np.flatnonzero(~test)
    parts = []
    for chosen in calibration_parts(
        subjects[others],
        recipe.n_parts(len(np.unique(subjects[others]))),
        recipe.validation_fraction,
        recipe.random_state,
    ):
        part = np.zeros(len(subjects), dtype=bool)
        part[others[chosen]] = True
        parts.append(part)
    return PeopleSplit(test, tuple(parts))
