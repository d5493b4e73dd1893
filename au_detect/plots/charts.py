"""Plots of results: bars, time courses, comparisons, reasons. They need matplotlib.

Every function draws into the `ax` it is given, or into a new figure, and returns the axes:
``plot_aus(result, 9).figure.savefig("aus.png")``. Plots of faces are in `au_detect.plots.face`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_option
from au_detect.facs import au_label
from au_detect.plots.face import plot_displacements, plot_face, plot_landmarks
from au_detect.plots.style import (
    BLUE,
    INK,
    LINE,
    NORMAL,
    ORANGE,
    PALE,
    SMALL,
    SOFT,
    as_rgb,
    au_name,
    axes_or_new,
    row_of,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from au_detect.results import AUResult
    from au_detect.results.reasons import AUExplanation

__all__ = [
    "plot_aus",
    "plot_comparison",
    "plot_displacements",
    "plot_explanation",
    "plot_face",
    "plot_landmarks",
    "plot_timeline",
]

ONE_SIDED_FROM = 0.5
MEASURES = ("share", "peak")


def plot_aus(result: AUResult, frame: int, face_id: int = 0, *, ax: Axes | None = None) -> Axes:
    """Draw the probability of every AU in one frame as a bar, with its threshold.

    Orange AUs are on. Where one half of the face moves much more (|side| of 0.5 or more), the
    bar says which.

    Raises
    ------
    InputError
        If the frame does not show the face.
    """
    row = row_of(result, frame, face_id)
    n = len(result.aus)
    ax = axes_or_new(ax, 5.0, 0.6 + 0.21 * n)
    places, p, on = np.arange(n), result.probabilities[row], result.active[row]
    ax.barh(places, np.ones(n), height=0.72, color=PALE, zorder=1)
    ax.barh(places, p, height=0.72, color=np.where(on, ORANGE, LINE), zorder=2)
    ax.vlines(result.thresholds, places - 0.42, places + 0.42, color=INK, linewidth=1.2, zorder=3)
    for place, value, is_on, side in zip(range(n), p, on, result.side[row], strict=True):
        half = (" left" if side > 0 else " right") if is_on and abs(side) >= ONE_SIDED_FROM else ""
        ax.text(
            1.02, place, f"{value:.2f}{half}", va="center", fontsize=SMALL,
            color=INK if is_on else SOFT, fontweight="bold" if is_on else "normal",
        )  # fmt: skip
    ax.set_yticks(places, [au_name(au) for au in result.aus])
    tidy(ax, keep=())
    for label, is_on in zip(ax.get_yticklabels(), on, strict=True):
        label.set_color(INK if is_on else SOFT)
        label.set_fontweight("bold" if is_on else "normal")
    ax.set_xlim(0, 1)
    ax.set_ylim(n - 0.5, -0.5)
    ax.set_xlabel("probability (black line: threshold)", fontsize=SMALL, color=SOFT)
    ax.tick_params(axis="y", length=0)
    return ax


def plot_timeline(
    result: AUResult,
    face_id: int = 0,
    *,
    aus: Sequence[int] | str = "on",
    pictures: Mapping[int, NDArray[Any]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the probability of AUs over time: a row each, events shaded, the threshold dashed.

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
    time = face.timestamp_s
    for row, column in enumerate(columns):
        base = n - 1.0 - row
        _timeline_row(ax, face, column, base)
    for start, end in _lost(face):
        ax.axvspan(start, end, color=LINE, alpha=0.5, linewidth=0, zorder=0)
    ax.set_yticks(np.arange(n) + 0.35, [au_name(face.aus[c]) for c in columns[::-1]])
    tidy(ax, keep=("bottom",))
    ax.tick_params(axis="y", length=0)
    step = float(np.median(np.diff(time))) if len(time) > 1 else 1.0
    ax.set_xlim(time[0] - step / 2, time[-1] + step / 2)
    ax.set_ylim(-0.12, n)
    ax.set_xlabel("time (s)", fontsize=NORMAL, color=INK)
    if pictures:
        _pictures_above(ax, face, pictures, n)
    return ax


def plot_comparison(
    results: Mapping[str, AUResult | Sequence[AUResult]],
    *,
    measure: str = "share",
    ax: Axes | None = None,
) -> Axes:
    """Draw AUs of several people or conditions side by side.

    Parameters
    ----------
    results : mapping of str to AUResult or sequence of AUResult
        Name -> one result, or all of a condition, of which the mean is shown. All faces count.
    measure : {"share", "peak"}
        Share of the frames with a face in which the AU is on, or its highest probability.
    ax : Axes, optional

    Raises
    ------
    InputError
        If there is no result, or a name has none with a face.
    """
    check_option("measure", measure, MEASURES)
    if not results:
        raise InputError("results must hold at least one name, got none")
    groups = {name: [r] if not isinstance(r, Sequence) else list(r) for name, r in results.items()}
    aus = sorted({au for group in groups.values() for r in group for au in r.aus})
    table = np.array([_group_means(name, group, aus, measure) for name, group in groups.items()])
    n_rows, n_columns = table.shape
    ax = axes_or_new(ax, 1.6 + 0.36 * n_columns, 1.0 + 0.34 * n_rows)
    mesh = ax.pcolormesh(
        np.arange(n_columns + 1), np.arange(n_rows + 1), table, cmap="Blues", vmin=0, vmax=1,
        edgecolors="white", linewidth=1.5,
    )  # fmt: skip
    for row, column in np.ndindex(n_rows, n_columns):
        value = float(table[row, column])
        if np.isfinite(value) and value >= 0.005:
            ax.text(
                column + 0.5, row + 0.5, f"{value:.2f}".lstrip("0"), ha="center", va="center",
                fontsize=SMALL - 1, color="white" if value > 0.55 else INK,
            )  # fmt: skip
    ax.set_xticks(np.arange(n_columns) + 0.5, [au_label(au)[2:] for au in aus])
    ax.set_yticks(np.arange(n_rows) + 0.5, list(groups))
    ax.invert_yaxis()
    tidy(ax, keep=())
    ax.tick_params(length=0)
    ax.set_xlabel("action unit", fontsize=NORMAL, color=INK)
    words = {"share": "share of frames on", "peak": "highest probability"}
    bar = ax.figure.colorbar(mesh, ax=ax, pad=0.01, fraction=0.03, aspect=12)
    bar.set_label(words[measure], fontsize=SMALL, color=INK)
    bar.ax.tick_params(labelsize=SMALL, color=LINE)
    bar.outline.set_visible(False)
    return ax


def plot_explanation(explanation: AUExplanation, *, ax: Axes | None = None) -> Axes:
    """Draw why an AU is on: each reason's change against its typical range at rest.

    The change is drawn in ranges: the grey band is where 9 of 10 faces at rest are. How much a
    reason carried of the decision is written beside it and shown by its tone.
    """
    reasons = explanation.reasons
    ax = axes_or_new(ax, 6.4, 0.9 + 0.36 * max(len(reasons), 1))
    places = np.arange(len(reasons))
    sizes = []
    for place, reason in enumerate(reasons):
        low, high = reason.change.rest or (0.0, 0.0)
        half = max((high - low) / 2, 1e-3)
        size = (reason.change.value - (low + high) / 2) / half
        sizes.append(size)
        ax.barh(place, size, height=0.55, color=ORANGE, alpha=0.35 + 0.65 * reason.share, zorder=2)
        ax.text(
            1.02, place, f"{reason.change.value:+.3f} {reason.change.unit}  ({reason.share:.0%})",
            transform=ax.get_yaxis_transform(), va="center", fontsize=SMALL, color=INK,
        )  # fmt: skip
    ax.axvspan(-1, 1, color=PALE, zorder=0, linewidth=0)
    ax.axvline(0, color=LINE, linewidth=0.8, zorder=1)
    reach = max([1.5, *(abs(size) for size in sizes)]) * 1.05
    ax.set_xlim(
        -reach if min(sizes, default=0) < 0 else -1.5, reach if max(sizes, default=0) > 0 else 1.5
    )
    ax.set_yticks(places, [reason.change.text for reason in reasons])
    ax.set_ylim(max(len(reasons), 1) - 0.4, -0.6)
    ax.set_title(
        f"{au_name(explanation.au)}, frame {explanation.frame}: probability "
        f"{explanation.probability:.2f} (threshold {explanation.threshold:.2f})",
        fontsize=NORMAL, color=INK, loc="right",
    )  # fmt: skip
    ax.set_xlabel("change, in half ranges at rest (band: at rest)", fontsize=SMALL, color=SOFT)
    ax.locator_params(axis="x", integer=True, nbins=8)
    tidy(ax, keep=("bottom",))
    ax.tick_params(axis="y", length=0)
    return ax


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
    p = face.probabilities[:, column].astype(float)
    threshold = float(face.thresholds[column])
    step = float(np.median(np.diff(time)))
    for event in face.events():
        if event.au == face.aus[column]:
            span = (event.onset_s - step / 2, event.offset_s + step / 2)
            ax.fill_between(span, base, base + height, color=ORANGE, alpha=0.25, linewidth=0)
            ax.plot(
                event.apex_s, base + height * event.peak_probability, "o", color=ORANGE,
                markersize=4, markeredgecolor="white", markeredgewidth=0.6, zorder=5,
            )  # fmt: skip
    ends = np.concatenate([[time[0] - step / 2], time, [time[-1] + step / 2]])
    curve = base + height * np.concatenate([p[:1], p, p[-1:]])
    ax.fill_between(ends, base, curve, color=BLUE, alpha=0.8, linewidth=0, zorder=3)
    ax.axhline(base, color=LINE, linewidth=0.6, zorder=1)
    ax.axhline(base + height * threshold, color=INK, linewidth=0.6, dashes=(3, 3), zorder=4)


def _lost(face: AUResult) -> list[tuple[float, float]]:
    """Return start and end of the times without the face, in seconds."""
    step = float(np.median(np.diff(face.timestamp_s)))
    lost = np.concatenate([[False], ~face.face_found, [False]]).astype(int)
    edges = np.flatnonzero(np.diff(lost)).reshape(-1, 2)
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


def _group_means(
    name: str, group: Sequence[AUResult], aus: Sequence[int], measure: str
) -> NDArray[np.float64]:
    """Return the mean of a measure over the results of one name; NaN for AUs that none has."""
    rows = []
    for result in group:
        found = result.face_found
        if not found.any():
            continue
        values = result.active[found].mean(axis=0)
        if measure == "peak":
            values = result.probabilities[found].max(axis=0)
        of_au = dict(zip(result.aus, values.tolist(), strict=True))
        rows.append([of_au.get(au, np.nan) for au in aus])
    if not rows:
        raise InputError(f"results of {name!r} must show a face, but none does")
    table = np.array(rows, dtype=float)
    known = np.isfinite(table)
    sums = np.where(known, table, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), np.nan)
