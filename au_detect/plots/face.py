"""Plots of landmarks: on a picture, and how they moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, check_shape
from au_detect.features.furrows import FURROW_CROP, furrow_windows
from au_detect.landmarks.points import CLOSED_REGIONS, N_LANDMARKS, REGIONS, apply_affine
from au_detect.landmarks.pose import estimate_pose
from au_detect.plots.style import (
    BLUE,
    INK,
    LINE,
    RED,
    REGION_COLOURS,
    SMALL,
    as_rgb,
    axes_or_new,
    row_of,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from au_detect.results import AUResult

STILL_IOD = 0.02
"""Landmarks that moved less are drawn without arrow: that much is noise."""


def plot_landmarks(
    image: NDArray[Any],
    points: ArrayLike,
    *,
    windows: bool = False,
    numbers: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Draw the 68 landmarks on a picture, coloured by region.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width) or (height, width, 3)
        Grey, or blue, green, red.
    points : array_like, shape (68, 2)
        Pixels.
    windows : bool
        Draw the windows in which furrows are measured.
    numbers : bool
        Write the numbers of the landmarks, from 0.
    ax : Axes, optional

    Raises
    ------
    InputError
        If `image` is another array, or `points` has another shape or NaN.
    """
    picture, shape = as_rgb(image), np.asarray(points, dtype=float)
    check_shape("points", shape, (N_LANDMARKS, 2))
    if not np.isfinite(shape).all():
        raise InputError("points must be finite to be drawn, got NaN or infinity")
    height, width = picture.shape[:2]
    ax = axes_or_new(ax, 4.5, 4.5 * height / width)
    ax.imshow(picture)
    if windows:
        _draw_windows(ax, shape)
    for region, place in REGIONS.items():
        path = shape[place]
        if region in CLOSED_REGIONS:
            path = np.vstack([path, path[:1]])
        ax.plot(path[:, 0], path[:, 1], color=REGION_COLOURS[region], linewidth=0.9, alpha=0.9)
        ax.plot(
            shape[place][:, 0], shape[place][:, 1], "o", color=REGION_COLOURS[region],
            markersize=2.6, markeredgecolor=INK, markeredgewidth=0.3,
        )  # fmt: skip
    if numbers:
        for number, (x, y) in enumerate(shape):
            ax.annotate(
                str(number), (x, y), xytext=(2, 2), textcoords="offset points", fontsize=5,
                color="white",
            )  # fmt: skip
    ax.set_xlim(-0.5, width - 0.5)
    ax.set_ylim(height - 0.5, -0.5)
    ax.set_axis_off()
    return ax


def plot_displacements(
    result: AUResult,
    frame: int,
    face_id: int = 0,
    *,
    neutral: ArrayLike | None = None,
    scale: float = 1.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw how the landmarks moved from the neutral face to one frame, seen from the front.

    Both shapes are freed of the head pose as the features are. Arrows start at the neutral
    landmarks (grey); movements under 0.02 IOD have none.

    Parameters
    ----------
    result : AUResult
    frame, face_id : int
    neutral : array_like, shape (68, 2), optional
        Landmarks of the neutral face in pixels; by default those the result was made with.
    scale : float
        Lengthens the arrows.
    ax : Axes, optional

    Raises
    ------
    InputError
        If the frame does not show the face, or the result was read from a table and no
        `neutral` is given.
    """
    row = row_of(result, frame, face_id)
    now = estimate_pose(result.points[row : row + 1]).frontal[0]
    rest = _neutral_shape(result, face_id, neutral)
    ax = axes_or_new(ax, 4.5, 5.0)
    move = now - rest
    length = np.linalg.norm(move, axis=1)
    _draw_shape(ax, rest, LINE)
    moved = length >= STILL_IOD
    colours = np.where(length[moved] >= 3 * STILL_IOD, RED, BLUE)
    ax.scatter(rest[~moved, 0], rest[~moved, 1], s=5, color=LINE, zorder=3)
    ax.quiver(
        rest[moved, 0], rest[moved, 1], scale * move[moved, 0], scale * move[moved, 1],
        color=colours, angles="xy", scale_units="xy", scale=1.0, width=0.0055, headwidth=4.5,
        headlength=5, headaxislength=4.5, zorder=4,
    )  # fmt: skip
    _square_face_axes(ax, np.vstack([rest, rest + scale * move]))
    _scale_bar(ax, scale)
    return ax


def _draw_windows(ax: Axes, points: NDArray[np.float64]) -> None:
    from matplotlib.patches import Polygon

    matrix = FURROW_CROP.matrix(points)
    square = np.vstack([matrix, [0.0, 0.0, 1.0]])
    back = np.linalg.inv(square)[:2]
    for left, top, right, bottom in furrow_windows(apply_affine(matrix, points)):
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        ax.add_patch(
            Polygon(
                apply_affine(back, corners), closed=True, facecolor="none", edgecolor="white",
                linewidth=0.7, alpha=0.85,
            )
        )  # fmt: skip


def _neutral_shape(
    result: AUResult, face_id: int, neutral: ArrayLike | None
) -> NDArray[np.float64]:
    if neutral is not None:
        points = np.asarray(neutral, dtype=float)
        check_shape("neutral", points, (N_LANDMARKS, 2))
        return np.asarray(estimate_pose(points[None]).frontal[0])
    if result.evidence is None:
        raise InputError(
            "neutral must be given for a result that was read from a table: landmarks (68, 2)"
        )
    return np.asarray(result.evidence.neutral[face_id].pose.frontal[0])


def _draw_shape(ax: Axes, shape: NDArray[np.float64], colour: str) -> None:
    for region, place in REGIONS.items():
        path = shape[place]
        if region in CLOSED_REGIONS:
            path = np.vstack([path, path[:1]])
        ax.plot(path[:, 0], path[:, 1], color=colour, linewidth=1.2, zorder=1)


def _square_face_axes(ax: Axes, points: NDArray[np.float64]) -> None:
    (x0, y0), (x1, y1) = points.min(axis=0), points.max(axis=0)
    ax.set_xlim(x0 - 0.08, x1 + 0.08)
    ax.set_ylim(y1 + 0.2, y0 - 0.08)
    ax.set_aspect("equal")
    ax.set_axis_off()


def _scale_bar(ax: Axes, scale: float) -> None:
    """Draw how long 0.1 IOD is, at the bottom right."""
    right, bottom = ax.get_xlim()[1] - 0.03, ax.get_ylim()[0] - 0.09
    ax.plot([right - 0.1 * scale, right], [bottom, bottom], color=INK, linewidth=1.5)
    note = "0.1 IOD" if scale == 1 else f"0.1 IOD (arrows x {scale:g})"
    left = right - 0.1 * scale - 0.03
    ax.text(left, bottom, note, ha="right", va="center", fontsize=SMALL, color=INK)
