"""Several classifiers on the same folds: paired differences, and what furrows add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError
from au_detect.evaluation.intervals import N_RESAMPLES, percentile_interval, resample_subjects
from au_detect.evaluation.metrics import evaluate_aus
from au_detect.evaluation.predictions import Predictions
from au_detect.evaluation.summary import summarise
from au_detect.facs import au_label

COMPARED = ("auc", "tpr", "f1")
SUMMARY = ("mean_auc", "mean_tpr", "mean_fpr", "upper_tpr", "lower_tpr", "mean_f1", "mean_brier")


def compare_predictions(
    predictions: Mapping[str, Predictions],
    n_resamples: int = N_RESAMPLES,
    *,
    max_fpr: float = 0.05,
) -> dict[str, Any]:
    """Compare classifiers with the first one, subject resample by subject resample.

    Parameters
    ----------
    predictions : mapping of str to Predictions
        By name of the classifier; all of the same rows and AUs. The first is the reference.
    n_resamples : int
        Of the bootstrap over subjects.

    Returns
    -------
    dict
        ``reference``; ``aus``: label to rate to ``{classifier: value}``; ``summary``: classifier
        to number to ``[value, low, high]``; ``differences``: classifier to number to
        ``[classifier minus reference, low, high]``.

    Raises
    ------
    InputError
        If there is no classifier, or rows or AUs differ.
    """
    if not predictions:
        raise InputError("predictions must hold at least one classifier, got none")
    names = list(predictions)
    first = predictions[names[0]]
    values, drawn, rates = {}, {}, {}
    for name, found in predictions.items():
        if found.aus != first.aus or not np.array_equal(found.rows, first.rows):
            raise InputError(f"{name} must be of the same rows and AUs as {names[0]}")
        known = (found.y, found.probabilities, found.thresholds, found.aus)
        evaluation = evaluate_aus(*known, found.fold)
        rates[name] = {rate: getattr(evaluation, rate) for rate in COMPARED}
        values[name] = summarise(evaluation)
        resamples = resample_subjects(
            *known, found.subject, fold=found.fold, n_resamples=n_resamples
        )
        drawn[name] = summarise(resamples)
    return {
        "reference": names[0],
        "aus": {
            au_label(au): {
                rate: {name: float(rates[name][rate][i]) for name in names} for rate in COMPARED
            }
            for i, au in enumerate(first.aus)
        },
        "summary": {
            name: {
                number: _with_interval(float(values[name][number]), drawn[name][number])
                for number in SUMMARY
            }
            for name in names
        },
        "differences": {
            name: {
                number: _with_interval(
                    float(values[name][number] - values[names[0]][number]),
                    drawn[name][number] - drawn[names[0]][number],
                )
                for number in SUMMARY
            }
            for name in names[1:]
        },
    }


def sentence_about(
    what: str, with_it: Predictions, without: Predictions, n_resamples: int = N_RESAMPLES
) -> str:
    """Say in a sentence what something adds, in mean AUC and mean TPR, with intervals.

    Parameters
    ----------
    what : str
        For example ``"Furrows"``.
    with_it, without : Predictions
        Of the same rows and AUs.
    """
    compared = compare_predictions({"without": without, "with": with_it}, n_resamples)
    auc, low, high = compared["differences"]["with"]["mean_auc"]
    tpr, tpr_low, tpr_high = compared["differences"]["with"]["mean_tpr"]
    fpr = compared["differences"]["with"]["mean_fpr"][0]
    verdict = "a gain" if low > 0 else "a loss" if high < 0 else "not told from nothing"
    before = compared["summary"]["without"]["mean_auc"][0]
    after = compared["summary"]["with"]["mean_auc"][0]
    return (
        f"{what}: mean AUC {before:.3f} without, {after:.3f} with, a change of {auc:+.3f} "
        f"(95 % interval {low:+.3f} to {high:+.3f}: {verdict}); mean TPR {tpr:+.3f} "
        f"({tpr_low:+.3f} to {tpr_high:+.3f}) at mean FPR {fpr:+.3f}."
    )


def _with_interval(value: float, resampled: NDArray[np.float64]) -> list[float]:
    low, high = percentile_interval(resampled)
    return [value, float(low), float(high)]
