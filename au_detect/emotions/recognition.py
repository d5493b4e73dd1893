"""Emotions on top of action units (AUs): how much of each emotion's rule is seen.

`au_detect.emotions.scores` says how that is measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from au_detect.emotions.result import EmotionResult
from au_detect.emotions.rules import NEUTRAL, EmotionRule, read_emotion_rules
from au_detect.emotions.scores import neutral_score, rule_score, strong_enough, support_of
from au_detect.errors import InputError, check_shape

if TYPE_CHECKING:
    from au_detect.results.result import AUResult


def recognise_emotions(
    result: AUResult, rules: Sequence[EmotionRule] | None = None
) -> EmotionResult:
    """Return the emotions of every row of a result that shows both halves of a face.

    Parameters
    ----------
    result : AUResult
    rules : sequence of EmotionRule, optional
        See `read_emotion_rules`; by default the packaged ones.
    """
    whole = np.all(result.seen, axis=1, keepdims=True)
    return emotions_from_aus(
        np.where(whole, result.active, np.nan),
        result.aus,
        side=result.side,
        probabilities=np.where(whole, result.probabilities, np.nan),
        thresholds=result.thresholds,
        intensity=result.intensity,
        frame=result.frame,
        face_id=result.face_id,
        rules=rules,
    )


def emotions_from_aus(
    active: ArrayLike,
    aus: Sequence[int],
    *,
    side: ArrayLike | None = None,
    probabilities: ArrayLike | None = None,
    thresholds: ArrayLike | None = None,
    intensity: ArrayLike | None = None,
    frame: ArrayLike | None = None,
    face_id: ArrayLike | None = None,
    rules: Sequence[EmotionRule] | None = None,
) -> EmotionResult:
    """Return the emotions that AUs show, for example those that a coder wrote down.

    Parameters
    ----------
    active : array_like of bool, or 0, 1 and NaN, shape (n_rows, n_aus)
        Which AUs are on. A row of NaN (no face) is not judged.
    aus : sequence of int
        FACS numbers of the columns.
    side : array_like, shape (n_rows, n_aus), optional
        In [-1, 1]: 0 both halves alike, 1 the subject's left alone. Without it, or where it is
        NaN, one-sided emotions (contempt) are NaN.
    probabilities, thresholds : array_like, shape (n_rows, n_aus) and (n_aus,), optional
        Both or neither: they grade the scores; without them an AU counts wholly or not at all.
    intensity : array_like, shape (n_rows, n_aus), optional
        0 to 5, for rules that ask for one; NaN where it is not known.
    frame, face_id : array_like of int, shape (n_rows,), optional
        By default every row is a frame of face 0.
    rules : sequence of EmotionRule, optional
        See `read_emotion_rules`; by default the packaged ones.

    Raises
    ------
    InputError
        If a shape is another, or probabilities or thresholds are given alone.
    """
    on = np.asarray(active, dtype=float)
    check_shape("active", on, ("n_rows", len(aus)))
    if (probabilities is None) != (thresholds is None):
        raise InputError("probabilities and thresholds must be given together, got one of them")
    support = on
    if probabilities is not None and thresholds is not None:
        support = support_of(probabilities, thresholds, on)
    sides = np.full(on.shape, np.nan) if side is None else np.asarray(side, dtype=float)
    check_shape("side", sides, on.shape)
    strong = np.full(on.shape, np.nan) if intensity is None else np.asarray(intensity, dtype=float)
    check_shape("intensity", strong, on.shape)
    used, known = read_emotion_rules() if rules is None else tuple(rules), tuple(aus)
    scores = np.column_stack(
        [
            rule_score(rule, support * strong_enough(rule, strong, known), sides, known)
            for rule in used
        ]
    )
    best = np.where(np.isnan(scores), -1.0, scores).max(axis=1)
    neutral = np.where(best >= 0, neutral_score(best), np.nan)
    n = len(on)
    return EmotionResult(
        emotions=(NEUTRAL, *(rule.name for rule in used)),
        scores=np.column_stack([neutral, scores]).astype(np.float32),
        rules=used,
        aus=tuple(int(au) for au in aus),
        active=on == 1,
        side=sides.astype(np.float32),
        intensity=strong.astype(np.float32),
        frame=np.arange(n) if frame is None else np.asarray(frame, dtype=np.int64),
        face_id=np.zeros(n, dtype=np.int64) if face_id is None else np.asarray(face_id, np.int64),
    )
