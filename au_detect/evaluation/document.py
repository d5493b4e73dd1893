"""Everything an evaluation found, as one JSON-able document: report and model card are made of it.

Rates stand beside their interval as ``[value, low, high]``; what is undefined is None.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation.curves import reliability_curve, roc_curve
from au_detect.evaluation.emotion_accuracy import emotion_accuracy
from au_detect.evaluation.intensity_numbers import intensity_numbers
from au_detect.evaluation.intervals import (
    FEW_PEOPLE,
    N_RESAMPLES,
    rate_interval,
    resample_subjects,
    with_interval,
)
from au_detect.evaluation.matrices import confusion, cooccurrence
from au_detect.evaluation.metrics import MATCHED_FPR, RATES, evaluate_aus
from au_detect.evaluation.predictions import Predictions
from au_detect.evaluation.summary import judged_aus, summarise
from au_detect.evaluation.worst import find_worst
from au_detect.facs import ACTION_UNITS, au_label
from au_detect.results.files import write_atomically
from au_detect.version import __version__

FORMAT = "au_detect evaluation"
FORMAT_VERSION = 1
MAX_ROC_POINTS = 200
COUNTS = ("n_positive", "n_negative", "n_missing", "tp", "fp", "fn", "tn")


def evaluation_document(
    predictions: Predictions,
    sequences: LabelledSequences,
    *,
    protocol: Mapping[str, Any],
    classifier: Mapping[str, Any],
    labelling: Mapping[str, Any] | None = None,
    dropped: Mapping[str, int] | None = None,
    n_resamples: int = N_RESAMPLES,
    matched_fpr: float = MATCHED_FPR,
) -> dict[str, Any]:
    """Return all numbers of an evaluation.

    Parameters
    ----------
    predictions : Predictions
    sequences : LabelledSequences
        The collection that `predictions.rows` points into.
    protocol, classifier : mapping
        What is said of how rows were divided, and of what was trained; JSON-able.
    labelling : mapping, optional
        From which ``minimum_intensity`` on an AU counts as present, and what became of ``faint``
        ones; by default from 1 on, and ignored.
    dropped : mapping of str to int, optional
        AUs that too few subjects show, with the number of those subjects.
    n_resamples : int
        Of the bootstrap over subjects.
    matched_fpr : float
        See `AUEvaluation.matched_tpr`.
    """
    known = (predictions.y, predictions.probabilities, predictions.thresholds, predictions.aus)
    within = predictions.compared_within
    evaluation = evaluate_aus(*known, within, matched_fpr=matched_fpr)
    resamples = resample_subjects(
        *known, predictions.subject, fold=within, n_resamples=n_resamples, matched_fpr=matched_fpr
    )
    columns = judged_aus(evaluation)
    tested = sequences.rows(predictions.rows)
    document = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "au_detect_version": __version__,
        "data": describe_data(tested, dropped or {}),
        "protocol": dict(protocol),
        "labelling": dict(labelling or {"minimum_intensity": 1.0, "faint": "ignore"}),
        "classifier": dict(classifier),
        "interval": f"95 %, {n_resamples} bootstrap resamples of the subjects; Wilson's where "
        f"fewer than {FEW_PEOPLE} show an AU",
        "matched_fpr": matched_fpr,
        "mean_over": [au_label(predictions.aus[column]) for column in columns],
        "aus": {
            au_label(au): _one_au(column, predictions, evaluation, resamples)
            for column, au in enumerate(predictions.aus)
        },
        "summary": _summary(evaluation, resamples, columns, _most_people(predictions, columns)),
        "reliability": _reliability(predictions.y, predictions.probabilities),
        "cooccurrence": {
            "coded": cooccurrence(predictions.y),
            "detected": cooccurrence(predictions.decided),
        },
        "confusion": confusion(predictions.y, predictions.decided),
        "intensity": intensity_numbers(predictions, tested, n_resamples),
        "emotions": emotion_accuracy(tested, predictions),
        "worst": find_worst(tested, predictions),
        "history": predictions.history,
    }
    return plain(document)


def describe_data(sequences: LabelledSequences, dropped: Mapping[str, int]) -> dict[str, Any]:
    """Return what a document says of the tested sequences."""
    return {
        "source": sequences.source,
        "n_sequences": len(sequences),
        "n_subjects": sequences.n_subjects,
        "landmark_model": sequences.landmark_model,
        "dropped_aus": dict(dropped),
    }


def plain(value: Any) -> Any:
    """Return the value as JSON can hold it: lists, floats; None for NaN."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(inner) for inner in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value


def write_document(document: Mapping[str, Any], path: str | PathLike[str]) -> None:
    """Write a document as a JSON file; an older file is replaced whole."""
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    write_atomically(path, f"{text}\n".encode())


def _one_au(
    column: int, predictions: Predictions, evaluation: Any, resamples: Any
) -> dict[str, Any]:
    au = predictions.aus[column]
    y, scores = predictions.y[:, column], predictions.probabilities[:, column]
    people = _people(predictions, column)
    fpr, tpr = roc_curve(y, scores)
    kept = np.unique(np.linspace(0, max(len(fpr) - 1, 0), MAX_ROC_POINTS).astype(int))
    kept = kept[: len(fpr)]
    return {
        "name": ACTION_UNITS[au].name,
        "face": ACTION_UNITS[au].face,
        "n_positive_subjects": people["positive"],
        "n_negative_subjects": people["negative"],
        **{name: getattr(evaluation, name)[column] for name in COUNTS},
        "threshold": evaluation.thresholds[column],
        "rates": {
            name: _rate_with_interval(
                getattr(evaluation, name)[column],
                getattr(resamples, name)[:, column],
                people[STANDS_ON[name]] if name in STANDS_ON else None,
            )
            for name in RATES
        },
        "roc": {"fpr": np.round(fpr[kept], 5), "tpr": np.round(tpr[kept], 5)},
        "calibration_error": reliability_curve(y, scores).calibration_error,
    }


STANDS_ON = {
    "tpr": "positive",
    "matched_tpr": "positive",
    "f1": "positive",
    "fpr": "negative",
    "precision": "detected",
    "auc": "either",
    "pr_auc": "either",
}
"""Rate -> whose number says how sure it is."""


def _people(predictions: Predictions, column: int) -> dict[str, int]:
    """Return how many people show an AU, do not, and were said to."""
    y, who = predictions.y[:, column], predictions.subject
    found = {
        "positive": len(np.unique(who[y == 1])),
        "negative": len(np.unique(who[y == 0])),
        "detected": len(np.unique(who[(predictions.decided[:, column] == 1) & np.isfinite(y)])),
    }
    return found | {"either": min(found["positive"], found["negative"])}


def _rate_with_interval(value: float, resampled: ArrayLike, n_people: int | None) -> list[float]:
    low, high = rate_interval(float(value), resampled, n_people)
    return [float(value), float(low), float(high)]


def _most_people(predictions: Predictions, columns: Sequence[int]) -> int:
    """Return on how many people the rates of the AU stand that most people show."""
    return max((_people(predictions, column)["either"] for column in columns), default=0)


def _summary(
    evaluation: Any, resamples: Any, columns: Sequence[int], n_people: int
) -> dict[str, list[float]]:
    """Return means with intervals; one person alone cannot say how far others would move them."""
    values, drawn = summarise(evaluation, columns), summarise(resamples, columns)
    if n_people < 2:
        return {name: [float(value), np.nan, np.nan] for name, value in values.items()}
    return {name: with_interval(float(values[name]), drawn[name]) for name in values}


def _reliability(y: ArrayLike, probabilities: ArrayLike) -> dict[str, Any]:
    curve = reliability_curve(y, probabilities)
    return {
        "predicted": curve.predicted,
        "observed": curve.observed,
        "n": curve.n,
        "calibration_error": curve.calibration_error,
    }
