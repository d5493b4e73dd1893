"""A result as notebooks show it: what is on in each face, and its course as a sparkline."""

from __future__ import annotations

from typing import Any

import numpy as np

from au_detect.report.environment import environment
from au_detect.results import AUResult

WIDTH, HEIGHT = 160, 20
MAX_POINTS = 160


def result_as_html(result: AUResult) -> str:
    """Return a piece of HTML about a result; see `AUResult` in a notebook."""
    faces = [face for number in result.face_ids if (face := _face(result, number))]
    page = environment().get_template("notebook.html").render(
        name=result.input.encode("utf-8", "backslashreplace").decode(),
        n_rows=len(result), n_found=int(result.face_found.sum()), faces=faces,
        is_clip=len(np.unique(result.frame)) > 1, width=WIDTH, height=HEIGHT,
    )  # fmt: skip
    return str(page)


def _face(result: AUResult, face_id: int) -> dict[str, Any] | None:
    face = result.face(face_id)
    if not face.face_found.any():
        return None
    active = face.active
    columns = np.flatnonzero(active.any(axis=0))
    order = columns[np.argsort(-np.nanmax(face.probabilities[:, columns], axis=0), kind="stable")]
    rows = [
        {
            "au": face.aus[column],
            "peak": float(np.nanmax(face.probabilities[:, column])),
            "share": float(active[face.face_found, column].mean()),
            "threshold_y": _y(float(face.thresholds[column])),
            "points": _points(face, int(column)),
        }
        for column in order
    ]
    return {"face_id": face_id, "rows": rows, "neutral": face.neutral.get(face_id, "")}


def _points(face: AUResult, column: int) -> str:
    """Return the course of an AU as the points of a polyline: each the highest of its frames."""
    p = np.nan_to_num(face.probabilities[:, column].astype(float))
    parts = np.array_split(p, min(len(p), MAX_POINTS))
    x = np.linspace(0, WIDTH, len(parts))
    return " ".join(f"{at:.1f},{_y(part.max()):.1f}" for at, part in zip(x, parts, strict=True))


def _y(p: float) -> float:
    return round(HEIGHT - 1 - p * (HEIGHT - 2), 1)
