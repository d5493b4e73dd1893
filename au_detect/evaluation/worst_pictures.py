"""Pictures of the sequences that went most wrong, with the landmarks that were seen."""

from __future__ import annotations

import base64
from html import escape
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


def worst_gallery(worst: list[dict[str, Any]], sequences: LabelledSequences) -> str:
    """Return the sequences as figures, as HTML: the face, the landmarks, what was wrong.

    Parameters
    ----------
    worst : list of dict
        See `find_worst`.
    sequences : LabelledSequences
        The collection that ``row`` points into.
    """
    figures = [
        f"<figure>{_face(item, sequences.points[item['row']])}"
        f"<figcaption>{_caption(item)}</figcaption></figure>"
        for item in worst
    ]
    return f'<div class="gallery">{"".join(figures)}</div>'


def _face(item: dict[str, Any], points: NDArray[np.float32]) -> str:
    """Return the face as SVG: landmarks, over the picture where it can be read."""
    low, high = points.min(axis=0), points.max(axis=0)
    margin = MARGIN * float(np.max(high - low))
    corner, scale = low - margin, SIZE_PX / float(np.max(high - low) + 2 * margin)
    radius = 1.6
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>' for x, y in (points - corner) * scale
    )
    said = escape(f"{item['subject']} {item['name']}".strip())
    return (
        f'<svg viewBox="0 0 {SIZE_PX} {SIZE_PX}" role="img" aria-label="{said}">'
        f"{_picture(item['picture'], corner, scale)}"
        f'<g class="landmarks">{dots}</g></svg>'
    )


def _picture(path: str, corner: NDArray[np.floating], scale: float) -> str:
    """Return the picture, cut to the face and embedded; nothing if it cannot be read."""
    if not path:
        return ""
    try:
        grey = to_grey(read_picture(path))
    except (AUDetectError, OSError):
        return ""
    shift = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    face = cv2.warpAffine(grey, shift, (SIZE_PX, SIZE_PX), flags=cv2.INTER_AREA)
    jpeg = cv2.imencode(".jpg", face, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes()
    data = base64.b64encode(jpeg).decode()
    return f'<image width="{SIZE_PX}" height="{SIZE_PX}" href="data:image/jpeg;base64,{data}"/>'


def _caption(item: dict[str, Any]) -> str:
    lines = [f"<b>{escape(item['subject'])}</b> {escape(item['name'])}"]
    for kind, title in (("missed", "Missed"), ("false_alarms", "False alarm")):
        wrong = [
            f"{label} {ACTION_UNITS[parse_au(label)].name} ({probability:.2f})"
            for label, probability in item[kind].items()
        ]
        if wrong:
            lines.append(f"{title}: {', '.join(wrong)}")
    return "<br>".join(lines)
