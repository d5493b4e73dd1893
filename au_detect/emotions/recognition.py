"""Emotions on top of action units (AUs): how much of each emotion's rule is seen.

Conventions
-----------
- An AU's support is 1/2 at its threshold and follows its odds: with probability ``p`` and
  threshold ``t`` it is ``o / (o + o_t)``, where ``o = p / (1 - p)`` and ``o_t = t / (1 - t)``.
  From decisions alone it is 0 or 1.
- A score says how much of a rule is matched, in [0, 1]. It is no probability, and the scores of
  a row do not add up to 1.
- "neutral" scores what the best rule lacks to `ANSWERED_FROM` twice: it is the answer where no rule
  is matched so far. AUs just over their thresholds, of which some are false, make no emotion.
- AUs that a result does not have neither match nor miss: they are left out, and a required
  combination counts only where more than half of it is known. A rule without any is NaN. So is
  a one-sided rule where no sides were measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from au_detect.emotions.rules import (
    NEUTRAL,
    Choice,
    EmotionRule,
    choice_text,
    read_emotion_rules,
)
from au_detect.errors import InputError, check_option, check_shape

if TYPE_CHECKING:
    from au_detect.results import AUResult

REQUIRED_SHARE = 2 / 3
"""Weight of the required AUs; the optional ones have the rest."""

ANSWERED_FROM = 0.6
"""How much of its rule must be matched for an emotion to be the answer."""

SIDED_FROM = 0.5
"""An AU counts as one-sided by 0 up to this |side|, by 1 at |side| 1, evenly in between: the sides
of ordinary smiles differ by up to about a half."""

APEX_ROWS = 5
"""The apex of a sequence is sought in weighted means over this many rows (weights 1 2 3 2 1): one
odd frame is no apex."""

Array = NDArray[np.float32]


@dataclass(frozen=True)
class EmotionMatch:
    """What of an emotion's rule is seen.

    Attributes
    ----------
    matched : tuple of int
        AUs of the full display that are on.
    missing : tuple of str
        What of the full display is not: ``("26|27",)`` is "26 or 27".
    against : tuple of int
        Excluded AUs that are on.
    """

    matched: tuple[int, ...]
    missing: tuple[str, ...]
    against: tuple[int, ...]


@dataclass(frozen=True)
class SequenceEmotion:
    """The emotion of a whole sequence.

    Attributes
    ----------
    face_id : int
    row, frame : int
        The apex: where an emotion is seen best, or of a neutral sequence the least neutral row.
    ranking : tuple of (str, float)
        All emotions with their scores around the apex, best first; the first one is the answer.
    """

    face_id: int
    row: int
    frame: int
    ranking: tuple[tuple[str, float], ...]

    @property
    def emotion(self) -> str:
        """The answer."""
        return self.ranking[0][0]


@dataclass(frozen=True, eq=False)
class EmotionResult:
    """The emotions of every row of a result.

    Attributes
    ----------
    emotions : tuple of str
        ``"neutral"`` first, then the rules in their order.
    scores : ndarray of float32, shape (n_rows, n_emotions)
        How much of the rule matched, in [0, 1]; not a probability. NaN where there is no face,
        or an emotion cannot be judged.
    rules : tuple of EmotionRule
    aus : tuple of int
        The AUs that were known.
    active : ndarray of bool, shape (n_rows, n_aus)
        Which of them are on.
    side : ndarray of float32, shape (n_rows, n_aus)
        In [-1, 1]; NaN where not measured.
    frame, face_id : ndarray of int64, shape (n_rows,)
    """

    emotions: tuple[str, ...]
    scores: Array
    rules: tuple[EmotionRule, ...]
    aus: tuple[int, ...]
    active: NDArray[np.bool_]
    side: Array
    frame: NDArray[np.int64]
    face_id: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def answer(self) -> NDArray[np.str_]:
        """The emotion with the highest score of every row, shape (n_rows,); "" without a face."""
        judged = np.isfinite(self.scores).any(axis=1)
        best = np.where(np.isnan(self.scores), -1.0, self.scores).argmax(axis=1)
        return np.where(judged, np.array(self.emotions)[best], "")

    @property
    def unknown(self) -> dict[str, tuple[int, ...]]:
        """For each emotion the AUs of its rule that the result does not have; {} if it has all."""
        lacking = {r.name: tuple(au for au in r.aus if au not in self.aus) for r in self.rules}
        return {name: aus for name, aus in lacking.items() if aus}

    def match(self, row: int, emotion: str) -> EmotionMatch:
        """Say which AUs of an emotion's rule are on in a row, and which are missing.

        Raises
        ------
        InputError
            If `emotion` has no rule.
        """
        rules = {rule.name: rule for rule in self.rules}
        check_option("emotion", emotion, tuple(rules))
        rule = rules[emotion]
        on = {au for au, is_on in zip(self.aus, self.active[row], strict=True) if is_on}
        shown = on
        if rule.one_sided:
            one_sided = _one_sided(self.side[row]) >= 0.5
            shown = on & {au for au, is_one in zip(self.aus, one_sided, strict=True) if is_one}
        choices = [choice for choice in rule.display if set(choice) & set(self.aus)]
        return EmotionMatch(
            matched=tuple(sorted({au for choice in choices for au in choice} & shown)),
            missing=tuple(choice_text(choice) for choice in choices if not set(choice) & shown),
            against=tuple(au for au in rule.excluded if au in on),
        )

    def at_apex(self, face_id: int = 0) -> SequenceEmotion | None:
        """Return the emotion of the sequence of one face, or None if no row shows it.

        The apex is where the best emotion (neutral aside) scores highest in the mean over
        `APEX_ROWS` rows with the face.

        Raises
        ------
        InputError
            If no row has this `face_id`.
        """
        check_option("face_id", face_id, np.unique(self.face_id).tolist())
        rows = np.flatnonzero((self.face_id == face_id) & np.isfinite(self.scores).any(axis=1))
        if not len(rows):
            return None
        smooth = _running_mean(self.scores[rows].astype(float))
        expression = np.nan_to_num(smooth[:, 1:], nan=-1.0).max(axis=1)
        apex = int(expression.argmax())
        scores = smooth[apex].copy()
        scores[0] = _neutral_score(expression[apex])
        order = np.argsort(-np.nan_to_num(scores, nan=-1.0), kind="stable")
        ranking = [(self.emotions[i], float(scores[i])) for i in order if np.isfinite(scores[i])]
        row = int(rows[apex])
        return SequenceEmotion(face_id, row, int(self.frame[row]), tuple(ranking))

    def to_dataframe(self) -> pd.DataFrame:
        """Return ``emotion`` (the answer) and ``emotion_<name>`` (the scores, six decimals)."""
        columns = {"emotion": self.answer}
        for name, scores in zip(self.emotions, self.scores.astype(float).T, strict=True):
            columns[f"emotion_{name}"] = np.round(scores, 6) + 0.0
        return pd.DataFrame(columns)


def recognise_emotions(
    result: AUResult, rules: Sequence[EmotionRule] | None = None
) -> EmotionResult:
    """Return the emotions of every row of a result.

    Parameters
    ----------
    result : AUResult
    rules : sequence of EmotionRule, optional
        See `read_emotion_rules`; by default the packaged ones.
    """
    return emotions_from_aus(
        np.where(result.face_found[:, None], result.active, np.nan),
        result.aus,
        side=result.side,
        probabilities=result.probabilities,
        thresholds=result.thresholds,
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
        support = _support(probabilities, thresholds, on)
    sides = np.full(on.shape, np.nan) if side is None else np.asarray(side, dtype=float)
    check_shape("side", sides, on.shape)
    used = read_emotion_rules() if rules is None else tuple(rules)
    scores = np.column_stack([_score(rule, support, sides, tuple(aus)) for rule in used])
    best = np.where(np.isnan(scores), -1.0, scores).max(axis=1)
    neutral = np.where(best >= 0, _neutral_score(best), np.nan)
    n = len(on)
    return EmotionResult(
        emotions=(NEUTRAL, *(rule.name for rule in used)),
        scores=np.column_stack([neutral, scores]).astype(np.float32),
        rules=used,
        aus=tuple(int(au) for au in aus),
        active=on == 1,
        side=sides.astype(np.float32),
        frame=np.arange(n) if frame is None else np.asarray(frame, dtype=np.int64),
        face_id=np.zeros(n, dtype=np.int64) if face_id is None else np.asarray(face_id, np.int64),
    )


def _neutral_score(best: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(2.0 * ANSWERED_FROM - np.maximum(best, 0.0), 0.0, 1.0)


def _support(
    probabilities: ArrayLike, thresholds: ArrayLike, on: NDArray[np.float64]
) -> NDArray[np.float64]:
    p, t = np.asarray(probabilities, dtype=float), np.asarray(thresholds, dtype=float)
    check_shape("probabilities", p, on.shape)
    check_shape("thresholds", t, on.shape[1:])
    if not ((t > 0) & (t < 1)).all():
        raise InputError(f"thresholds must be in (0, 1), got {t.tolist()}")
    for_it, against_it = p * (1.0 - t), (1.0 - p) * t
    support: NDArray[np.float64] = for_it / (for_it + against_it)
    return support


def _score(
    rule: EmotionRule,
    support: NDArray[np.float64],
    side: NDArray[np.float64],
    aus: tuple[int, ...],
) -> NDArray[np.float64]:
    """Return how much of one rule is matched in every row, shape (n_rows,).

    The required AUs of a one-sided rule count as far as the most one-sided of them that is on.
    """

    def known(choices: Sequence[Choice]) -> list[list[int]]:
        columns = [[aus.index(au) for au in choice if au in aus] for choice in choices]
        return [part for part in columns if part]

    def seen(columns: list[int]) -> NDArray[np.float64]:
        best: NDArray[np.float64] = support[:, columns].max(axis=1)
        return best

    def seen_as_required(columns: list[int]) -> NDArray[np.float64]:
        if not rule.one_sided:
            return seen(columns)
        clearest = _one_sided(side[:, columns]) * np.minimum(2.0 * support[:, columns], 1.0)
        return seen(columns) * clearest.max(axis=1)

    combinations = [
        np.mean([seen_as_required(columns) for columns in found], axis=0)
        for choices in rule.required
        if 2 * len(found := known(choices)) > len(choices)
    ]
    if not combinations:
        return np.full(len(support), np.nan)
    score = np.max(combinations, axis=0)
    if optional := known(rule.optional):
        rest = np.mean([seen(columns) for columns in optional], axis=0)
        score = REQUIRED_SHARE * score + (1.0 - REQUIRED_SHARE) * rest
    for columns in known([(au,) for au in rule.excluded]):
        score = np.minimum(score, score * (2.0 - 2.0 * seen(columns)))
    return np.asarray(score, dtype=float)


def _one_sided(side: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return how far AUs are shown on one half of the face only, in [0, 1]."""
    return np.clip((np.abs(side) - SIDED_FROM) / (1.0 - SIDED_FROM), 0.0, 1.0)


def _running_mean(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return means over `APEX_ROWS` rows about each row, near ones weighing more."""
    half = APEX_ROWS // 2
    weights = np.convolve(np.ones(half + 1), np.ones(half + 1))
    total = np.convolve(np.ones(len(scores)), weights)[half : half + len(scores)]
    columns = [np.convolve(column, weights)[half : half + len(scores)] for column in scores.T]
    return np.column_stack(columns) / total[:, None]
