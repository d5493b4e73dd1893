"""What `recognise_emotions` returns: the emotions of every row, their AUs and the apex."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from au_detect.emotions.rules import EmotionRule, choice_text
from au_detect.emotions.scores import neutral_score, one_sidedness, strong_enough
from au_detect.errors import check_option

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
        half of it is not visible, or an emotion cannot be judged.
    rules : tuple of EmotionRule
    aus : tuple of int
        The AUs that were known.
    active : ndarray of bool, shape (n_rows, n_aus)
        Which of them are on.
    side : ndarray of float32, shape (n_rows, n_aus)
        In [-1, 1]; NaN where not measured.
    intensity : ndarray of float32, shape (n_rows, n_aus)
        0 to 5; NaN where not known.
    frame, face_id : ndarray of int64, shape (n_rows,)
    """

    emotions: tuple[str, ...]
    scores: Array
    rules: tuple[EmotionRule, ...]
    aus: tuple[int, ...]
    active: NDArray[np.bool_]
    side: Array
    intensity: Array
    frame: NDArray[np.int64]
    face_id: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)

    @property
    def answer(self) -> NDArray[np.str_]:
        """The emotion with the highest score of every row, shape (n_rows,); "" if none is known."""
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
        strong = strong_enough(rule, self.intensity[row : row + 1].astype(float), self.aus)[0]
        active = self.active[row] & (strong >= 1)
        on = {au for au, is_on in zip(self.aus, active, strict=True) if is_on}
        shown = on
        if rule.one_sided:
            one_sided = one_sidedness(self.side[row]) >= 0.5
            shown = on & {au for au, is_one in zip(self.aus, one_sided, strict=True) if is_one}
        choices = [choice for choice in rule.display if set(choice) & set(self.aus)]
        return EmotionMatch(
            matched=tuple(sorted({au for choice in choices for au in choice} & shown)),
            missing=tuple(choice_text(choice) for choice in choices if not set(choice) & shown),
            against=tuple(au for au in rule.excluded if au in on),
        )

    def at_apex(self, face_id: int = 0) -> SequenceEmotion | None:
        """Return the emotion of the sequence of one face, or None if no row shows both halves.

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
        scores[0] = neutral_score(expression[apex])
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


def _running_mean(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return means over `APEX_ROWS` rows about each row, near ones weighing more."""
    half = APEX_ROWS // 2
    weights = np.convolve(np.ones(half + 1), np.ones(half + 1))
    total = np.convolve(np.ones(len(scores)), weights)[half : half + len(scores)]
    columns = [np.convolve(column, weights)[half : half + len(scores)] for column in scores.T]
    return np.column_stack(columns) / total[:, None]
