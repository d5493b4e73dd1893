"""Annotated pictures and videos: box, landmarks, AU bars and emotion, drawn with OpenCV.

The source is read a second time, frame by frame: memory does not grow with its length.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError
from au_detect.frames import Frame, open_frames
from au_detect.frames.encoding import video_ending
from au_detect.landmarks import CLOSED_REGIONS, REGIONS
from au_detect.landmarks.points import interocular_distance_px
from au_detect.plots.style import (
    ORANGE,
    REGION_COLOURS,
    SKY,
    as_bgr,
    au_name,
    probability_text,
)
from au_detect.plots.video_file import write_video
from au_detect.results.files import check_is_no_input, write_atomically

if TYPE_CHECKING:
    from au_detect.emotions import EmotionResult
    from au_detect.results import AUResult

SMALLEST_PX, LARGEST_PX = 480, 1080
"""Height of annotated pictures: smaller ones are enlarged so that texts can be read."""

Colour = tuple[int, int, int]
Picture = NDArray[np.uint8]

# blue green red
PAPER, INK, SOFT, TRACK, GREY = (
    *((33, 28, 24), (236, 234, 232), (178, 168, 158)),
    *((66, 58, 52), (150, 140, 130)),
)
_N_EMOTIONS = 3
LONGEST_LINE, LABEL_WIDTH = 25.0, 14.6
"""Width of the panel, and of "AU15 Lip Corner Depressor" in it, in sizes of the text."""


def annotate_frame(
    image: NDArray[Any],
    result: AUResult,
    frame: int,
    emotions: EmotionResult | None = None,
) -> Picture:
    """Return a picture with what was found drawn on it and a panel of AU bars beside it.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width) or (height, width, 3)
        Grey, or blue, green, red.
    result : AUResult
    frame : int
        Which frame of the result the picture is.
    emotions : EmotionResult, optional
        Of `result`; names the best emotions.

    Returns
    -------
    ndarray of uint8, shape (480 to 1080, new width, 3)
        Blue, green, red. The panel is that of the first face in the frame. Height and width are
        even, as video needs them.
    """
    colour = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR) if image.ndim == 2 else image
    scale = float(np.clip(colour.shape[0], SMALLEST_PX, LARGEST_PX)) / colour.shape[0]
    size = (_even(colour.shape[1] * scale), _even(colour.shape[0] * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    canvas = cv2.resize(colour, size, interpolation=how)
    rows = np.flatnonzero((result.frame == frame) & result.face_found)
    for row in rows:
        caption = f"face {result.face_id[row]}" if len(result.face_ids) > 1 else ""
        if emotions is not None:
            caption = f"{caption} {emotions.answer[row]}".strip()
        points = result.points[row] * scale
        _draw_face(canvas, points, caption)
        _draw_gaze(canvas, points, result.gaze[row])
    panel = np.full((size[1], _even(0.62 * size[1]), 3), PAPER, np.uint8)
    _draw_panel(panel, result, frame, int(rows[0]) if len(rows) else None, emotions)
    annotated: Picture = np.hstack([canvas, panel])
    return annotated


def write_annotated(
    result: AUResult,
    source: Any,
    path: str | os.PathLike[str],
    *,
    emotions: EmotionResult | None = None,
    fps: float | None = None,
    progress: Callable[[Iterable[Frame], int | None], Iterable[Frame]] | None = None,
) -> Path:
    """Write an annotated copy of the source of a result.

    Parameters
    ----------
    result : AUResult
    source : anything `AUDetector.run` takes but a camera
        Read again from the start.
    path : path
        Name of the copy without ending: a video becomes a video without sound that browsers play
        (`au_detect.frames.encoding`), one picture a PNG file.
    emotions : EmotionResult, optional
    fps : float, optional
        As in `AUDetector.run`.
    progress : callable, optional
        As in `AUDetector.run`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    InputError
        If the source is a camera or a URL or the file itself, or cannot be read again.
    AUDetectError, OSError
        If the file cannot be written whole, for example because the disk is full. It appears
        complete or not at all.
    """
    if isinstance(source, (str, os.PathLike)):
        for ending in (video_ending(), ".png"):
            check_is_no_input(f"{os.fspath(path)}{ending}", [source])
    stream = open_frames(source, fps=fps, keep_colour=True)
    if stream.kind == "camera":
        stream.close()
        raise InputError(f"source must be a file to be annotated, got {stream.name}")
    frames: Iterable[Frame] = progress(stream, stream.n_frames) if progress else stream
    annotated = (
        annotate_frame(f.image if f.colour is None else f.colour, result, f.index, emotions)
        for f in frames
    )
    if stream.kind == "picture":
        return _write_png(next(annotated), Path(f"{path}.png"))
    file = Path(f"{path}{video_ending()}")
    write_video(annotated, file, _frames_per_second(result, fps or 30.0))
    return file


def _write_png(picture: Picture, file: Path) -> Path:
    write_atomically(file, cv2.imencode(".png", picture)[1].tobytes())
    return file


def _frames_per_second(result: AUResult, fps: float) -> float:
    """Return the rate of the source, from its time stamps where they tell."""
    frames, first = np.unique(result.frame, return_index=True)
    duration = float(result.timestamp_s[first][-1] - result.timestamp_s[first][0])
    rate = (int(frames[-1]) - int(frames[0])) / duration if duration > 0 else fps
    return min(max(rate, 1.0), 240.0)


def _draw_face(canvas: Picture, points: NDArray[np.floating], caption: str) -> None:
    height = canvas.shape[0]
    width = max(1, round(height / 480))
    if not np.isfinite(points).all():
        return
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.12 * (high - low)
    left, top = np.rint(low - margin * [1.0, 2.5]).astype(int).tolist()
    right, bottom = np.rint(high + margin).astype(int).tolist()
    cv2.rectangle(canvas, (left, top), (right, bottom), INK, width, cv2.LINE_AA)
    for region, place in REGIONS.items():
        path = np.rint(points[place] * 8).astype(np.int32)
        colour = as_bgr(REGION_COLOURS[region])
        cv2.polylines(canvas, [path], region in CLOSED_REGIONS, colour, width, cv2.LINE_AA, 3)
        for x, y in path.tolist():
            cv2.circle(canvas, (x, y), 16 * width, colour, -1, cv2.LINE_AA, 3)
    if caption:
        size = round(height * 0.04)
        x, y = max(left, 2), max(top - size // 3, size)
        x0, y0, w, h = cv2.getTextSize((0, 0), caption, (x, y), _font(), size, 600)
        cv2.rectangle(canvas, (x0 - 4, y0 - 4), (x0 + w + 4, y0 + h + 4), PAPER, -1)
        _write(canvas, caption, (x, y), INK, size, weight=600)


def _draw_gaze(canvas: Picture, points: NDArray[np.floating], gaze: NDArray[np.floating]) -> None:
    """Draw where the eyes look: arrows as long as what is seen of a direction's unit length."""
    if not np.isfinite(gaze).all() or not np.isfinite(points).all():
        return
    aside = np.append(np.tan(gaze), 1.0)
    arrow = interocular_distance_px(points) * aside[:2] / np.linalg.norm(aside)
    width = max(2, round(canvas.shape[0] / 240))
    for region in ("right_eye", "left_eye"):
        eye = points[REGIONS[region]].mean(axis=0)
        start, end = (np.rint(place).astype(int).tolist() for place in (eye, eye + arrow))
        cv2.arrowedLine(canvas, start, end, as_bgr(ORANGE), width, cv2.LINE_AA, tipLength=0.25)


def _draw_panel(
    panel: Picture,
    result: AUResult,
    frame: int,
    row: int | None,
    emotions: EmotionResult | None,
) -> None:
    height, width = panel.shape[:2]
    margin, line = round(0.04 * width), height / (len(result.aus) + 8.0)
    size = round(min(line * 0.68, 0.9 * width / LONGEST_LINE))
    rows = np.flatnonzero(result.frame == frame)
    time = f"  {result.timestamp_s[rows[0]]:.2f} s" if len(rows) else ""
    _write(panel, f"frame {frame}{time}", (margin, round(1.2 * line)), SOFT, size)
    if row is None:
        _write(panel, "no face", (margin, round(3 * line)), INK, round(1.4 * size), weight=600)
        return
    top = 2.0 * line
    if emotions is not None:
        top = _draw_emotions(panel, emotions, row, (margin, line, size))
    label, numbers = round(LABEL_WIDTH * size), round(2.7 * size)
    bar = round(min(line * 0.68, 2 * size))
    bars = (margin + label, width - margin - numbers)
    for column, au in enumerate(result.aus):
        y = round(top + (column + 0.8) * line)
        on = bool(result.active[row, column])
        p = float(result.probabilities[row, column])
        colour = INK if on else GREY
        _write(panel, au_name(au), (margin, y), colour, size, weight=700 if on else 400)
        _draw_bar(panel, bars, (y, bar), np.nan_to_num(p), as_bgr(ORANGE) if on else GREY)
        mark = round(bars[0] + float(result.thresholds[column]) * (bars[1] - bars[0]))
        cv2.line(panel, (mark, y - bar), (mark, y + bar // 4), INK, max(1, size // 10))
        place = (bars[1] + margin // 2, y)
        _write(panel, probability_text(p), place, colour, size, weight=700 if on else 400)


def _draw_emotions(
    panel: Picture, emotions: EmotionResult, row: int, spacing: tuple[int, float, int]
) -> float:
    """Draw the best emotions with their scores, and return where the AUs begin."""
    margin, line, size = spacing
    if np.isnan(emotions.scores[row]).all():
        _write(panel, "not visible", (margin, round(2.8 * line)), GREY, size)
        return 7.0 * line
    scores = np.nan_to_num(emotions.scores[row], nan=-1.0)
    width = panel.shape[1]
    bars = (margin + round(5.6 * size), width - margin - round(2.7 * size))
    for rank, column in enumerate(np.argsort(-scores, kind="stable")[:_N_EMOTIONS]):
        y = round((2.8 + rank * 1.15) * line)
        colour = INK if rank == 0 else GREY
        weight = 700 if rank == 0 else 400
        score = max(float(scores[column]), 0.0)
        _write(panel, emotions.emotions[column], (margin, y), colour, size, weight=weight)
        _draw_bar(panel, bars, (y, size), score, as_bgr(SKY) if rank == 0 else GREY)
        _write(panel, f"{score:.2f}", (bars[1] + margin // 2, y), colour, size, weight=weight)
    return 7.0 * line


def _draw_bar(
    panel: Picture, span: tuple[int, int], place: tuple[int, int], value: float, colour: Colour
) -> None:
    (left, right), (base, size) = span, place
    top, bottom = base - round(0.75 * size), base
    cv2.rectangle(panel, (left, top), (right, bottom), TRACK, -1)
    if value > 0:
        end = left + round(min(value, 1.0) * (right - left))
        cv2.rectangle(panel, (left, top), (end, bottom), colour, -1)


def _write(
    canvas: Picture, text: str, place: tuple[int, int], colour: Colour, size: int, weight: int = 400
) -> None:
    cv2.putText(canvas, text, place, colour, _font(), max(size, 6), weight)


def _font() -> Any:
    return cv2.FontFace("sans")


def _even(length: float) -> int:
    return 2 * max(round(length / 2), 1)
