"""Pictures of a report: embedded, with the landmarks drawn over them in SVG."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_shape
from au_detect.landmarks import N_LANDMARKS, REGIONS

CLOSED_REGIONS = ("right_eye", "left_eye", "outer_lip", "inner_lip")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Thumbnail:
    """A picture to embed in a report.

    Parameters
    ----------
    png : bytes
        The picture as a PNG file.
    caption : str
        What it shows, for example ``"neutral, frame 0"``.
    points : ndarray, shape (68, 2), optional
        Landmarks to draw over it, in pixels of this picture.

    Raises
    ------
    InputError
        If `png` is no PNG file, or `points` has another shape.
    """

    png: bytes
    caption: str
    points: NDArray[np.floating] | None = None

    def __post_init__(self) -> None:
        if self.png[:8] != PNG_SIGNATURE or len(self.png) < 24:
            raise InputError(f"png must be a PNG file, got {self.png[:8]!r}")
        if self.points is not None:
            check_shape("points", np.asarray(self.points), (N_LANDMARKS, 2))

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height, read from the PNG header."""
        return int.from_bytes(self.png[16:20], "big"), int.from_bytes(self.png[20:24], "big")


def gallery(thumbnails: Sequence[Thumbnail]) -> str:
    """Return the pictures side by side, as HTML; nothing if there are none."""
    if not thumbnails:
        return ""
    return f'<div class="gallery">{"".join(_picture(shown) for shown in thumbnails)}</div>'


def _picture(shown: Thumbnail) -> str:
    width, height = shown.size_px
    data = base64.b64encode(shown.png).decode()
    caption = escape(shown.caption)
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" role="img" aria-label="{caption}">'
        f'<image width="{width}" height="{height}" href="data:image/png;base64,{data}"/>'
        f"{_landmark_marks(shown)}</svg><figcaption>{caption}</figcaption></figure>"
    )


def _landmark_marks(shown: Thumbnail) -> str:
    if shown.points is None or not np.isfinite(shown.points).all():
        return ""
    points = np.asarray(shown.points)
    lines = []
    for name, region in REGIONS.items():
        tag = "polygon" if name in CLOSED_REGIONS else "polyline"
        corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in points[region])
        lines.append(f'<{tag} points="{corners}"/>')
    radius = max(shown.size_px) / 200
    dots = (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.2f}"/>' for x, y in points)
    return f'<g class="landmarks" stroke-width="{radius / 2:.2f}">{"".join([*lines, *dots])}</g>'
