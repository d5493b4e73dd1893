"""Several classifiers on the same folds: paired differences, and what furrows add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError
from au_detect.evaluation.intervals import (
    N_RESAMPLES,
    percentile_interval,
    repeated_difference_interval,
    resample_subjects,
)
from au_detect.evaluation.metrics import MATCHED_FPR, AUEvaluation, evaluate_aus
from au_detect.evaluation.multilabel import multilabel_scores
from au_detect.evaluation.predictions import Predictions
from au_detect.evaluation.summary import judged_aus, summarise
from au_detect.facs import au_label

COMPARED = ("auc", "tpr", "fpr", "matched_tpr", "f1")
SUMMARY = (
    "mean_auc", "mean_matched_tpr", "mean_tpr", "mean_fpr", "upper_tpr", "lower_tpr", "mean_f1",
    "mean_brier",
)  # fmt: skip


Repeats = Predictions | Sequence[Predictions]
"""One cross-validation, or several with other folds and seeds."""


def compare_predictions(
    predictions: Mapping[str, Repeats],
    n_resamples: int = N_RESAMPLES,
    *,
    matched_fpr: float = MATCHED_FPR,
) -> dict[str, Any]:
    """Compare classifiers with the first one, subject resample by subject resample.

    Parameters
    ----------
    predictions : mapping of str to (Predictions or sequence of them)
        By name of the classifier; all of the same rows and AUs, and equally often repeated. The
        first is the reference. With repeats, intervals of differences allow for what a training
        happens to give, see `repeated_difference_interval`.
    n_resamples : int
        Of the bootstrap over subjects.
    matched_fpr : float
        For the true-positive rate at a false-positive rate that is the same for all.

    Returns
    -------
    dict
        ``reference``; ``n_repeats``; ``matched_fpr``; ``mean_over``: labels of the AUs that means
        are over; ``aus``: label to rate to ``{classifier: value}``, with ``n_positive``, and
        ``rates``: classifier to TPR and FPR as ``[value, low, high]``;
        ``summary``: classifier to number to ``[value, low, high]``; ``differences``: classifier to
        number to ``[classifier minus reference, low, high]``; ``multilabel``: classifier to the
        numbers of `multilabel_scores`; ``costs``: classifier to the mean of what its folds cost.

    Raises
    ------
    InputError
        If there is no classifier, or rows, AUs or numbers of repeats differ.
    """
    if not predictions:
        raise InputError("predictions must hold at least one classifier, got none")
    names = list(predictions)
    repeats = {
        name: [found] if isinstance(found, Predictions) else list(found)
        for name, found in predictions.items()
    }
    first = repeats[names[0]][0]
    for name, runs in repeats.items():
        _check_alike(name, runs, names[0], repeats[names[0]])
    judged = {
        name: [_judge(run, n_resamples, matched_fpr) for run in runs]
        for name, runs in repeats.items()
    }
    columns = judged_aus(judged[names[0]][0].evaluation)
    n_people = len(np.unique(first.subject))
    numbers = {name: [run.summaries(columns) for run in runs] for name, runs in judged.items()}

    def difference(name: str, number: str) -> list[float]:
        pairs = list(zip(numbers[name], numbers[names[0]], strict=True))
        seen = np.array([float(one[0][number] - other[0][number]) for one, other in pairs])
        drawn = np.stack([one[1][number] - other[1][number] for one, other in pairs])
        low, high = repeated_difference_interval(seen, drawn, n_people)
        return [float(seen.mean()), float(low), float(high)]

    return {
        "reference": names[0],
        "n_repeats": len(repeats[names[0]]),
        "matched_fpr": matched_fpr,
        "mean_over": [au_label(first.aus[column]) for column in columns],
        "aus": {
            au_label(au): _one_au(i, judged) | {"n_positive": int((first.y[:, i] == 1).sum())}
            for i, au in enumerate(first.aus)
        },
        "summary": {
            name: {number: _mean_with_interval(numbers[name], number) for number in SUMMARY}
            for name in names
        },
        "differences": {
            name: {number: difference(name, number) for number in SUMMARY} for name in names[1:]
        },
        "multilabel": {
            name: _means([multilabel_scores(run.y, run.decided) for run in runs])
            for name, runs in repeats.items()
        },
        "costs": {
            name: _means([cost for run in runs for cost in run.costs])
            for name, runs in repeats.items()
        },
    }


def _means(numbers: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Return the mean of every number over those that have it."""
    names = dict.fromkeys(name for some in numbers for name in some)
    return {
        name: float(np.mean([some[name] for some in numbers if name in some])) for name in names
    }


@dataclass(frozen=True)
class _Judged:
    """The evaluation of one run, and that of every resample of its people."""

    evaluation: AUEvaluation
    resamples: AUEvaluation

    def summaries(
        self, columns: Sequence[int]
    ) -> tuple[dict[str, NDArray[np.float64]], dict[str, NDArray[np.float64]]]:
        return summarise(self.evaluation, columns), summarise(self.resamples, columns)


def _judge(found: Predictions, n_resamples: int, matched_fpr: float) -> _Judged:
    known = (found.y, found.probabilities, found.thresholds, found.aus)
    return _Judged(
        evaluate_aus(*known, found.compared_within, matched_fpr=matched_fpr),
        resample_subjects(
            *known, found.subject, fold=found.compared_within, n_resamples=n_resamples,
            matched_fpr=matched_fpr,
        ),
    )  # fmt: skip


def _check_alike(
    name: str, runs: Sequence[Predictions], reference: str, others: Sequence[Predictions]
) -> None:
    if len(runs) != len(others) or not runs:
        raise InputError(
            f"{name} must be repeated as often as {reference}, {len(others)} times, got {len(runs)}"
        )
    for run in runs:
        if run.aus != others[0].aus or not np.array_equal(run.rows, others[0].rows):
            raise InputError(f"{name} must be of the same rows and AUs as {reference}")


def _one_au(column: int, judged: Mapping[str, Sequence[_Judged]]) -> dict[str, Any]:
    rates = {
        name: {rate: _rate_with_interval(runs, rate, column) for rate in ("tpr", "fpr")}
        for name, runs in judged.items()
    }
    return {"rates": rates} | {
        rate: {
            name: float(np.mean([getattr(run.evaluation, rate)[column] for run in runs]))
            for name, runs in judged.items()
        }
        for rate in COMPARED
    }


def _rate_with_interval(runs: Sequence[_Judged], rate: str, column: int) -> list[float]:
    value = float(np.mean([getattr(run.evaluation, rate)[column] for run in runs]))
    drawn = np.mean([getattr(run.resamples, rate)[:, column] for run in runs], axis=0)
    low, high = percentile_interval(drawn)
    return [value, float(low), float(high)]


def _mean_with_interval(runs: Sequence[Any], number: str) -> list[float]:
    value = float(np.mean([float(seen[number]) for seen, _ in runs]))
    low, high = percentile_interval(np.mean([drawn[number] for _, drawn in runs], axis=0))
    return [value, float(low), float(high)]


def sentence_about(
    what: str, with_it: Repeats, without: Repeats, n_resamples: int = N_RESAMPLES
) -> str:
    """Say in a sentence what something adds, in mean AUC and mean matched TPR, with intervals.

    Parameters
    ----------
    what : str
        For example ``"Furrows"``.
    with_it, without : Predictions, or sequences of them
        Of the same rows and AUs.
    """
    compared = compare_predictions({"without": without, "with": with_it}, n_resamples)
    auc, low, high = compared["differences"]["with"]["mean_auc"]
    tpr, tpr_low, tpr_high = compared["differences"]["with"]["mean_matched_tpr"]
    verdict = "a gain" if low > 0 else "a loss" if high < 0 else "not told from nothing"
    before = compared["summary"]["without"]["mean_auc"][0]
    after = compared["summary"]["with"]["mean_auc"][0]
    return (
        f"{what}: mean AUC {before:.3f} without, {after:.3f} with, a change of {auc:+.3f} "
        f"(95 % interval {low:+.3f} to {high:+.3f}: {verdict}); mean TPR {tpr:+.3f} "
        f"({tpr_low:+.3f} to {tpr_high:+.3f}) at the same FPR."
    )
