"""Predictions for rows that training never saw, fold by fold, in parallel."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation.predictions import Predictions
from au_detect.evaluation.protocols import Fold
from au_detect.training.learner_options import LearnerOptions
from au_detect.training.learners import fit_learner

Progress = Callable[[Iterable[Any], int], Iterable[Any]]
"""``progress(parts, n_parts)`` returns the parts, for example in a progress bar."""


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
        y=sequences.labels(aus, options.recipe.minimum_intensity)[rows],
        probabilities=np.concatenate([part[0] for part in parts])[order],
        thresholds=thresholds[order],
        subject=sequences.subject[rows],
        fold=np.repeat(np.arange(len(folds)), sizes)[order],
        history=[part[2] for part in parts if part[2]],
    )
