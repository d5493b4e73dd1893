"""What the server says of a result: plain dictionaries for JSON, the same for page and client.

A number that is not known is None: without a face, or of an action unit whose part of the face
cannot be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypedDict

from au_detect.emotions import EmotionResult
from au_detect.facs import ACTION_UNITS, au_label, intensity_letter
from au_detect.results import AUResult
from au_detect.results.rounding import rounded


class AUAnswer(TypedDict):
    """One action unit of one face in one frame.

    ``probability`` in [0, 1], ``left`` and ``right`` those of the subject's halves; ``on``: the
    decision; ``side``: left less right; ``intensity`` in [0, 5] and, while it is on, its ``level``
    "A" to "E", where the networks know them.
    """

    probability: float | None
    left: float | None
    right: float | None
    on: bool
    side: float | None
    intensity: float | None
    level: str | None


class RowAnswer(TypedDict):
    """One face in one frame, or a frame without any (``found`` is false).

    ``pose`` (Rx, Ry, Rz) and ``gaze`` (right in the picture, down) in radians; ``points``: x and y
    of 68 landmarks in pixels; ``top``: the most probable action units, best first; ``emotions``:
    how much of each rule is seen.
    """

    frame: int
    time_s: float
    face: int
    found: bool
    reliable: bool
    confidence: float
    pose: list[float] | None
    gaze: list[float] | None
    points: list[float] | None
    aus: dict[str, AUAnswer]
    top: list[str]
    emotions: dict[str, float | None]


class PeakAnswer(TypedDict):
    """The highest probability of an action unit, and the first frame that has it."""

    au: str
    probability: float
    frame: int
    on: bool


class FaceAnswer(TypedDict):
    """One face through the input: what it was compared with, and its most probable AUs."""

    face: int
    neutral: str
    neutral_frames: list[int]
    neutral_quality: float | None
    neutral_doubt: str
    top: list[PeakAnswer]
    emotion: str | None


class AUName(TypedDict):
    """An action unit that was looked for, and the probability from which it is on."""

    au: str
    name: str
    part: str
    threshold: float


class Answer(TypedDict):
    """Everything about one input. ``frames`` counts them; ``size``: width and height in px."""

    id: str
    name: str
    kind: str
    frames: int
    size: list[int]
    aus: list[AUName]
    faces: list[FaceAnswer]
    rows: list[RowAnswer]
    notices: list[str]
    settings: dict[str, Any]


def make_answer(
    job: str, result: AUResult, kind: str, size: tuple[int, int], emotions: EmotionResult, top: int
) -> Answer:
    """Return what is answered about a result.

    Parameters
    ----------
    job : str
        Id of the job.
    result : AUResult
    kind : {"picture", "sequence", "video"}
    size : (int, int)
        Width and height in px.
    emotions : EmotionResult
        Of `result`.
    top : int
        How many action units are ranked.
    """
    labels = [au_label(au) for au in result.aus]
    return {
        "id": job,
        "name": result.input,
        "kind": kind,
        "frames": len(np.unique(result.frame)),
        "size": list(size),
        "aus": au_names(result.aus, result.thresholds.tolist()),
        "faces": [_face(result, face, emotions, labels, top) for face in result.face_ids],
        "rows": _rows(result, emotions, labels, top),
        "notices": list(result.settings.get("notices", ())),
        "settings": result.settings,
    }


def au_names(aus: Sequence[int], thresholds: Sequence[float]) -> list[AUName]:
    """Return what action units are called, and their thresholds."""
    return [
        {
            "au": au_label(au),
            "name": ACTION_UNITS[au].name,
            "part": ACTION_UNITS[au].face,
            "threshold": round(float(threshold), 6),
        }
        for au, threshold in zip(aus, thresholds, strict=True)
    ]


def number(value: Any, decimals: int) -> float | None:
    """Return a number as JSON can hold it: rounded as in files, None if it is not known."""
    return None if value is None or not np.isfinite(value) else float(rounded(value, decimals))


def numbers(values: NDArray[Any], decimals: int) -> list[Any]:
    """Return an array as lists, as `number` does."""
    exact = rounded(values, decimals).astype(object)
    exact[~np.isfinite(values)] = None
    listed: list[Any] = exact.tolist()
    return listed


def ranked(probabilities: list[float | None], labels: list[str], top: int) -> list[str]:
    """Return the `top` most probable action units; those that are not visible are left out."""
    known = [(p, label) for p, label in zip(probabilities, labels, strict=True) if p is not None]
    return [label for _, label in sorted(known, key=lambda pair: -pair[0])[:top]]


def _rows(
    result: AUResult, emotions: EmotionResult, labels: list[str], top: int
) -> list[RowAnswer]:
    of_aus = ("probabilities", "left", "right", "side")
    probabilities, left, right, side = (numbers(getattr(result, name), 6) for name in of_aus)
    intensity, active = numbers(result.intensity, 2), result.active.tolist()
    scores, gaze = numbers(emotions.scores, 3), numbers(result.gaze, 6)
    pose, points = numbers(result.pose, 6), numbers(result.points.reshape(len(result), -1), 1)
    rows: list[RowAnswer] = []
    for i, found in enumerate(result.face_found.tolist()):
        columns = zip(
            probabilities[i], left[i], right[i], active[i], side[i], intensity[i], strict=True
        )
        aus = {label: _au(*cells) for label, cells in zip(labels, columns, strict=True)}
        rows.append(
            {
                "frame": int(result.frame[i]),
                "time_s": float(rounded(result.timestamp_s[i], 6)),
                "face": int(result.face_id[i]),
                "found": found,
                "reliable": bool(result.reliable[i]),
                "confidence": float(rounded(result.confidence[i], 6)),
                "pose": pose[i] if None not in pose[i] else None,
                "gaze": gaze[i] if None not in gaze[i] else None,
                "points": points[i] if None not in points[i] else None,
                "aus": aus if found else {},
                "top": ranked(probabilities[i], labels, top),
                "emotions": dict(zip(emotions.emotions, scores[i], strict=True)) if found else {},
            }
        )
    return rows


def _au(
    probability: float | None,
    left: float | None,
    right: float | None,
    on: bool,
    side: float | None,
    intensity: float | None,
) -> AUAnswer:
    level = intensity_letter(intensity) or None if intensity is not None and on else None
    return {
        "probability": probability, "left": left, "right": right, "on": on, "side": side,
        "intensity": intensity, "level": level,
    }  # fmt: skip


def _face(
    result: AUResult, face: int, emotions: EmotionResult, labels: list[str], top: int
) -> FaceAnswer:
    apex = emotions.at_apex(face)
    return {
        "face": face,
        "neutral": result.neutral.get(face, ""),
        "neutral_frames": list(result.neutral_frames.get(face, ())),
        "neutral_quality": number(result.neutral_quality.get(face), 3),
        "neutral_doubt": result.neutral_doubts.get(face, ""),
        "top": _peaks(result, face, labels, top),
        "emotion": apex.emotion if apex else None,
    }


def _peaks(result: AUResult, face: int, labels: list[str], top: int) -> list[PeakAnswer]:
    rows = np.flatnonzero((result.face_id == face) & result.face_found)
    seen = np.nan_to_num(rounded(result.probabilities[rows], 6), nan=-1.0)
    if not seen.size:
        return []
    best = seen.argmax(axis=0)
    order = np.argsort(-seen.max(axis=0), kind="stable")[:top]
    return [
        {
            "au": labels[c],
            "probability": float(seen[best[c], c]),
            "frame": int(result.frame[rows[best[c]]]),
            "on": bool(result.active[rows[best[c]], c]),
        }
        for c in order.tolist()
        if seen[best[c], c] >= 0
    ]
