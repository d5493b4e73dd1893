"""Which subjects train, which hold the training to account, and which only measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.base import calibration_parts, held_out_rows
from au_detect.datasets.labelled_features import LabelledFeatures
from au_detect.training.recipe import TrainingRecipe


@dataclass(frozen=True)
class SubjectSplit:
    """Names of subjects.

    Attributes
    ----------
    test : ndarray of str
        They only measure; may be empty.
    validation : tuple of ndarray of str
        Parts of the others: each stops, calibrates and sets thresholds for networks of its own,
        which the rest has trained.
    """

    test: NDArray[np.str_]
    validation: tuple[NDArray[np.str_], ...]

    @property
    def measuring(self) -> NDArray[np.str_]:
        """The test subjects; where there are none, the validation subjects."""
        return self.test if len(self.test) else np.concatenate(self.validation)

    def is_test(self, table: LabelledFeatures) -> NDArray[np.bool_]:
        """Return which rows of a table are for testing."""
        return np.isin(table.subject.astype(str), self.test)

    def validation_parts(self, table: LabelledFeatures) -> list[NDArray[np.bool_]]:
        """Return, for each part, which rows of a table are for validation."""
        return [np.isin(table.subject.astype(str), part) for part in self.validation]


def split_subjects(tables: Sequence[LabelledFeatures], recipe: TrainingRecipe) -> SubjectSplit:
    """Choose the same people in every table: one that trains in one may not test in another."""
    subjects = np.unique(np.concatenate([table.subject.astype(str) for table in tables]))
    test = subjects[:0]
    if recipe.test_fraction > 0:
        test = subjects[held_out_rows(subjects, recipe.test_fraction, recipe.random_state)]
    others = subjects[~np.isin(subjects, test)]
    parts = calibration_parts(
        others, recipe.calibration_folds, recipe.validation_fraction, recipe.random_state
    )
    return SubjectSplit(test, tuple(others[part] for part in parts))
