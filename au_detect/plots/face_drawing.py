"""A schematic face: outlines, and where each action unit (AU) pulls.

Coordinates are in inter-ocular distances (IOD) as in `read_mean_face`: x to the subject's left,
y down, origin between the eyes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from au_detect.errors import InputError
from au_detect.facs import ACTION_UNITS, MAX_INTENSITY, ONE_SIDED_FROM, facs_code
from au_detect.landmarks.pose import read_mean_face
from au_detect.plots.style import INK, NORMAL, ORANGE, RED, SOFT, axes_or_new

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class PullMark:
    """Where an AU is seen, on the subject's left half.

    Attributes
    ----------
    x, y : float
        Middle of the area; x of 0 is drawn once, else the other half has it too.
    width, height : float
    pull : (float, float)
        Arrow along which the skin moves.
    tilt_deg : float
        Of the area, clockwise as seen.
    """

    x: float
    y: float
    width: float
    height: float
    pull: tuple[float, float]
    tilt_deg: float = 0.0


_LIPS = (0.0, 0.635, 0.66, 0.27)
MARKS: dict[int, PullMark] = {
    1: PullMark(0.15, -0.60, 0.24, 0.20, (0.0, -0.16)),
    2: PullMark(0.49, -0.60, 0.32, 0.20, (0.02, -0.16), 12),
    4: PullMark(0.13, -0.36, 0.22, 0.20, (-0.07, 0.13), -20),
    5: PullMark(0.36, -0.235, 0.30, 0.09, (0.0, -0.11)),
    6: PullMark(0.53, 0.13, 0.40, 0.24, (-0.02, -0.16), -15),
    7: PullMark(0.36, -0.045, 0.32, 0.08, (-0.09, 0.0)),
    9: PullMark(0.10, 0.12, 0.17, 0.26, (0.0, -0.15), 15),
    10: PullMark(0.16, 0.47, 0.20, 0.13, (0.0, -0.13), 15),
    12: PullMark(0.38, 0.57, 0.21, 0.20, (0.13, -0.13)),
    14: PullMark(0.40, 0.66, 0.17, 0.17, (-0.13, 0.0)),
    15: PullMark(0.35, 0.77, 0.17, 0.20, (0.03, 0.15)),
    16: PullMark(0.15, 0.82, 0.22, 0.11, (0.02, 0.13)),
    17: PullMark(0.0, 0.94, 0.30, 0.18, (0.0, -0.15)),
    18: PullMark(0.18, 0.60, 0.24, 0.16, (-0.13, 0.0)),
    20: PullMark(0.44, 0.67, 0.20, 0.17, (0.17, 0.02)),
    22: PullMark(*_LIPS, (0.0, 0.0)),
    23: PullMark(*_LIPS, (0.0, 0.0)),
    24: PullMark(*_LIPS, (0.0, 0.0)),
    25: PullMark(*_LIPS, (0.0, 0.0)),
    26: PullMark(0.0, 1.03, 0.52, 0.17, (0.0, 0.14)),
    27: PullMark(0.0, 1.03, 0.52, 0.17, (0.0, 0.20)),
    28: PullMark(*_LIPS, (0.0, 0.0)),
    43: PullMark(0.36, -0.14, 0.34, 0.13, (0.0, 0.09)),
    45: PullMark(0.36, -0.14, 0.34, 0.13, (0.0, 0.09)),
}


def plot_face(
    active: Mapping[int, float],
    *,
    side: Mapping[int, float] | None = None,
    intensity: Mapping[int, tuple[float, float]] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw a schematic face with the areas of active AUs coloured and an arrow where they pull.

    Parameters
    ----------
    active : mapping of int to float
        AU -> how strongly to colour it, in [0, 1]; for example the probabilities of those on.
    side : mapping of int to float, optional
        AU -> side in [-1, 1]; from 0.5 on only that half of the face is coloured.
    intensity : mapping of int to (float, float), optional
        AU -> intensities of the left and the right half, 0 to 5: then each half is coloured by its
        own, and the stronger one's letter is named.
    ax : Axes, optional

    Raises
    ------
    InputError
        If an AU is not known or a value is out of range.
    """
    for au, value in active.items():
        if au not in MARKS or not 0 <= value <= 1:
            raise InputError(f"active must map known AUs to numbers in [0, 1], got {au}: {value}")
    for au, both in (intensity or {}).items():
        if len(both) != 2 or not all(0 <= half <= MAX_INTENSITY for half in both):
            raise InputError(f"intensity must be two numbers in [0, 5] an AU, got {au}: {both}")
    ax = axes_or_new(ax, 4.6, 3.2)
    from matplotlib.patches import Circle, Polygon

    for number, curve in enumerate(outlines()):
        is_brow = number in (1, 2)
        ax.add_patch(
            Polygon(
                curve, closed=number < 5 or number == 7, facecolor=SOFT if is_brow else "none",
                edgecolor=SOFT, linewidth=1.1, zorder=2,
            )
        )  # fmt: skip
    for x, y, radius in irises():
        ax.add_patch(Circle((x, y), radius, facecolor=SOFT, edgecolor="none", zorder=2))
    anchors, codes = {}, {}
    for au, value in sorted(active.items()):
        toward, halves = (side or {}).get(au, 0.0), (intensity or {}).get(au)
        for sign, half in ((1.0, 0), (-1.0, 1)):
            if abs(toward) < ONE_SIDED_FROM or np.sign(toward) == sign:
                strength = value if halves is None else halves[half] / MAX_INTENSITY
                _draw_mark(ax, MARKS[au], sign, strength)
        anchor_sign = -1.0 if toward <= -ONE_SIDED_FROM else 1.0
        anchors[au] = (anchor_sign * MARKS[au].x, MARKS[au].y)
        codes[au] = facs_code(au, None if halves is None else max(halves), toward)
    _label_marks(ax, anchors, codes)
    ax.set_xlim(-1.0, 2.35)
    ax.set_ylim(1.22, -1.1)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def outlines() -> list[NDArray[np.float64]]:
    """Return the curves of a schematic face, each (n, 2), smooth through the mean landmarks."""
    points = read_mean_face()[:, :2]
    crown = [(0.77, -0.52), (0.53, -0.88), (0.0, -1.03), (-0.53, -0.88), (-0.77, -0.52)]
    curves = [_smooth(np.vstack([points[:17], crown]), closed=True)]
    for brow in (points[17:22], points[22:27]):
        thickness = np.array([0.0, 0.045, 0.055, 0.05, 0.03])
        if brow[0, 0] > 0:
            thickness = thickness[::-1]
        lower = brow + np.column_stack([np.zeros(5), thickness])
        curves.append(_smooth(np.vstack([brow, lower[::-1]]), closed=True, sharp=True))
    curves += [_smooth(points[a:b], closed=True) for a, b in ((36, 42), (42, 48))]
    curves += [_smooth(points[27:31]), _smooth(points[31:36])]
    curves += [_smooth(points[48:60], closed=True), _smooth(points[[48, 61, 62, 63, 54]])]
    return curves


def irises() -> list[tuple[float, float, float]]:
    """Return x, y and radius of both irises."""
    points = read_mean_face()[:, :2]
    middles = [points[a:b].mean(axis=0) for a, b in ((36, 42), (42, 48))]
    return [(float(x), float(y), 0.05) for x, y in middles]


def _smooth(
    corners: NDArray[np.float64], *, closed: bool = False, sharp: bool = False
) -> NDArray[np.float64]:
    if sharp:
        return np.vstack([corners, corners[:1]])
    path = np.vstack([corners, corners[:1]]) if closed else corners
    lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
    places = np.concatenate([[0.0], np.cumsum(np.maximum(lengths, 1e-6))])
    spline = CubicSpline(places, path, bc_type="periodic" if closed else "natural")
    return np.asarray(spline(np.linspace(0.0, places[-1], 20 * len(path))))


def _draw_mark(ax: Axes, mark: PullMark, sign: float, value: float) -> None:
    from matplotlib.patches import Ellipse

    if mark.x == 0 and sign < 0:
        return
    place = (sign * mark.x, mark.y)
    ax.add_patch(
        Ellipse(
            place, mark.width, mark.height, angle=sign * mark.tilt_deg, facecolor=ORANGE,
            alpha=0.2 + 0.5 * value, edgecolor="none", zorder=3,
        )
    )  # fmt: skip
    dx, dy = sign * mark.pull[0], mark.pull[1]
    if dx or dy:
        ax.annotate(
            "", (place[0] + dx * 0.7, place[1] + dy * 0.7),
            (place[0] - dx * 0.3, place[1] - dy * 0.3),
            arrowprops={"arrowstyle": "-|>", "color": RED, "linewidth": 1.6, "mutation_scale": 9,
                        "shrinkA": 0, "shrinkB": 0},
            zorder=5,
        )  # fmt: skip


def _label_marks(ax: Axes, anchors: dict[int, tuple[float, float]], codes: dict[int, str]) -> None:
    """Write the AUs in a column beside the face, by height, each tied to its area."""
    order = sorted(anchors, key=lambda au: (anchors[au][1], au))
    gap = min(0.2, 2.2 / max(len(order), 1))
    heights = np.array([anchors[au][1] for au in order])
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + gap)
    if len(heights):
        heights -= max(0.0, float(heights[-1]) - 1.15)
        heights = np.maximum(heights, -1.05 + gap * np.arange(len(heights)))
    for au, height in zip(order, heights, strict=True):
        x, y = anchors[au]
        ax.plot([x, 0.98, 1.04], [y, height, height], color=SOFT, linewidth=0.6, zorder=4)
        ax.text(
            1.07, height, f"{codes[au]} {ACTION_UNITS[au].name}", va="center",
            fontsize=NORMAL, color=INK,
        )  # fmt: skip
