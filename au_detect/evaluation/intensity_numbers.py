"""What the document of an evaluation says of intensities, and of left and right."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.labelled_features import graded
from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation.intensity import (
    NUMBERS,
    evaluate_intensity,
    evaluate_sides,
    level_counts,
)
from au_detect.evaluation.intervals import with_interval
from au_detect.evaluation.predictions import Predictions
from au_detect.facs import au_label

SIDE_NUMBERS = ("asymmetry_error", "stronger_side")


def intensity_numbers(
    predictions: Predictions, tested: LabelledSequences, n_resamples: int
) -> dict[str, Any] | None:
    """Return all about intensities; None if none were said.

    Parameters
    ----------
    predictions : Predictions
    tested : LabelledSequences
        The rows that were judged.
    n_resamples : int
        Of the bootstrap over subjects.

    Returns
    -------
    dict
        ``aus``: for each AU ``n`` and `NUMBERS` with intervals, and ``levels``, see
        `level_counts`; ``mean_over``: the AUs that all means are over, whose coded intensities
        differ; ``summary``: the means; ``sides``: the same of left and right, None where nobody
        coded them.
    """
    if predictions.intensity is None:
        return None
    said, who = predictions.intensity, predictions.subject
    coded = graded(tested.intensity[:, [tested.aus.index(au) for au in predictions.aus]])
    whole = evaluate_intensity(coded, said)
    drawn = evaluate_intensity(coded, said, who, n_resamples=n_resamples)
    columns = np.flatnonzero(np.isfinite(whole.icc))
    levels = level_counts(coded, said)
    numbers = _numbers(NUMBERS, whole, drawn, predictions.aus)
    for column, of_au in enumerate(numbers.values()):
        of_au |= {"n": int(whole.n[column]), "levels": levels[column]}
    return {
        "aus": numbers,
        "mean_over": [au_label(predictions.aus[column]) for column in columns],
        "summary": _means(NUMBERS, whole, drawn, columns),
        "sides": _sides(predictions, tested, n_resamples),
    }


def _sides(
    predictions: Predictions, tested: LabelledSequences, n_resamples: int
) -> dict[str, Any] | None:
    coded, said = tested.attributes.get("strengths"), predictions.sides
    if coded is None or said is None or coded.shape[1:] != (len(tested.aus), 2):
        return None
    places = [tested.aus.index(au) for au in predictions.aus]
    known = np.isfinite(tested.intensity[:, places])
    sides, who = np.where(known[..., None], coded[:, places], np.nan), predictions.subject
    whole = evaluate_sides(sides, said)
    drawn = evaluate_sides(sides, said, who, n_resamples=n_resamples)
    found = _numbers(SIDE_NUMBERS, whole, drawn, predictions.aus)
    columns = np.flatnonzero(whole.n_sided > 0)
    summary = _means(SIDE_NUMBERS, whole, drawn, columns)
    for half, name in enumerate(("icc_right", "icc_left")):
        one = evaluate_intensity(sides[..., half], said[..., half])
        more = evaluate_intensity(sides[..., half], said[..., half], who, n_resamples=n_resamples)
        for column, of_au in enumerate(found.values()):
            of_au[name] = with_interval(one.icc[column], more.icc[:, column])
        summary[name] = with_interval(_mean(one.icc[columns]), _mean(more.icc[:, columns]))
    for column, of_au in enumerate(found.values()):
        of_au |= {"n": int(whole.n[column]), "n_sided": int(whole.n_sided[column])}
    named = [au_label(predictions.aus[column]) for column in columns]
    return {"aus": found, "mean_over": named, "summary": summary}


def _numbers(
    names: Sequence[str], whole: Any, drawn: Any, aus: Sequence[int]
) -> dict[str, dict[str, Any]]:
    return {
        au_label(au): {
            name: with_interval(getattr(whole, name)[column], getattr(drawn, name)[:, column])
            for name in names
        }
        for column, au in enumerate(aus)
    }


def _means(
    names: Sequence[str], whole: Any, drawn: Any, columns: NDArray[np.intp]
) -> dict[str, list[float]]:
    return {
        name: with_interval(
            _mean(getattr(whole, name)[columns]), _mean(getattr(drawn, name)[:, columns])
        )
        for name in names
    }


def _mean(values: NDArray[np.float64]) -> Any:
    with warnings.catch_warnings():  # the mean of nothing is NaN, as it should be
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(values, axis=-1)
