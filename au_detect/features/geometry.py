"""Distances of the frontal face, after Tian, Kanade & Cohn (2001), "Recognizing Action Units for
Facial Expression Analysis", IEEE TPAMI 23(2), tables 2 and 3 (permanent features).

Every function takes frontal shapes as `au_detect.landmarks.pose.estimate_pose` returns them, in
inter-ocular distances (IOD), x right, y down, and returns one value a frame. Heights are
positive upwards.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.points import LEFT_POINTS, MIRROR, POINTS

Shapes = NDArray[np.float64]
Side = Literal["right", "left"]
SIDES: tuple[Side, Side] = ("right", "left")


def _between(shapes: Shapes, first: str, second: str) -> Shapes:
    difference = shapes[:, POINTS[first]] - shapes[:, POINTS[second]]
    return np.linalg.norm(difference, axis=1)


def _above(shapes: Shapes, upper: str, lower: str) -> Shapes:
    return shapes[:, POINTS[lower], 1] - shapes[:, POINTS[upper], 1]


def _eye_line(shapes: Shapes, side: Side) -> Shapes:
    """Height (y, down) of the line between the two corners of an eye, at its middle."""
    corners = [POINTS[f"{side}_eye_inner"], POINTS[f"{side}_eye_outer"]]
    return shapes[:, corners, 1].mean(axis=1)


def brow_distance(shapes: Shapes) -> Shapes:
    """Distance between the inner ends of the brows (Tian's D)."""
    return _between(shapes, "right_brow_inner", "left_brow_inner")


def inner_brow_motion(shapes: Shapes, side: Side) -> Shapes:
    """Height of the inner end of a brow over the inner eye corner (Tian's bi)."""
    return _above(shapes, f"{side}_brow_inner", f"{side}_eye_inner")


def outer_brow_motion(shapes: Shapes, side: Side) -> Shapes:
    """Height of the outer end of a brow over the outer eye corner (Tian's bo)."""
    return _above(shapes, f"{side}_brow_outer", f"{side}_eye_outer")


def middle_brow_motion(shapes: Shapes, side: Side) -> Shapes:
    """Height of the middle of a brow over the line between the eye corners."""
    return _eye_line(shapes, side) - shapes[:, POINTS[f"{side}_brow_middle"], 1]


def eye_height(shapes: Shapes, side: Side) -> Shapes:
    """Opening of an eye: mean distance between its lids (Tian's h1 + h2)."""
    inner = _between(shapes, f"{side}_upper_lid_inner", f"{side}_lower_lid_inner")
    outer = _between(shapes, f"{side}_upper_lid_outer", f"{side}_lower_lid_outer")
    return (inner + outer) / 2.0


def upper_lid_motion(shapes: Shapes, side: Side) -> Shapes:
    """Height of the upper lid over the line between the eye corners (Tian's h1)."""
    lids = [POINTS[f"{side}_upper_lid_inner"], POINTS[f"{side}_upper_lid_outer"]]
    return _eye_line(shapes, side) - shapes[:, lids, 1].mean(axis=1)


def lower_lid_motion(shapes: Shapes, side: Side) -> Shapes:
    """Height of the lower lid over the line between the eye corners (Tian's h2, upwards)."""
    lids = [POINTS[f"{side}_lower_lid_inner"], POINTS[f"{side}_lower_lid_outer"]]
    return _eye_line(shapes, side) - shapes[:, lids, 1].mean(axis=1)


def lip_height(shapes: Shapes) -> Shapes:
    """Height of the closed or open lips, top to bottom (Tian's h1 + h2 of the lips)."""
    return _between(shapes, "upper_lip_top", "lower_lip_bottom")


def lip_width(shapes: Shapes) -> Shapes:
    """Distance between the lip corners (Tian's w)."""
    return _between(shapes, "right_lip_corner", "left_lip_corner")


def lip_opening(shapes: Shapes) -> Shapes:
    """Gap between the lips, in their middle."""
    return _between(shapes, "upper_lip_bottom", "lower_lip_top")


def upper_lip_thickness(shapes: Shapes) -> Shapes:
    """Height of the red of the upper lip, in its middle."""
    return _between(shapes, "upper_lip_top", "upper_lip_bottom")


def lower_lip_thickness(shapes: Shapes) -> Shapes:
    """Height of the red of the lower lip, in its middle."""
    return _between(shapes, "lower_lip_top", "lower_lip_bottom")


def lip_corner_motion(shapes: Shapes, side: Side) -> Shapes:
    """Height of a lip corner, from the line of the eyes (Tian's D_left, D_right)."""
    eyes = (_eye_line(shapes, "right") + _eye_line(shapes, "left")) / 2.0
    return eyes - shapes[:, POINTS[f"{side}_lip_corner"], 1]


def lip_corner_over_lips(shapes: Shapes, side: Side) -> Shapes:
    """Height of a lip corner over the middle of the lips: up in a smile, down in a frown."""
    middle = shapes[:, [POINTS["upper_lip_bottom"], POINTS["lower_lip_top"]], 1].mean(axis=1)
    return middle - shapes[:, POINTS[f"{side}_lip_corner"], 1]


def upper_lip_to_nose(shapes: Shapes) -> Shapes:
    """Distance from the bottom of the nose to the top of the upper lip."""
    return _between(shapes, "nose_bottom", "upper_lip_top")


def lower_lip_to_nose(shapes: Shapes) -> Shapes:
    """Distance from the bottom of the nose to the bottom of the lower lip."""
    return _between(shapes, "nose_bottom", "lower_lip_bottom")


def chin_to_nose(shapes: Shapes) -> Shapes:
    """Distance from the bottom of the nose to the chin: the opening of the jaw."""
    return _between(shapes, "nose_bottom", "chin")


def chin_to_lower_lip(shapes: Shapes) -> Shapes:
    """Distance from the bottom of the lower lip to the chin: short when the chin is raised."""
    return _between(shapes, "chin", "lower_lip_bottom")


def nostril_motion(shapes: Shapes, side: Side) -> Shapes:
    """Height of a nose wing, from the line of the eyes."""
    eyes = (_eye_line(shapes, "right") + _eye_line(shapes, "left")) / 2.0
    return eyes - shapes[:, POINTS[f"{side}_nostril"], 1]


def nasolabial_length(shapes: Shapes, side: Side) -> Shapes:
    """Distance from a nose wing to the lip corner, along the nasolabial fold."""
    return _between(shapes, f"{side}_nostril", f"{side}_lip_corner")


def eye_to_lip_corner(shapes: Shapes, side: Side) -> Shapes:
    """Distance from the outer eye corner to the lip corner: the length of the cheek."""
    return _between(shapes, f"{side}_eye_outer", f"{side}_lip_corner")


def mirrored(frontal: Shapes) -> Shapes:
    """Return the frontal shapes (..., 68, 2) with left and right exchanged."""
    flipped = frontal[..., MIRROR, :].copy()
    flipped[..., 0] *= -1.0
    return flipped


def symmetric_from(frontal: Shapes, side: Side) -> Shapes:
    """Return symmetric faces made of one half of each frontal shape and its mirror image.

    Points on the midline are the mean of themselves and their mirror image.
    """
    flipped = mirrored(frontal)
    half = LEFT_POINTS if side == "left" else MIRROR[LEFT_POINTS]
    shape = (frontal + flipped) / 2.0
    shape[..., half, :] = frontal[..., half, :]
    shape[..., MIRROR[half], :] = flipped[..., MIRROR[half], :]
    return shape
