"""The numbers of a report's timeline: every action unit over time, as a chart.

Drawn are intensities on bands from A to E where the model knows them, else probabilities. The
template ``timeline.html`` draws what `make_timeline` returns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.intensity import LEVELS
from au_detect.facs import (
    ACTION_UNITS,
    INTENSITY_LETTERS,
    MAX_INTENSITY,
    au_label,
    intensity_letter,
)
from au_detect.report.time_axis import TimeAxis, time_axis
from au_detect.report.timeline_shapes import TOP, AURow, Band, Point, Span, Timeline
from au_detect.results import AUResult
from au_detect.results.event import AUEvent

ROW_HEIGHT, ROW_GAP = 24, 6
ROW_HEIGHT_OF_LEVELS = 36
MAX_COLUMNS = 480
"""A longer clip is drawn with this many columns, each the highest of its frames."""


def make_timeline(face: AUResult, name: str = "timeline") -> Timeline:
    """Return the chart of one face over its frames.

    Parameters
    ----------
    face : AUResult
        One face, with a row for every frame: two or more, with the face in one at least.
    name : str
        Id of the element; a viewer names it as its chart.
    """
    axis = time_axis(face)
    n_columns = min(len(face), MAX_COLUMNS)
    starts = np.unique(np.linspace(0, len(face), n_columns, endpoint=False).astype(int))
    events, height = face.events(), _row_height(face)
    rows = [
        _au_row(face, axis, starts, row, [event for event in events if event.au == au])
        for row, au in enumerate(face.aus)
    ]
    lost, unreliable = ~face.face_found, face.face_found & ~face.reliable
    return Timeline(
        name=name,
        bottom=TOP + len(face.aus) * height,
        ticks=_ticks(axis),
        time_name="time (s)" if axis.unit == "s" else "frame",
        no_face=[_span(face, axis, *ends, "No face, {}") for ends in _stretches(lost)],
        unreliable=[
            _span(face, axis, *ends, "Head turned too far, {}") for ends in _stretches(unreliable)
        ],
        columns=_columns(face, axis, starts),
        rows=rows,
        frames_a_column=-(-len(face) // MAX_COLUMNS),
        what="Probability" if face.intensity_scale is None else "Intensity",
    )


def _ticks(axis: TimeAxis) -> list[tuple[float, str]]:
    ticks = axis.ticks()
    decimals = 0 if len(ticks) < 2 else max(0, int(-np.floor(np.log10(ticks[1] - ticks[0]))))
    return [(round(float(axis.x(tick)), 1), f"{tick:.{decimals}f}") for tick in ticks]


def _columns(face: AUResult, axis: TimeAxis, starts: NDArray[np.intp]) -> list[Span]:
    """Return the columns that hold the face, with what is on in them."""
    columns, active = [], face.active
    for start, end in zip(starts, [*starts[1:], len(face)], strict=True):
        if not face.face_found[start:end].any():
            continue
        peaks = np.fmax.reduce(face.probabilities[start:end])
        on = np.flatnonzero(active[start:end].any(axis=0))
        named = [f"{au_label(face.aus[column])} {peaks[column]:.2f}" for column in on]
        columns.append(
            _span(face, axis, start, end - 1, "{}: " + (", ".join(named) or "nothing on"))
        )
    return columns


def _au_row(
    face: AUResult, axis: TimeAxis, starts: NDArray[np.intp], row: int, events: list[AUEvent]
) -> AURow:
    row_height = _row_height(face)
    top, base = TOP + row * row_height + ROW_GAP, TOP + (row + 1) * row_height
    values, threshold = _shown(face, row)
    heights = base - np.fmax.reduceat(values, starts) * (base - top)
    apexes = []
    for event in events:
        place = int(np.searchsorted(face.frame, event.apex))
        y = base - values[place] * (base - top)
        apexes.append((round(float(axis.x(axis.positions[place])), 1), round(float(y), 1)))
    return AURow(
        au=face.aus[row],
        top=top,
        base=base,
        threshold=round(base - threshold * (base - top), 1),
        peak=_peak_text(face, float(np.fmax.reduce(values))),
        bands=[] if face.intensity_scale is None else _bands(top, base),
        curve=_curve(axis, starts, heights),
        hidden=[
            _span(face, axis, *ends, "Not visible, {}")
            for ends in _stretches(face.face_found & ~face.seen[:, row])
        ],
        events=[_event_span(event, face, axis) for event in events],
        apexes=apexes,
    )


def _row_height(face: AUResult) -> int:
    return ROW_HEIGHT if face.intensity_scale is None else ROW_HEIGHT_OF_LEVELS


def _shown(face: AUResult, row: int) -> tuple[NDArray[np.float64], float]:
    """Return what is drawn of an AU and its threshold, in [0, 1]."""
    if face.intensity_scale is None:
        return face.probabilities[:, row].astype(float), float(face.thresholds[row])
    values = face.intensity[:, row].astype(float) / MAX_INTENSITY
    return values, float(face.threshold_intensity[row]) / MAX_INTENSITY


def _peak_text(face: AUResult, peak: float) -> str:
    if np.isnan(peak):  # its half of the face is never visible
        return "-"
    if face.intensity_scale is None:
        return f"{peak:.2f}"
    return f"{MAX_INTENSITY * peak:.1f} {intensity_letter(MAX_INTENSITY * peak)}".rstrip()


def _bands(top: float, base: float) -> list[Band]:
    edges = np.append(LEVELS, MAX_INTENSITY) / MAX_INTENSITY
    heights = base - edges * (base - top)
    pairs = zip(INTENSITY_LETTERS, heights[1:], heights[:-1], strict=True)
    return [Band(round(up, 2), round(down - up, 2), letter) for letter, up, down in pairs]


def _event_span(event: AUEvent, face: AUResult, axis: TimeAxis) -> Span:
    first, last = np.searchsorted(face.frame, [event.onset, event.offset])
    code = f"{event.code}, " if event.code != str(event.au) else ""
    title = (
        f"{au_label(event.au)} {ACTION_UNITS[event.au].name}, {{}}; "
        f"apex in frame {event.apex} ({code}{event.peak_probability:.2f})"
    )
    return _span(face, axis, first, last, title)


def _curve(
    axis: TimeAxis, starts: NDArray[np.intp], heights: NDArray[np.float64]
) -> list[list[Point]]:
    """Return the points of the curve, from edge to edge; it breaks where there is no face."""
    left = axis.positions[starts] - axis.step / 2
    ends = np.append(starts[1:], len(axis.positions)) - 1
    right = axis.positions[ends] + axis.step / 2
    pieces = []
    for first, last in _stretches(~np.isnan(heights)):
        middles = (left[first : last + 1] + right[first : last + 1]) / 2
        x = [axis.x(place) for place in (left[first], *middles, right[last])]
        y = [heights[first], *heights[first : last + 1], heights[last]]
        rounded = np.round(np.stack([x, y], axis=1), 1).tolist()
        pieces.append([(px, py) for px, py in rounded])
    return pieces


def _stretches(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last index of every run of True."""
    changes = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return [(int(a), int(b) - 1) for a, b in changes.reshape(-1, 2)]


def _span(face: AUResult, axis: TimeAxis, first: int, last: int, title: str) -> Span:
    """Return the rows `first` to `last`, with their frames in the braces of the title."""
    x = axis.x(axis.positions[first] - axis.step / 2)
    width = axis.x(axis.positions[last] + axis.step / 2) - x
    return Span(
        x=round(float(x), 2),
        width=round(float(width), 2),
        first=int(face.frame[first]),
        last=int(face.frame[last]),
        title=title.format(_frames(face, first, last)),
    )


def _frames(face: AUResult, first: int, last: int) -> str:
    """Return the rows `first` to `last` in words, as frames and seconds."""
    if face.frame[first] == face.frame[last]:
        return f"frame {face.frame[first]} ({face.timestamp_s[first]:.2f} s)"
    return (
        f"frames {face.frame[first]} to {face.frame[last]} "
        f"({face.timestamp_s[first]:.2f} to {face.timestamp_s[last]:.2f} s)"
    )
