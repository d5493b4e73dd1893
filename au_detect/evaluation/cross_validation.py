"""Predictions for rows that training never saw, fold by fold, in parallel."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from os import PathLike
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from au_detect.classifiers.storage import AUModel, NetworkKind
from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation.protocols import Fold
from au_detect.facs import au_label
from au_detect.training.learner_options import LearnerOptions
from au_detect.training.learners import fit_learner, labels_of

Progress = Callable[[Iterable[Any], int], Iterable[Any]]
"""``progress(parts, n_parts)`` returns the parts, for example in a progress bar."""


@dataclass(frozen=True)
class Predictions:
    """What was predicted for the tested rows, beside what was coded.

    Attributes
    ----------
    aus : tuple of int
    rows : ndarray of int, shape (n,)
        Which sequences of the collection were tested.
    y : ndarray, float32, shape (n, n_aus)
        1, 0 or NaN.
    probabilities, thresholds : ndarray, shape (n, n_aus)
        Each row's from the classifier of its fold.
    subject : ndarray, shape (n,)
    fold : ndarray of int, shape (n,)
    history : list
        Training curves of every fold; empty for classifiers without.
    """

    aus: tuple[int, ...]
    rows: NDArray[np.intp]
    y: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    thresholds: NDArray[np.float64]
    subject: NDArray[Any]
    fold: NDArray[np.intp]
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def decided(self) -> NDArray[np.float64]:
        """Decisions (n, n_aus): 1 or 0, NaN where there is no probability."""
        known = np.isfinite(self.probabilities)
        return np.where(known, self.probabilities >= self.thresholds, np.nan)

    def write_csv(self, path: str | PathLike[str], sequences: LabelledSequences) -> None:
        """Write a row per tested sequence: who, which fold, and each AU's label and answer.

        ``AU12_y`` is the label, ``AU12_p`` the probability, ``AU12_c`` the decision.

        Parameters
        ----------
        path : path
        sequences : LabelledSequences
            The collection that `rows` points into.
        """
        import pandas as pd

        columns: dict[str, Any] = {"subject": self.subject, "fold": self.fold}
        if "name" in sequences.attributes:
            columns["name"] = sequences.attributes["name"][self.rows]
        for column, au in enumerate(self.aus):
            label = au_label(au)
            columns[f"{label}_y"] = self.y[:, column]
            columns[f"{label}_p"] = np.round(self.probabilities[:, column].astype(float), 6)
            columns[f"{label}_c"] = self.decided[:, column]
        pd.DataFrame(columns).to_csv(path, index=False)


def cross_validate(
    sequences: LabelledSequences,
    aus: Sequence[int],
    options: Sequence[LearnerOptions],
    folds: Sequence[Fold],
    *,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> list[Predictions]:
    """Fit every learner in every fold and predict the fold's test rows.

    Parameters
    ----------
    sequences : LabelledSequences
    aus : sequence of int
        What to detect.
    options : sequence of LearnerOptions
        The learners; all see the same folds, and are tested on apex faces alone (see
        `LabelledSequences.is_apex`).
    folds : sequence of Fold
        See `make_folds`.
    n_jobs : int
        Processes.
    progress : callable, optional

    Returns
    -------
    list of Predictions
        One per learner, rows in the order of the collection.
    """
    apex = sequences.is_apex
    folds = [Fold(fold.training, fold.test & apex) for fold in folds]
    tasks = [(learner, fold) for learner in range(len(options)) for fold in range(len(folds))]
    jobs = (
        delayed(_fit_and_predict)(sequences, aus, options[learner], folds[fold], n_jobs != 1)
        for learner, fold in tasks
    )
    with warnings.catch_warnings():  # TensorFlow grows, and joblib starts a process anew
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
        answers = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
        parts = list(progress(answers, len(tasks)) if progress else answers)
    n = len(folds)
    return [
        _collected(sequences, aus, parts[i * n : (i + 1) * n], folds, options[i])
        for i in range(len(options))
    ]


def predict_with_model(
    model: AUModel, sequences: LabelledSequences, minimum_intensity: float = 1.0
) -> Predictions:
    """Return what a model folder says of the sequences; nothing is trained.

    Faces are compared with their neutral face, and furrows are read where they were measured.

    Raises
    ------
    ModelFileError
        If the model was made for another landmark model or other features.
    """
    model.check_landmark_model(sequences.landmark_model)
    kind = NetworkKind(uses_neutral=True, uses_furrows=sequences.furrows is not None)
    table = sequences.features(uses_neutral=True, uses_furrows=kind.uses_furrows)
    model.check_features(table.upper_names, table.lower_names, kind)
    known = model.aus(kind, experimental=True)
    aus = tuple(au for au in known if au in sequences.aus)
    thresholds = list(model.thresholds(kind, aus).values())
    probabilities = model.predict(table.upper, table.lower, kind, aus)
    rows = np.flatnonzero(sequences.is_apex)
    n = len(rows)
    return Predictions(
        aus=aus,
        rows=rows,
        y=labels_of(sequences, aus, minimum_intensity)[rows],
        probabilities=probabilities[rows],
        thresholds=np.broadcast_to(thresholds, (n, len(aus))),
        subject=sequences.subject[rows],
        fold=np.zeros(n, dtype=np.intp),
    )


def _fit_and_predict(
    sequences: LabelledSequences,
    aus: Sequence[int],
    options: LearnerOptions,
    fold: Fold,
    in_parallel: bool,
) -> tuple[NDArray[np.float32], NDArray[np.float64], dict[str, Any]]:
    if in_parallel:  # this process has one core to itself; set before TensorFlow is loaded
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(name, "1")
    with threadpool_limits(limits=1):  # many small problems: threads only wait for each other
        learner = fit_learner(sequences.rows(fold.training), aus, options)
        probabilities = learner.predict_proba(sequences.rows(fold.test))
    return probabilities, learner.thresholds, learner.history


def _collected(
    sequences: LabelledSequences,
    aus: Sequence[int],
    parts: Sequence[tuple[NDArray[np.float32], NDArray[np.float64], dict[str, Any]]],
    folds: Sequence[Fold],
    options: LearnerOptions,
) -> Predictions:
    places = np.concatenate([np.flatnonzero(fold.test) for fold in folds])
    order = np.argsort(places, kind="stable")
    sizes = [int(fold.test.sum()) for fold in folds]
    rows = places[order]
    thresholds = np.concatenate(
        [np.tile(part[1], (n, 1)) for part, n in zip(parts, sizes, strict=True)]
    )
    return Predictions(
        aus=tuple(aus),
        rows=rows,
        y=labels_of(sequences, aus, options.recipe.minimum_intensity)[rows],
        probabilities=np.concatenate([part[0] for part in parts])[order],
        thresholds=thresholds[order],
        subject=sequences.subject[rows],
        fold=np.repeat(np.arange(len(folds)), sizes)[order],
        history=[part[2] for part in parts if part[2]],
    )
