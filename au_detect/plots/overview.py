"""One figure about a whole result: time course, apex, movement, schematic face."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from au_detect.emotions import SequenceEmotion
from au_detect.errors import InputError
from au_detect.escapes import encodable
from au_detect.frames import open_frames
from au_detect.plots.charts import plot_aus
from au_detect.plots.face import plot_displacements, plot_landmarks
from au_detect.plots.face_drawing import plot_face
from au_detect.plots.face_view import face_view
from au_detect.plots.style import INK, SOFT, new_figure, row_of
from au_detect.plots.timeline import plot_timeline

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

    from au_detect.results import AUResult

THUMBNAIL_PX = 200


def plot_overview(
    result: AUResult,
    face_id: int = 0,
    *,
    pictures: Mapping[int, NDArray[Any]] | None = None,
) -> Figure:
    """Return a figure about one face of a result.

    Parameters
    ----------
    result : AUResult
    face_id : int
    pictures : mapping of int to ndarray, optional
        Frame number -> whole picture (grey or BGR); those of `frames_to_show` are used.

    Raises
    ------
    InputError
        If no frame shows the face.
    AUDetectError
        If matplotlib is not installed.
    """
    emotion = _apex(result, face_id)
    if emotion is None:
        raise InputError(f"face {face_id} must be seen in some frame to be drawn, got none")
    shown = {f: image for f, image in (pictures or {}).items() if _is_seen(result, f, face_id)}
    is_clip = len(result.face(face_id)) > 1
    n_aus = int(result.face(face_id).active.any(axis=0).sum()) if is_clip else len(result.aus)
    height = max(4.6, 1.6 + (0.33 if is_clip else 0.22) * n_aus + (1.3 if shown else 0.0))
    figure = new_figure(11.0, height)
    halves: Any = figure.subfigures(1, 2, width_ratios=(1.65, 1.0), wspace=0.02)
    left, right = halves
    if is_clip:
        small = {f: face_view(p, _points(result, f, face_id), THUMBNAIL_PX)[0]
                 for f, p in shown.items()}  # fmt: skip
        plot_timeline(result, face_id, pictures=small, ax=left.subplots())
    else:
        plot_aus(result, emotion.frame, face_id, ax=left.subplots())
    _draw_apex(right, result, emotion, shown.get(emotion.frame))
    figure.suptitle(
        _title(result, emotion), x=0.008, ha="left", fontsize=11, fontweight="bold", color=INK
    )
    return figure


def frames_to_show(result: AUResult, face_id: int = 0) -> tuple[int, ...]:
    """Return the frames whose pictures `plot_overview` shows: the neutral face and the apex."""
    apex = _apex(result, face_id)
    if apex is None:
        return ()
    rows, scores = _scored_rows(result, face_id)
    calm = int(result.frame[rows[scores.argmin()]])
    text = result.neutral.get(face_id, "")
    first_word, _, number = text.partition(" ")
    neutral = int(number) if first_word == "frame" and number.isdecimal() else calm
    return tuple(sorted({neutral, apex.frame}))


def _apex(result: AUResult, face_id: int) -> SequenceEmotion | None:
    """Return the apex of the emotion, or of AUs where half of the face is never visible."""
    apex = result.emotions().at_apex(face_id)
    rows, scores = _scored_rows(result, face_id)
    if apex is not None or not len(rows):
        return apex
    row = int(rows[scores.argmax()])
    return SequenceEmotion(face_id, row, int(result.frame[row]), ())


def _scored_rows(result: AUResult, face_id: int) -> tuple[NDArray[np.intp], NDArray[np.floating]]:
    """Return the rows that show most of a face, and the AU of each that is furthest on."""
    rows = np.flatnonzero((result.face_id == face_id) & result.face_found)
    n_seen = result.seen[rows].sum(axis=1)
    rows = rows[n_seen == n_seen.max(initial=0)]
    return rows, np.nan_to_num(result.probabilities[rows] / result.thresholds).max(axis=1)


def read_pictures(
    source: Any, frames: tuple[int, ...], *, fps: float | None = None
) -> dict[int, NDArray[np.uint8]]:
    """Return the colour pictures of a few frames of a source; the others are not kept.

    Raises
    ------
    InputError
        If the source cannot be read.
    """
    stream, wanted = open_frames(source, fps=fps, keep_colour=True), set(frames)
    pictures: dict[int, NDArray[np.uint8]] = {}
    for frame in stream:
        if frame.index in wanted:
            pictures[frame.index] = frame.image if frame.colour is None else frame.colour
        if len(pictures) == len(wanted):
            break
    stream.close()
    return pictures


def _is_seen(result: AUResult, frame: int, face_id: int) -> bool:
    mine = (result.frame == frame) & (result.face_id == face_id) & result.face_found
    return bool(mine.any())


def _points(result: AUResult, frame: int, face_id: int) -> NDArray[np.float32]:
    return np.asarray(result.points[row_of(result, frame, face_id)])


def _draw_apex(
    place: SubFigure, result: AUResult, apex: SequenceEmotion, picture: NDArray[Any] | None
) -> None:
    """Draw the apex: its picture, or the movement of its landmarks, and the schematic face."""
    upper, lower = place.subplots(2, 1, height_ratios=(1.15, 1.0))
    points = _points(result, apex.frame, apex.face_id)
    has_points = bool(np.isfinite(points).all())
    if picture is not None and has_points:
        view, in_view = face_view(picture, points, 480)
        plot_landmarks(view, in_view, ax=upper)
    elif has_points and result.evidence is not None:
        plot_displacements(result, apex.frame, apex.face_id, ax=upper)
    else:
        upper.set_axis_off()
    row = row_of(result, apex.frame, apex.face_id)
    on = np.flatnonzero(result.active[row])
    left, right = result.intensity_left[row], result.intensity_right[row]
    plot_face(
        {result.aus[c]: float(result.probabilities[row, c]) for c in on},
        side={result.aus[c]: float(result.side[row, c]) for c in on},
        intensity=None
        if result.intensity_scale is None
        else {result.aus[c]: (float(left[c]), float(right[c])) for c in on},
        ax=lower,
    )
    upper.set_title(f"frame {apex.frame}", fontsize=9, color=SOFT)


def _title(result: AUResult, apex: SequenceEmotion) -> str:
    best = ", ".join(f"{name} {score:.2f}" for name, score in apex.ranking[:3]) or "no emotion"
    name = "/".join(result.input.replace("\\", "/").rstrip("/").split("/")[-2:])
    face = f", face {apex.face_id}" if len(result.face_ids) > 1 else ""
    return f"{encodable(name)}{face}: {best}"
