"""Pictures of the sequences that went most wrong, with the landmarks that were seen."""

from __future__ import annotations

import base64
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import AUDetectError
from au_detect.facs import ACTION_UNITS, parse_au
from au_detect.frames.pictures import read_picture, to_grey

SIZE_PX = 220
MARGIN = 0.35
"""Of the size of the face, on every side."""


def worst_faces(worst: list[dict[str, Any]], sequences: LabelledSequences) -> list[dict[str, Any]]:
    """Return the sequences as the page shows them: the face, the landmarks, what was wrong.

    Parameters
    ----------
    worst : list of dict
        See `find_worst`.
    sequences : LabelledSequences
        The collection that ``row`` points into.

    Returns
    -------
    list of dict
        ``subject``, ``name``, ``mistakes`` in words, and ``face``: its ``size_px``, ``points`` in
        this square, and its ``picture`` as JPEG in base64, empty where it cannot be read.
    """
    return [
        {
            "subject": item["subject"],
            "name": item["name"],
            "face": _face(item["picture"], sequences.points[item["row"]]),
            "mistakes": _mistakes(item),
        }
        for item in worst
    ]


def _face(path: str, points: NDArray[np.float32]) -> dict[str, Any]:
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * float(np.max(high - low))
    corner, scale = low - margin, SIZE_PX / float(np.max(high - low) + 2 * margin)
    shown = (points - corner).astype(float) * scale
    return {
        "size_px": SIZE_PX,
        "picture": _picture(path, corner, scale),
        "points": np.round(shown, 1).tolist(),
    }


def _picture(path: str, corner: NDArray[np.floating], scale: float) -> str:
    """Return the picture, cut to the face; nothing if it cannot be read."""
    if not path:
        return ""
    try:
        grey = to_grey(read_picture(path))
    except (AUDetectError, OSError):
        return ""
    shift = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    face = cv2.warpAffine(grey, shift, (SIZE_PX, SIZE_PX), flags=cv2.INTER_AREA)
    jpeg = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
    return base64.b64encode(jpeg).decode()


def _mistakes(item: dict[str, Any]) -> list[str]:
    lines = []
    for kind, title in (("missed", "Missed"), ("false_alarms", "False alarm")):
        wrong = [
            f"{label} {ACTION_UNITS[parse_au(label)].name} ({probability:.2f})"
            for label, probability in item[kind].items()
        ]
        if wrong:
            lines.append(f"{title}: {', '.join(wrong)}")
    return lines
