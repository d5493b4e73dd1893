"""The timeline of a report: an SVG chart of every action unit's probability over time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.facs import ACTION_UNITS, au_label
from au_detect.results import AUResult
from au_detect.results.event import AUEvent

WIDTH = 960.0
PLOT_LEFT, PLOT_RIGHT = 200.0, 910.0
PLOT_TOP = 10.0
ROW_HEIGHT, ROW_GAP, STRIP_HEIGHT = 24.0, 6.0, 3.0
MAX_COLUMNS = 480
"""A longer clip is drawn with this many columns, each the highest of its frames."""


@dataclass(frozen=True)
class TimeAxis:
    """Where frames lie on the horizontal axis.

    Parameters
    ----------
    positions : ndarray of float64, shape (n_frames,)
        Time of every row in seconds, or its frame number where time stamps do not ascend.
    unit : str
        ``"s"`` or ``"frame"``.
    step : float
        Typical distance between two rows, in the same unit; every frame is one step wide.
    """

    positions: NDArray[np.float64]
    unit: str
    step: float

    @property
    def start(self) -> float:
        """Left end of the axis."""
        return float(self.positions[0]) - self.step / 2

    @property
    def end(self) -> float:
        """Right end of the axis."""
        return float(self.positions[-1]) + self.step / 2

    def x(self, position: float) -> float:
        """Return the horizontal coordinate of a time or frame number."""
        share = (position - self.start) / (self.end - self.start)
        return PLOT_LEFT + share * (PLOT_RIGHT - PLOT_LEFT)

    def ticks(self) -> NDArray[np.float64]:
        """Return about seven round positions between the ends."""
        rough = (self.end - self.start) / 7
        power = 10.0 ** np.floor(np.log10(rough))
        distance = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
        if self.unit == "frame":
            distance = max(distance, 1.0)
        first = np.ceil(max(self.start, self.positions[0]) / distance)
        return np.arange(first, np.floor(self.end / distance) + 1) * distance


def time_axis(face: AUResult) -> TimeAxis:
    """Return the axis for the rows of one face: seconds where they ascend, else frames."""
    steps = np.diff(face.timestamp_s)
    if len(steps) and (steps > 0).all():
        return TimeAxis(face.timestamp_s, "s", float(np.median(steps)))
    return TimeAxis(face.frame.astype(np.float64), "frame", 1.0)


def timeline_svg(face: AUResult, name: str = "timeline") -> str:
    """Return the chart of one face over its frames.

    Parameters
    ----------
    face : AUResult
        One face, with a row for every frame: two or more, with the face in one at least.
    name : str
        Id of the element.

    Returns
    -------
    str
        An ``svg`` element: one row per AU with its probability, its threshold (dashed) and its
        events (shaded, apex marked). What the mouse is over is told by titles; the page's script
        moves the cursor to the frame that is shown.
    """
    axis = time_axis(face)
    bottom = PLOT_TOP + len(face.aus) * ROW_HEIGHT
    starts = _column_starts(len(face))
    parts = [*_grid(axis, bottom), *_bands(face, axis, bottom)]
    events = face.events()
    for row, au in enumerate(face.aus):
        of_au = [event for event in events if event.au == au]
        parts += _au_row(face, axis, starts, row, of_au)
    parts += _hover_columns(face, axis, starts, bottom)
    parts.append(f'<line class="cursor" y1="{PLOT_TOP:g}" y2="{bottom:g}"/>')
    return (
        f'<svg class="timeline" id="{name}" viewBox="0 0 {WIDTH:g} {bottom + 40:g}" role="img" '
        'aria-label="Probability of every action unit over time; the tables give the numbers">'
        f"{''.join(parts)}</svg>"
    )


def _column_starts(n_rows: int) -> NDArray[np.intp]:
    """Return the first row of each column that is drawn."""
    return np.unique(np.linspace(0, n_rows, min(n_rows, MAX_COLUMNS), endpoint=False).astype(int))


def _grid(axis: TimeAxis, bottom: float) -> Iterator[str]:
    ticks = axis.ticks()
    decimals = 0 if len(ticks) < 2 else max(0, int(-np.floor(np.log10(ticks[1] - ticks[0]))))
    for tick in ticks:
        x = axis.x(tick)
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{PLOT_TOP:g}" y2="{bottom:g}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{bottom + 17:g}">{tick:.{decimals}f}</text>'
    name = "time (s)" if axis.unit == "s" else "frame"
    middle = (PLOT_LEFT + PLOT_RIGHT) / 2
    yield f'<text class="tick" x="{middle:g}" y="{bottom + 34:g}">{name}</text>'


def _bands(face: AUResult, axis: TimeAxis, bottom: float) -> Iterator[str]:
    """Yield what holds for all AUs: frames without the face, and unreliable ones."""
    for first, last in _stretches(~face.face_found):
        title = f"No face, {_frames(face, first, last)}"
        yield _band("no-face", axis, first, last, (PLOT_TOP, bottom), title)
    for first, last in _stretches(face.face_found & ~face.reliable):
        title = f"Head turned too far, {_frames(face, first, last)}"
        yield _band("unreliable", axis, first, last, (PLOT_TOP - 7, PLOT_TOP - 2), title)


def _hover_columns(
    face: AUResult, axis: TimeAxis, starts: NDArray[np.intp], bottom: float
) -> Iterator[str]:
    ends = [*starts[1:], len(face)]
    active = face.active
    for start, end in zip(starts, ends, strict=True):
        if not face.face_found[start:end].any():
            continue
        peaks = np.fmax.reduce(face.probabilities[start:end])
        on = np.flatnonzero(active[start:end].any(axis=0))
        named = [f"{au_label(face.aus[column])} {peaks[column]:.2f}" for column in on]
        title = f"{_frames(face, start, end - 1)}: {', '.join(named) or 'nothing on'}"
        frames = f'data-first="{face.frame[start]}" data-last="{face.frame[end - 1]}" '
        yield _band("hover", axis, start, end - 1, (PLOT_TOP, bottom), title, frames)


def _au_row(
    face: AUResult,
    axis: TimeAxis,
    starts: NDArray[np.intp],
    row: int,
    events: list[AUEvent],
) -> Iterator[str]:
    au = face.aus[row]
    top = PLOT_TOP + row * ROW_HEIGHT + ROW_GAP
    base = PLOT_TOP + (row + 1) * ROW_HEIGHT

    def y(probability: float) -> float:
        return base - probability * (base - top)

    on = ' class="on"' if events else ""
    name = f"{au_label(au)} {ACTION_UNITS[au].name}"
    yield f'<text{on} x="0" y="{base - 5:g}">{name}</text>'
    for event in events:
        yield from _event_marks(event, face, axis, (top, base))
    peaks = np.fmax.reduceat(face.probabilities[:, row].astype(float), starts)
    yield f'<path class="signal" d="{_area(axis, starts, peaks, y)}"/>'
    for event in events:
        place = int(np.searchsorted(face.frame, event.apex))
        x, apex_y = axis.x(axis.positions[place]), y(event.peak_probability)
        yield f'<circle class="apex" cx="{x:.1f}" cy="{apex_y:.1f}" r="3"/>'
    level = y(float(face.thresholds[row]))
    yield (
        f'<line class="threshold timeline-threshold" x1="{PLOT_LEFT:g}" x2="{PLOT_RIGHT:g}" '
        f'y1="{level:.1f}" y2="{level:.1f}"/>'
    )
    kind = "value on" if events else "value"
    yield f'<text class="{kind}" x="{WIDTH:g}" y="{base - 5:g}">{np.nanmax(peaks):.2f}</text>'


def _event_marks(
    event: AUEvent, face: AUResult, axis: TimeAxis, edges: tuple[float, float]
) -> Iterator[str]:
    """Yield a light band behind the curve, and a strip below it that the curve cannot hide."""
    first, last = np.searchsorted(face.frame, [event.onset, event.offset])
    title = (
        f"{au_label(event.au)} {ACTION_UNITS[event.au].name}, {_frames(face, first, last)}; "
        f"apex in frame {event.apex} ({event.peak_probability:.2f})"
    )
    yield _band("event", axis, first, last, edges, title)
    yield _band("strip", axis, first, last, (edges[1], edges[1] + STRIP_HEIGHT), title)


def _area(
    axis: TimeAxis,
    starts: NDArray[np.intp],
    peaks: NDArray[np.float64],
    y: Callable[[float], float],
) -> str:
    """Return the path of the filled curve; it breaks where there is no face."""
    left = axis.positions[starts] - axis.step / 2
    ends = np.append(starts[1:], len(axis.positions)) - 1
    right = axis.positions[ends] + axis.step / 2
    pieces = []
    for first, last in _stretches(~np.isnan(peaks)):
        span = range(first, last + 1)
        points = [(axis.x(left[first]), y(peaks[first]))]
        points += [(axis.x((left[i] + right[i]) / 2), y(peaks[i])) for i in span]
        points += [(axis.x(right[last]), y(peaks[last]))]
        line = "L".join(f"{px:.1f},{py:.1f}" for px, py in points)
        pieces.append(f"M{line}V{y(0):.1f}H{points[0][0]:.1f}Z")
    return "".join(pieces)


def _stretches(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first and last index of every run of True."""
    changes = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return [(int(a), int(b) - 1) for a, b in changes.reshape(-1, 2)]


def _band(
    kind: str,
    axis: TimeAxis,
    first: int,
    last: int,
    edges: tuple[float, float],
    title: str,
    attributes: str = "",
) -> str:
    """Return a rectangle over the rows `first` to `last`, with a title for the mouse."""
    left = axis.x(axis.positions[first] - axis.step / 2)
    width = axis.x(axis.positions[last] + axis.step / 2) - left
    top, bottom = edges
    return (
        f'<rect class="{kind}" {attributes}x="{left:.2f}" y="{top:g}" width="{width:.2f}" '
        f'height="{bottom - top:g}"><title>{title}</title></rect>'
    )


def _frames(face: AUResult, first: int, last: int) -> str:
    """Return the rows `first` to `last` in words, as frames and seconds."""
    if face.frame[first] == face.frame[last]:
        return f"frame {face.frame[first]} ({face.timestamp_s[first]:.2f} s)"
    return (
        f"frames {face.frame[first]} to {face.frame[last]} "
        f"({face.timestamp_s[first]:.2f} to {face.timestamp_s[last]:.2f} s)"
    )
