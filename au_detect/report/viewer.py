"""The viewer of a report: pictures of some frames with landmarks, AUs and why they are on.

Pictures are cut to the face, shrunk and embedded as JPEG; the page's script shows one of them.
"""

from __future__ import annotations

import base64
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.emotions import EmotionResult
from au_detect.errors import AUDetectError
from au_detect.facs import ACTION_UNITS, au_label, intensity_letter
from au_detect.frames import open_frames
from au_detect.landmarks import CLOSED_REGIONS, REGIONS
from au_detect.plots.face_view import face_view
from au_detect.results import AUResult

HEIGHT_PX = 300
JPEG_QUALITY = 78
MAX_PICTURES = 40
"""Of one face; a page with many faces shows fewer of each."""
MAX_PICTURES_OF_PAGE = 400
N_NEUTRAL = 3
"""Frames shown of those that the neutral face was made of."""

OUTLINES = [[place.start, place.stop, name in CLOSED_REGIONS] for name, place in REGIONS.items()]
"""First landmark, the one after the last, and whether the line is closed, of every region."""


@dataclass(frozen=True)
class View:
    """One frame as the viewer shows it.

    Attributes
    ----------
    row : int
        Of the result.
    size : (int, int)
        Width and height in pixels.
    points : ndarray, shape (68, 2)
        Landmarks in these.
    jpeg : bytes
        Empty if there is no picture.
    """

    row: int
    size: tuple[int, int]
    points: NDArray[np.float64]
    jpeg: bytes = b""


def collect_views(
    result: AUResult, source: Any, emotions: EmotionResult, n_faces_of_page: int = 1
) -> dict[int, list[View]]:
    """Return the views of every face, by frame.

    Parameters
    ----------
    result : AUResult
    source : anything `open_frames` takes, or None
        The input; None shows landmarks without pictures.
    emotions : EmotionResult
        Of `result`: the apex is always shown.
    n_faces_of_page : int
        The more faces a page has, the fewer pictures of each it shows.

    Raises
    ------
    InputError
        If the source cannot be read.
    """
    limit = int(np.clip(MAX_PICTURES_OF_PAGE // max(n_faces_of_page, 1), 2, MAX_PICTURES))
    rows = {face_id: rows_to_show(result, face_id, emotions, limit) for face_id in result.face_ids}
    wanted = sorted({row for of_face in rows.values() for row in of_face})
    views: dict[int, View] = {}
    if source is not None:
        views = {row: view for row, view in _views_of_source(result, source, wanted)}
    for row in set(wanted) - views.keys():
        drawn = _view_of_landmarks(result, row)
        if drawn is not None:
            views[row] = drawn
    return {face_id: [views[r] for r in of_face if r in views] for face_id, of_face in rows.items()}


def rows_to_show(result: AUResult, face_id: int, emotions: EmotionResult, limit: int) -> list[int]:
    """Return up to `limit` rows of a face: its apex, its neutral, its events', others evenly."""
    rows = np.flatnonzero((result.face_id == face_id) & result.face_found)
    if not len(rows):
        return []
    if len(rows) <= limit:
        return rows.tolist()
    apex = emotions.at_apex(face_id)
    chosen = {int(rows[0]), int(rows[-1])} | ({apex.row} if apex else set())
    row_of = dict(zip(result.frame[rows].tolist(), rows.tolist(), strict=True))
    chosen |= {
        row_of[frame] for frame in _some(result.neutral_frames.get(face_id, ())) if frame in row_of
    }
    events = sorted(result.face(face_id).events(), key=lambda event: -event.peak_probability)
    for event in events:
        if len(chosen) < limit // 2:
            chosen.add(row_of[event.apex])
    for row in rows[np.linspace(0, len(rows) - 1, limit - len(chosen)).astype(int)]:
        chosen.add(int(row))
    return sorted(chosen)


def _some(frames: Sequence[int]) -> list[int]:
    """Return the first, the last and the middle one, if there are so many."""
    places = np.linspace(0, len(frames) - 1, N_NEUTRAL).round().astype(int)
    return [frames[place] for place in sorted(set(places.tolist()))] if frames else []


def viewer_data(result: AUResult, views: list[View], emotions: EmotionResult) -> dict[str, Any]:
    """Return what the page's script needs to show the views of one face, ready for JSON.

    Parameters
    ----------
    result : AUResult
    views : list of View
        Of one face; one at least.
    emotions : EmotionResult
        Of `result`.

    Returns
    -------
    dict
        ``outlines`` of the face, number of the view to ``start`` with, ``views``, those that show
        the ``neutral`` face, and the ``command`` that takes another frame for it, but for its
        number (empty where no other can be taken).
    """
    face_id = int(result.face_id[views[0].row])
    apex = emotions.at_apex(face_id)
    neutral = set(result.neutral_frames.get(face_id, ()))
    can_choose = len(views) > 1 and not result.is_independent
    start = next((i for i, v in enumerate(views) if apex and v.row == apex.row), len(views) - 1)
    return {
        "outlines": OUTLINES,
        "start": start,
        "neutral": [i for i, v in enumerate(views) if int(result.frame[v.row]) in neutral],
        "command": f"au-detect run {shlex.quote(result.input)} --neutral " if can_choose else "",
        "views": [_view_data(result, view, emotions) for view in views],
    }


def _views_of_source(
    result: AUResult, source: Any, wanted: list[int]
) -> Iterable[tuple[int, View]]:
    rows_of: dict[int, list[int]] = {}
    for row in wanted:
        rows_of.setdefault(int(result.frame[row]), []).append(row)
    last = max(rows_of, default=-1)
    stream = open_frames(source, keep_colour=True)
    for frame in stream:
        for row in rows_of.get(frame.index, ()):
            image = frame.image if frame.colour is None else frame.colour
            yield row, _view_of_picture(image, result.points[row].astype(float), row)
        if frame.index >= last:
            break
    stream.close()


def _view_of_picture(image: NDArray[Any], points: NDArray[np.float64], row: int) -> View:
    shown, in_view = face_view(image, points, HEIGHT_PX)
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY]
    jpeg = cv2.imencode(".jpg", shown, quality)[1].tobytes()
    return View(row, (shown.shape[1], shown.shape[0]), in_view, jpeg)


def _view_of_landmarks(result: AUResult, row: int) -> View | None:
    points = result.points[row].astype(float)
    if not np.isfinite(points).all():
        return None
    low, high = points.min(axis=0), points.max(axis=0)
    scale = 0.86 * HEIGHT_PX / max(float((high - low).max()), 1.0)
    place = (points - (low + high) / 2) * scale + HEIGHT_PX / 2
    return View(row, (HEIGHT_PX, HEIGHT_PX), place)


def _view_data(result: AUResult, view: View, emotions: EmotionResult) -> dict[str, Any]:
    row = view.row
    why, note = _why(result, row)
    on = np.flatnonzero(result.active[row])
    letters = [intensity_letter(value) for value in result.intensity[row].tolist()]
    finite = np.isfinite(view.points).all()
    return {
        "frame": int(result.frame[row]),
        "time": round(float(result.timestamp_s[row]), 3),
        "size": list(view.size),
        "picture": base64.b64encode(view.jpeg).decode(),
        "points": np.round(view.points, 1).ravel().tolist() if finite else [],
        "emotion": _emotion_text(emotions, row),
        "note": note,
        "aus": [
            {
                "name": f"{au_label(result.aus[c])} {ACTION_UNITS[result.aus[c]].name}",
                "probability": f"{result.probabilities[row, c]:.2f} {letters[c]}".rstrip(),
                "why": why.get(result.aus[c], []),
            }
            for c in on
        ],
    }


def _why(result: AUResult, row: int) -> tuple[Mapping[int, list[str]], str]:
    """Return the reasons of every AU that is on, or a note why there are none."""
    try:
        found = result.explain(int(result.frame[row]), int(result.face_id[row]))
    except AUDetectError as error:
        return {}, f"No reasons: {error}."
    return {e.au: [str(reason) for reason in e.reasons] for e in found}, ""


def _emotion_text(emotions: EmotionResult, row: int) -> str:
    scores = emotions.scores[row]
    if np.isnan(scores).all():
        return "no emotion: half of the face is not visible"
    order = np.argsort(-np.nan_to_num(scores, nan=-1.0), kind="stable")[:3]
    return ", ".join(f"{emotions.emotions[i]} {scores[i]:.2f}" for i in order)
