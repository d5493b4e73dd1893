"""Furrows: edges of the skin in windows that follow the landmarks (Tian's transient features).

Tian, Kanade & Cohn (2001, section 3.2) count Canny edge pixels where furrows appear, relative to
the neutral face. Windows on eyes and lips tell what landmarks alone do not, closed lids above
all. Here the face is first brought upright and to a fixed inter-ocular distance
(IOD), since the same face at half the size would otherwise have twice the edge density; and its
brightness is divided by the local mean, so that edges are contrasts and neither the skin's tone
nor the lamp's strength counts. Beside the share of edge pixels every window has the strength of
its vertical and its horizontal lines, its brightness and its contrast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_shape
from au_detect.landmarks.crop import FaceCrop
from au_detect.landmarks.points import N_LANDMARKS, POINTS, apply_affine

FURROW_CROP = FaceCrop(box_px=90, side_px=132)
"""54 px between the eyes: enough for a furrow, small enough to be quick."""

LOCAL_MEAN_IOD = 0.16
SMOOTHING_PX = 0.9
CANNY_LOW, CANNY_HIGH = 0.022, 0.05
"""Canny thresholds: change of brightness from pixel to pixel, as parts of the local brightness."""
CONTRAST_STEPS = 2048
"""Steps of one local brightness in the whole numbers that gradients are taken of."""
STEPS_A_PIXEL = 8 * CONTRAST_STEPS
"""What Sobel's kernel gives where contrast changes by one local brightness from pixel to pixel."""
BRIGHTEST = 4.0
"""Gradients do not see contrasts above this, in local brightnesses: glare in the dark."""
DARKEST = np.float32(4.0)
"""Added to grey values, so that noise in black is no contrast."""

CHANNELS = ("edges", "vertical_lines", "horizontal_lines", "brightness", "contrast")
_UNITS = np.array([1 / 255, 1 / STEPS_A_PIXEL, 1 / STEPS_A_PIXEL, 1.0, 1.0])

Anchor = tuple[Sequence[str], float, float, float, float]

_MIDDLE: dict[str, Anchor] = {
    # name: landmarks whose mean is the anchor, offset x and y, width, height (IOD; x away from
    # the midline, y down)
    "glabella_furrows": (("right_brow_inner", "left_brow_inner"), 0.0, -0.01, 0.22, 0.26),
    "forehead_inner_furrows": (("right_brow_inner", "left_brow_inner"), 0.0, -0.30, 0.50, 0.26),
    "nasal_root_wrinkles": (("nasion", "nasion"), 0.0, 0.06, 0.26, 0.18),
    "chin_furrows": (("lower_lip_bottom", "chin"), 0.0, -0.02, 0.44, 0.22),
    "mouth_opening": (("upper_lip_bottom", "lower_lip_top"), 0.0, 0.0, 0.30, 0.10),
    "lips": (("right_lip_corner", "left_lip_corner"), 0.0, 0.03, 0.50, 0.24),
}
_SIDED: dict[str, Anchor] = {
    "forehead_outer_furrows": (("brow_middle",), 0.03, -0.26, 0.34, 0.24),
    "brow_furrows": (("brow_inner",), 0.04, -0.06, 0.20, 0.18),
    "crows_feet": (("eye_outer",), 0.13, 0.04, 0.18, 0.30),
    "infraorbital_furrows": (("lower_lid_inner", "lower_lid_outer"), 0.0, 0.10, 0.34, 0.14),
    "eyelid": (("eye_inner", "eye_outer"), 0.0, -0.02, 0.26, 0.14),
    "iris": (("eye_inner", "eye_outer"), 0.0, -0.02, 0.10, 0.08),
    "upper_lid": (("brow_middle", "eye_inner", "eye_outer"), 0.0, 0.02, 0.26, 0.10),
    "nasolabial_furrows": (("nostril", "lip_corner"), 0.11, -0.02, 0.20, 0.30),
    "nose_wing_wrinkles": (("nostril",), 0.03, -0.14, 0.16, 0.18),
    "mouth_corner_furrows": (("lip_corner",), 0.08, 0.04, 0.16, 0.24),
    "mentolabial_furrows": (("lip_corner",), -0.10, 0.18, 0.22, 0.20),
}


def _layout() -> tuple[tuple[str, ...], list[list[int]], NDArray[np.float64]]:
    """Return window names, anchor landmarks and (offset x, y, width, height) of every window."""
    names, anchors, boxes = [], [], []
    for name, (points, *box) in _MIDDLE.items():
        names.append(name)
        anchors.append([POINTS[point] for point in points])
        boxes.append(box)
    for name, (points, x, y, width, height) in _SIDED.items():
        for side, sign in (("right", -1.0), ("left", 1.0)):
            names.append(f"{side}_{name}")
            anchors.append([POINTS[f"{side}_{point}"] for point in points])
            boxes.append([sign * x, y, width, height])
    return tuple(names), anchors, np.array(boxes)


WINDOW_NAMES, _ANCHORS, _BOXES_IOD = _layout()
FURROW_NAMES: tuple[str, ...] = tuple(
    f"{window}_{channel}" for channel in CHANNELS for window in WINDOW_NAMES
)
N_FURROWS = len(FURROW_NAMES)

_weights = np.zeros((len(WINDOW_NAMES), N_LANDMARKS))
for _row, _anchor in enumerate(_ANCHORS):
    for _point in _anchor:
        _weights[_row, _point] += 1.0 / len(_anchor)

_AROUND_PX = FURROW_CROP.iod_px * np.hstack(
    [_BOXES_IOD[:, :2] - _BOXES_IOD[:, 2:] / 2, _BOXES_IOD[:, :2] + _BOXES_IOD[:, 2:] / 2]
)
"""Left, top, right, bottom of every window about its anchor."""


def _mirror_order() -> NDArray[np.intp]:
    def other(name: str) -> str:
        side, _, rest = name.partition("_")
        return {"right": f"left_{rest}", "left": f"right_{rest}"}.get(side, name)

    return np.array([FURROW_NAMES.index(other(name)) for name in FURROW_NAMES])


MIRROR_FURROWS = _mirror_order()
"""``MIRROR_FURROWS[i]`` is the furrow feature that feature `i` becomes in the mirrored picture."""


def furrow_windows(crop_points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return left, top, right, bottom (n_windows, 4) in the furrow crop, in pixels.

    Parameters
    ----------
    crop_points : ndarray, shape (68, 2)
        Landmarks in the crop.
    """
    anchor = _weights @ crop_points
    return np.concatenate([anchor, anchor], axis=1) + _AROUND_PX


@dataclass(frozen=True)
class UprightFace:
    """A face in `FURROW_CROP`.

    Parameters
    ----------
    crop : ndarray of uint8, shape (side_px, side_px)
    points : ndarray of float64, shape (68, 2)
        Landmarks in it, px.
    matrix : ndarray of float64, shape (2, 3)
        From the picture to it.
    """

    crop: NDArray[np.uint8]
    points: NDArray[np.float64]
    matrix: NDArray[np.float64]


def cut_upright(image: NDArray[np.uint8], points: NDArray[np.floating]) -> UprightFace:
    """Return the upright face with landmarks (68, 2), px, of a grey picture (height, width).

    Raises
    ------
    InputError
        If `image` or `points` has another shape, or `points` is not finite.
    """
    check_shape("image", image, ("height", "width"))
    check_shape("points", np.asarray(points), (N_LANDMARKS, 2))
    if not np.isfinite(points).all():
        raise InputError("points must be finite to place furrow windows, got NaN or infinity")
    matrix = FURROW_CROP.matrix(points)
    return UprightFace(FURROW_CROP.cut(image, matrix), apply_affine(matrix, points), matrix)


def measure_furrows(image: NDArray[np.uint8], points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the furrow densities of one face.

    Parameters are those of `cut_upright`, and so are the errors.

    Returns
    -------
    ndarray of float32, shape (n_furrows,)
        See `upright_furrows`.
    """
    return upright_furrows(cut_upright(image, points))


def upright_furrows(face: UprightFace) -> NDArray[np.float32]:
    """Return the furrow densities of a face, shape (n_furrows,), in the order of `FURROW_NAMES`.

    Edges are shares of the window's pixels in [0, 1], lines and contrast are parts of the local
    brightness, brightness is relative to the face's.
    """
    return _window_means(_channels(face.crop), furrow_windows(face.points))


def _channels(crop: NDArray[np.uint8]) -> list[NDArray[np.generic]]:
    """Return pictures of edges (0 or 255), vertical and horizontal lines, brightness, contrast.

    Lines are changes from pixel to pixel, in 1 / `STEPS_A_PIXEL` of the local brightness.
    """
    window = (2 * round(LOCAL_MEAN_IOD * FURROW_CROP.iod_px) + 1,) * 2
    local = cv2.boxFilter(cv2.blur(crop, window), cv2.CV_32F, window) + DARKEST
    grey = crop.astype(np.float32) + DARKEST
    smooth = cv2.divide(cv2.GaussianBlur(grey, (5, 5), SMOOTHING_PX), local)
    steps = (np.minimum(smooth, BRIGHTEST) * CONTRAST_STEPS).astype(np.int16)
    dx, dy = cv2.Sobel(steps, cv2.CV_16S, 1, 0), cv2.Sobel(steps, cv2.CV_16S, 0, 1)
    low, high = CANNY_LOW * STEPS_A_PIXEL, CANNY_HIGH * STEPS_A_PIXEL
    edges = cv2.Canny(dx, dy, low, high, L2gradient=True)
    bright = grey * np.float32(1.0 / cv2.mean(local)[0])
    return [edges, np.abs(dx), np.abs(dy), bright, smooth]


def _window_means(
    channels: list[NDArray[np.generic]], windows: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the mean (of the last channel the spread) in every window, channel by channel.

    Pixel `i` reaches from i - 0.5 to i + 0.5, so that mirrored windows hold mirrored pixels.
    """
    limits = np.minimum(np.rint(windows + 0.5), FURROW_CROP.side_px).astype(int)
    first, last = limits[:, :2], np.maximum(limits[:, 2:], 1)
    first = np.maximum(np.minimum(first, last - 1), 0)
    left, top = np.minimum.reduce(first)
    right, bottom = np.maximum.reduce(last)

    *flat, smooth = (channel[top:bottom, left:right] for channel in channels)
    sums = np.empty((len(channels) + 1, bottom - top + 1, right - left + 1))
    for channel, channel_sums in zip(flat, sums[:-2], strict=True):
        cv2.integral(channel, channel_sums, cv2.CV_64F)
    cv2.integral2(smooth, sums[-1], sums[-2], cv2.CV_64F, cv2.CV_64F)

    corners = np.array([first, last]) - (left, top)  # (2, n_windows, 2)
    x, y = corners[..., 0], corners[..., 1] * sums.shape[2]
    at = sums.reshape(len(sums), -1).take(y[:, None] + x, axis=1)
    inside = at[:, 1, 1] - at[:, 0, 1] - at[:, 1, 0] + at[:, 0, 0]
    width, height = (last - first).T
    means = inside / (width * height)
    values, means_smooth = means[:-1], means[-1]
    values[-1] = np.sqrt(np.maximum(values[-1] - means_smooth**2, 0.0))  # was the mean square
    return (values * _UNITS[:, None]).astype(np.float32).ravel()
