"""Predictions for rows that training never saw, fold by fold, in parallel."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from au_detect.evaluation.predictions import Predictions
from au_detect.evaluation.protocols import Fold
from au_detect.training.cost import cost_of
from au_detect.training.data import TrainingData
from au_detect.training.engine import fit
from au_detect.training.fitted import FittedModel
from au_detect.training.pixel_fit import FittedPixels, data_with_pixels, fit_pixels
from au_detect.training.recipe import TrainingRecipe

Progress = Callable[[Iterable[Any], int], Iterable[Any]]
"""``progress(parts, n_parts)`` returns the parts, for example in a progress bar."""


def cross_validate(
    data: TrainingData,
    aus: Sequence[int],
    recipes: Sequence[TrainingRecipe],
    folds: Sequence[Fold],
    *,
    n_jobs: int = 1,
    progress: Progress | None = None,
    costs: bool = False,
) -> list[Predictions]:
    """Fit every recipe in every fold and predict the fold's test rows.

    Parameters
    ----------
    data : TrainingData
        Folds divide the own collection; extra ones train in every fold.
    aus : sequence of int
        What to judge.
    recipes : sequence of TrainingRecipe
        All see the same folds, and are tested on apex faces alone (see
        `LabelledSequences.is_apex`). No test people are put aside inside the folds.
    folds : sequence of Fold
        See `make_folds`.
    n_jobs : int
        Processes.
    progress : callable, optional
    costs : bool
        Measure what the first fold's fitted models cost, see `au_detect.training.cost`.

    Returns
    -------
    list of Predictions
        One per recipe, rows in the order of the own collection.
    """
    apex = data.own.is_apex
    folds = [Fold(fold.training, fold.test & apex) for fold in folds]
    data = data_with_pixels(data, recipes)
    tasks = [
        (recipe, fold, costs and number == 0)
        for recipe in recipes
        for number, fold in enumerate(folds)
    ]
    jobs = (delayed(_fit_and_predict)(data, aus, *task, n_jobs != 1) for task in tasks)
    with warnings.catch_warnings():  # TensorFlow grows, and joblib starts a process anew
        warnings.filterwarnings("ignore", "A worker stopped", UserWarning)
        answers = Parallel(n_jobs=n_jobs, return_as="generator")(jobs)
        parts = list(progress(answers, len(tasks)) if progress else answers)
    n = len(folds)
    return [
        _collected(data, aus, parts[i * n : (i + 1) * n], folds, recipe)
        for i, recipe in enumerate(recipes)
    ]


_Answer = tuple[
    NDArray[np.float32], NDArray[np.float64], dict[str, Any], dict[str, Any],
    NDArray[np.float32] | None, dict[str, float],
]  # fmt: skip


def _fit_and_predict(
    data: TrainingData,
    aus: Sequence[int],
    recipe: TrainingRecipe,
    fold: Fold,
    costs: bool,
    in_parallel: bool,
) -> _Answer:
    if in_parallel:  # this process has one core to itself; set before TensorFlow is loaded
        for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
            os.environ.setdefault(name, "1")
    inside = replace(recipe, test_fraction=0.0)
    with threadpool_limits(limits=1):  # many small problems: threads only wait for each other
        began = time.perf_counter()
        fitted = _fitted(data.rows(fold.training), inside, aus)
        cost = {"fit_s": time.perf_counter() - began}
        test = data.own.rows(fold.test)
        probabilities = fitted.predict_proba(test, aus)
        return (
            probabilities, fitted.thresholds(test, aus), fitted.history, fitted.chosen,
            fitted.intensities(test, probabilities, aus),
            cost | (cost_of(fitted) if costs else {}),
        )  # fmt: skip


def _fitted(
    data: TrainingData, recipe: TrainingRecipe, aus: Sequence[int]
) -> FittedModel | FittedPixels:
    if recipe.is_of_pixels:
        return fit_pixels(data.in_order(), recipe, aus)
    return fit(data, recipe, aus=aus)


def _collected(
    data: TrainingData,
    aus: Sequence[int],
    parts: Sequence[_Answer],
    folds: Sequence[Fold],
    recipe: TrainingRecipe,
) -> Predictions:
    places = np.concatenate([np.flatnonzero(fold.test) for fold in folds])
    order = np.argsort(places, kind="stable")
    sizes = [int(fold.test.sum()) for fold in folds]
    rows = places[order]
    thresholds = np.concatenate(
        [np.tile(part[1], (n, 1)) for part, n in zip(parts, sizes, strict=True)]
    )
    known = [part[4] for part in parts if part[4] is not None]
    return Predictions(
        aus=tuple(aus),
        rows=rows,
        y=data.own.labels(aus, recipe.minimum_intensity, recipe.faint)[rows],
        probabilities=np.concatenate([part[0] for part in parts])[order],
        thresholds=thresholds[order],
        subject=data.own.subject[rows],
        fold=np.repeat(np.arange(len(folds)), sizes)[order],
        history=[part[2] for part in parts if part[2]],
        chosen=[part[3] for part in parts],
        intensity=np.concatenate(known)[order] if len(known) == len(parts) else None,
        costs=[part[5] for part in parts],
    )
