"""Plots of results: bars, comparisons, reasons, and the names of all others. They need matplotlib.

Every function draws into the `ax` it is given, or into a new figure, and returns the axes:
``plot_aus(result, 9).figure.savefig("aus.png")``. The time course is in
`au_detect.plots.timeline`, landmarks in `face`, the schematic face in `face_drawing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_option
from au_detect.facs import ONE_SIDED_FROM, au_label, intensity_letter
from au_detect.plots.face import plot_displacements, plot_landmarks
from au_detect.plots.face_drawing import plot_face
from au_detect.plots.style import (
    INK,
    LINE,
    NORMAL,
    ORANGE,
    PALE,
    SMALL,
    SOFT,
    au_name,
    axes_or_new,
    probability_text,
    row_of,
    tidy,
)
from au_detect.plots.timeline import plot_timeline

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

MEASURES = ("share", "peak")


def plot_aus(result: AUResult, frame: int, face_id: int = 0, *, ax: Axes | None = None) -> Axes:
    """Draw the probability of every AU in one frame as a bar, with its threshold.

    Orange AUs are on. Where one half of the face moves much more (|side| of 0.5 or more), the
    bar says which; a letter is the intensity, where the model knows it. AUs of a half of the face
    that is not visible have a dash.

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
    told = zip(range(n), p, on, result.side[row], result.intensity[row].tolist(), strict=True)
    for place, value, is_on, side, intensity in told:
        half = (" left" if side > 0 else " right") if is_on and abs(side) >= ONE_SIDED_FROM else ""
        letter = f" {intensity_letter(intensity)}".rstrip() if is_on else ""
        ax.text(
            1.02, place, probability_text(value) + letter + half, va="center", fontsize=SMALL,
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
        Share of the frames that show the AU's half of the face in which it is on, or its highest
        probability.
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


def _group_means(
    name: str, group: Sequence[AUResult], aus: Sequence[int], measure: str
) -> NDArray[np.float64]:
    """Return the mean of a measure over the results of one name; NaN for AUs that none has."""
    rows = []
    for result in group:
        seen = result.seen
        if not seen.any():
            continue
        values = result.active.sum(axis=0) / np.where(seen.any(axis=0), seen.sum(axis=0), np.nan)
        if measure == "peak":
            values = np.fmax.reduce(result.probabilities)
        of_au = dict(zip(result.aus, values.tolist(), strict=True))
        rows.append([of_au.get(au, np.nan) for au in aus])
    if not rows:
        raise InputError(f"results of {name!r} must show a face, but none does")
    table = np.array(rows, dtype=float)
    known = np.isfinite(table)
    sums = np.where(known, table, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), sums / np.maximum(known.sum(axis=0), 1), np.nan)
