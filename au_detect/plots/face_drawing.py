"""A schematic face: outlines, and where each action unit pulls. Data for `plot_face`.

Coordinates are in inter-ocular distances (IOD) as in `read_mean_face`: x to the subject's left,
y down, origin between the eyes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from au_detect.landmarks.pose import read_mean_face


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
