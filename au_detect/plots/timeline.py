"""The time course of action units (AUs): a plot with a row for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.intensity import LEVELS
from au_detect.errors import InputError, check_option
from au_detect.facs import MAX_INTENSITY
from au_detect.plots.style import (
    BLUE,
    INK,
    LINE,
    NORMAL,
    ORANGE,
    SMALL,
    SOFT,
    as_rgb,
    au_name,
    axes_or_new,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from au_detect.results import AUResult


def plot_timeline(
    result: AUResult,
    face_id: int = 0,
    *,
    aus: Sequence[int] | str = "on",
    pictures: Mapping[int, NDArray[Any]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw AUs over time: a row each, events shaded, the threshold dashed.

    Drawn are intensities, on bands from A to E, where the model knows them, else probabilities.

    Parameters
    ----------
    result : AUResult
        Two frames or more.
    face_id : int
    aus : "on", "all" or sequence of int
        Which AUs: "on" are those that are on in some frame (all, if there is none).
    pictures : mapping of int to ndarray, optional
        Frame number -> small picture (grey or BGR) to show above its time, for example of the
        neutral face and the apex.
    ax : Axes, optional

    Raises
    ------
    InputError
        If no frame shows the face, there is only one frame, or an AU is not in the result.
    """
    face = result.face(face_id)
    if len(face) < 2 or not face.face_found.any():
        raise InputError(
            f"a timeline must have two frames or more and a face, got {len(face)} with face in "
            f"{int(face.face_found.sum())}"
        )
    columns = _columns(face, aus)
    n = len(columns)
    ax = axes_or_new(ax, 7.2, 0.9 + 0.3 * n + (1.3 if pictures else 0.0))
    face = _with_time(face)
    time = face.timestamp_s
    for row, column in enumerate(columns):
        base = n - 1.0 - row
        _timeline_row(ax, face, column, base)
    for start, end in _stretches(face, ~face.face_found):
        ax.axvspan(start, end, color=LINE, alpha=0.5, linewidth=0, zorder=0)
    ax.set_yticks(np.arange(n) + 0.35, [au_name(face.aus[c]) for c in columns[::-1]])
    tidy(ax, keep=("bottom",))
    ax.tick_params(axis="y", length=0)
    step = float(np.median(np.diff(time))) if len(time) > 1 else 1.0
    ax.set_xlim(time[0] - step / 2, time[-1] + step / 2)
    ax.set_ylim(-0.12, n)
    unit = "picture" if face.is_independent else "time (s)"
    ax.set_xlabel(unit, fontsize=NORMAL, color=INK)
    if pictures:
        _pictures_above(ax, face, pictures, n)
    return ax


def _with_time(face: AUResult) -> AUResult:
    """Return the rows; independent pictures, which have no time, are a unit apart."""
    if not face.is_independent:
        return face
    return replace(face, timestamp_s=face.frame.astype(float))


def _columns(face: AUResult, aus: Sequence[int] | str) -> list[int]:
    if isinstance(aus, str):
        check_option("aus", aus, ("on", "all"))
        on = np.flatnonzero(face.active.any(axis=0)).tolist()
        return on if aus == "on" and on else list(range(len(face.aus)))
    for au in aus:
        check_option("each of aus", au, face.aus)
    return [face.aus.index(au) for au in aus]


def _timeline_row(ax: Axes, face: AUResult, column: int, base: float) -> None:
    """Draw one AU between the heights `base` and `base` + 0.8."""
    time, height = face.timestamp_s, 0.8
    p, threshold = face.probabilities[:, column].astype(float), float(face.thresholds[column])
    if face.intensity_scale is not None:
        p = face.intensity[:, column].astype(float) / MAX_INTENSITY
        threshold = float(face.threshold_intensity[column]) / MAX_INTENSITY
        _levels(ax, base, height)
    step = float(np.median(np.diff(time)))
    for event in face.events():
        if event.au == face.aus[column]:
            span = (event.onset_s - step / 2, event.offset_s + step / 2)
            ax.fill_between(span, base, base + height, color=ORANGE, alpha=0.25, linewidth=0)
            ax.plot(
                event.apex_s, base + height * p[face.frame == event.apex][0], "o", color=ORANGE,
                markersize=4, markeredgecolor="white", markeredgewidth=0.6, zorder=5,
            )  # fmt: skip
    ends = np.concatenate([[time[0] - step / 2], time, [time[-1] + step / 2]])
    curve = base + height * np.concatenate([p[:1], p, p[-1:]])
    for start, end in _stretches(face, face.face_found & np.isnan(p)):
        ax.fill_between((start, end), base, base + height, color=LINE, alpha=0.5, linewidth=0)
    ax.fill_between(ends, base, curve, color=BLUE, alpha=0.8, linewidth=0, zorder=3)
    ax.axhline(base, color=LINE, linewidth=0.6, zorder=1)
    ax.axhline(base + height * threshold, color=INK, linewidth=0.6, dashes=(3, 3), zorder=4)


def _levels(ax: Axes, base: float, height: float) -> None:
    """Shade the bands of the levels A to E, which can be counted."""
    edges = base + height * np.append(LEVELS, MAX_INTENSITY) / MAX_INTENSITY
    for number, (low, high) in enumerate(pairwise(edges.tolist())):
        ax.axhspan(low, high, color=INK, alpha=0.09 if number % 2 else 0.04, linewidth=0, zorder=0)


def _stretches(face: AUResult, rows: NDArray[np.bool_]) -> list[tuple[float, float]]:
    """Return start and end of every run of the chosen rows, in seconds."""
    step = float(np.median(np.diff(face.timestamp_s)))
    changes = np.diff(np.concatenate([[False], rows, [False]]).astype(int))
    edges = np.flatnonzero(changes).reshape(-1, 2)
    time = face.timestamp_s
    return [(float(time[a]) - step / 2, float(time[b - 1]) + step / 2) for a, b in edges]


def _pictures_above(
    ax: Axes, face: AUResult, pictures: Mapping[int, NDArray[Any]], n_rows: int
) -> None:
    """Put small pictures above the axes, as near to their times as they fit."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage

    frames = sorted(pictures)
    start, end = ax.get_xlim()
    room = 0.2
    shares = np.array(
        [np.interp(f, face.frame, (face.timestamp_s - start) / (end - start)) for f in frames]
    )
    places = np.clip(shares, room / 2, 1 - room / 2)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + room)
    places -= max(0.0, float(places[-1]) - (1 - room / 2))
    for frame, share, place in zip(frames, shares, places, strict=True):
        image = as_rgb(pictures[frame])
        box = OffsetImage(image, zoom=62.0 / image.shape[0], dpi_cor=True)
        note = AnnotationBbox(
            box, (share, 1.0), xybox=(place, 1.02), xycoords="axes fraction",
            boxcoords="axes fraction", box_alignment=(0.5, 0.0), pad=0.1,
            bboxprops={"edgecolor": LINE, "linewidth": 0.6},
        )  # fmt: skip
        ax.add_artist(note)
        time = start + share * (end - start)
        ax.axvline(time, color=SOFT, linewidth=0.7, linestyle=":", zorder=4)
        ax.annotate(
            f"frame {frame}", (place, 1.02), xycoords="axes fraction", xytext=(0, 68),
            textcoords="offset points", ha="center", va="bottom", fontsize=SMALL, color=SOFT,
        )  # fmt: skip
