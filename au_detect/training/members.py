"""One of the classifiers that a model averages, and what it says of faces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.base import AUClassifier
from au_detect.features.extraction import mirror_columns
from au_detect.training.samples import Columns

_ROWS_AT_ONCE = 16_384


@dataclass(frozen=True)
class Member:
    """A classifier, what it reads (see `TrainingRecipe.views`), and which part calibrated it."""

    view: str
    part: int
    classifier: AUClassifier


def mean_with_mirror(
    member: Member,
    features: NDArray[np.float32],
    columns: Columns,
    rows: NDArray[np.intp] | None = None,
) -> NDArray[np.float32]:
    """Return the mean answer (n, n_aus) of a classifier to faces and to their mirror images.

    Parameters
    ----------
    member : Member
    features : ndarray of float32, shape (n_faces, n_features)
    columns : Columns
    rows : ndarray of int, shape (n,), optional
        Which of the faces; all by default.
    """
    order, signs = mirror_columns(columns.names)
    place = columns.of(member.view)
    chosen = np.arange(len(features)) if rows is None else rows
    answers = []
    for start in range(0, max(len(chosen), 1), _ROWS_AT_ONCE):
        faces = features[chosen[start : start + _ROWS_AT_ONCE]]
        views = (faces[:, place], (signs * faces[:, order])[:, place])
        both = [member.classifier.predict_proba(view) for view in views]
        answers.append(np.mean(both, axis=0, dtype=np.float32))
    return np.concatenate(answers)
