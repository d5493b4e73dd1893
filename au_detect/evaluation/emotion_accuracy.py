"""How often the rules name the labelled emotion: from the coded AUs, and from the detected ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.sequences import LabelledSequences
from au_detect.emotions import EmotionResult
from au_detect.emotions.recognition import emotions_from_aus
from au_detect.evaluation.intervals import percentile_interval, resample_subjects
from au_detect.evaluation.predictions import Predictions


def emotion_accuracy(tested: LabelledSequences, predictions: Predictions) -> dict[str, Any] | None:
    """Return accuracies over the sequences with a labelled emotion; None if there are none.

    Parameters
    ----------
    tested : LabelledSequences
        The tested rows, with the attribute ``emotion`` ("" unknown).
    predictions : Predictions
        Of the same rows.

    Returns
    -------
    dict or None
        ``n`` sequences, ``emotions`` (those that were labelled), and for ``coded`` and
        ``detected`` AUs the ``accuracy`` with its interval and the ``confusion``: rows are the
        labelled emotions, columns the answers ``answers``, counts.

    Notes
    -----
    AUs that were not evaluated (too few people show them) are unknown to both, so that both
    answer from the same AUs. What a coder could not tell counts as not written down. No sides are
    known, so that contempt is never answered.
    """
    labelled = tested.attributes.get("emotion")
    if labelled is None or not (labelled.astype(str) != "").any():
        return None
    chosen = labelled.astype(str) != ""
    truth = labelled.astype(str)[chosen]
    subject = predictions.subject[chosen]
    coded = emotions_from_aus(predictions.y[chosen] == 1, predictions.aus)
    detected = emotions_from_aus(predictions.decided[chosen], predictions.aus)
    names = tuple(np.unique(truth))
    return {
        "n": int(chosen.sum()),
        "emotions": list(names),
        "answers": list(coded.emotions),
        "coded": _judged(coded, truth, names, subject),
        "detected": _judged(detected, truth, names, subject),
    }


def _judged(
    result: EmotionResult,
    truth: NDArray[np.str_],
    names: tuple[str, ...],
    subject: NDArray[Any],
) -> dict[str, Any]:
    scores = np.where(np.isfinite(result.scores), result.scores, -1)
    answer = np.array(result.emotions)[scores.argmax(axis=1)]
    right = (answer == truth).astype(float)[:, None]
    # Accuracy is the rate of "detections" among cells that are all positive.
    resamples = resample_subjects(np.ones_like(right), right, [0.5], (1,), subject)
    low, high = percentile_interval(resamples.tpr[:, 0])
    return {
        "accuracy": [float(right.mean()), float(low), float(high)],
        "confusion": [
            [int(((truth == name) & (answer == other)).sum()) for other in result.emotions]
            for name in names
        ],
    }
