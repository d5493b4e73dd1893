"""Gaze: where the eyes look, from how far they are turned and the head's pose.

An eye is a ball of 12 mm whose middle lies behind the middle between its corners. The middle of the
iris's edge, an iris of 6 mm, lies on a smaller ball about the same middle: how far it is off it,
right and down, is the direction. `au_detect.features.looks` measures how far it is off the middle
between the corners, in radii of that ball; a turned head moves one against the other. Eyes of other
people lie deeper or shallower, or the corners higher: that turns all their directions by some
degrees, always the same way.

Directions are in camera axes (x to the right of the picture, y down, z away), angles as OpenFace
writes them: both 0 when looking against the camera's direction, x > 0 when looking to the right of
the picture, y > 0 when looking down.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import check_shape
from au_detect.features.geometry import SIDES, eye_height
from au_detect.landmarks.pose import HeadPose, rotation_matrix

BACK = 5.4 / 10.4
"""Middle of the eyeball behind the middle between the corners, in radii of the iris's ball: 5.4 mm
and 10.4 mm."""
READ, READ_BACK = (1.0, 1.17), (0.58, 0.36)
"""Right and down: what a look as it is read adds to the direction, and what the head's turn takes
from it in the place of `BACK`. Fitted to renders of 120 people (``benchmarks/gaze.py --fit --seed
777``): what is read falls short downward, where lids cover the irises."""
LEAST_HEIGHT_IOD = 0.03
"""Between the lids of an eye that can look; less is a blink."""
LARGEST_ERROR = 0.25
"""Of a look that counts, as the network expects it: about 15 degrees."""
LARGEST_SINE = 0.95
"""Of the angle between eye and line of sight that can be seen."""


@dataclass(frozen=True)
class Gaze:
    """Where the eyes look; NaN where that cannot be seen.

    Parameters
    ----------
    eyes : ndarray of float64, shape (n, 2, 3)
        Directions of the right and the left eye in camera axes, of length 1.
    """

    eyes: NDArray[np.float64]

    @property
    def direction(self) -> NDArray[np.float64]:
        """The mean direction of both eyes, shape (n, 3); NaN unless both are seen.

        Eyes that look at something near turn inward, and what is read of each differs by how
        people's eyes are made, by 9 degrees outward on real faces: the mean is free of both.
        """
        total = self.eyes.sum(axis=1)
        return np.asarray(total / np.linalg.norm(total, axis=1, keepdims=True))

    @property
    def angles(self) -> NDArray[np.float64]:
        """``gaze_angle_x`` and ``gaze_angle_y`` of `direction`, shape (n, 2), rad."""
        return direction_angles(self.direction)

    @property
    def vergence(self) -> NDArray[np.float64]:
        """How far the eyes turn towards each other, shape (n,), rad; NaN unless both are seen.

        Only its changes mean something: see `direction`.
        """
        right, left = direction_angles(self.eyes[:, 0]), direction_angles(self.eyes[:, 1])
        return right[:, 0] - left[:, 0]


def direction_angles(direction: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the angles x and y (n, 2), rad, of directions (n, 3) in camera axes."""
    x, y, z = np.moveaxis(np.asarray(direction, dtype=float), -1, 0)
    return np.stack([np.arctan2(x, -z), np.arctan2(y, -z)], axis=-1)


def look_of(direction: NDArray[np.floating], rotation: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return where irises are off the middle between the corners, right and down, (..., 2).

    Parameters
    ----------
    direction : ndarray, shape (..., 3)
        Where the eye looks, as seen along the line of sight, of length 1.
    rotation : ndarray, shape (..., 3, 3)
        Of the head.
    """
    return np.asarray(direction[..., :2] + BACK * rotation[..., :2, 2])


def measure_gaze(
    looks: NDArray[np.floating], pose: HeadPose, line_of_sight: NDArray[np.floating]
) -> Gaze:
    """Return where faces look.

    Parameters
    ----------
    looks : ndarray, shape (n, 2, 3)
        Of the right and the left eye, as `measure_looks` returns them; NaN where not measured.
    pose : HeadPose
        Of the same n frames.
    line_of_sight : ndarray, shape (n, 3)
        From the camera to the head, in camera axes, any length, as `head_position_mm` gives it.

    Raises
    ------
    InputError
        If a shape is another.
    """
    check_shape("looks", looks, (len(pose.angles), 2, 3))
    check_shape("line_of_sight", line_of_sight, (len(looks), 3))
    back = rotation_matrix(pose.angles)[:, None, :2, 2]
    aside = looks[..., :2] * READ - back * READ_BACK
    squared = (aside**2).sum(axis=2)
    open_eyes = [eye_height(pose.frontal, side) > LEAST_HEIGHT_IOD for side in SIDES]
    seen = np.stack(open_eyes, axis=1) & (looks[..., 2] < LARGEST_ERROR)
    seen &= squared < LARGEST_SINE**2
    depth = -np.sqrt(np.clip(1.0 - squared, 0.0, None))
    along_sight = np.concatenate([aside, depth[..., None]], axis=2)
    turn = rotation_to(np.asarray(line_of_sight, dtype=float))
    return Gaze(np.where(seen[..., None], along_sight @ np.swapaxes(turn, 1, 2), np.nan))


def rotation_to(sight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shortest rotations (n, 3, 3) of the z axis to `sight` (n, 3)."""
    x, y, z = np.moveaxis(sight / np.linalg.norm(sight, axis=1, keepdims=True), -1, 0)
    share = 1.0 / (1.0 + z)
    rows = [
        [1.0 - x * x * share, -x * y * share, x],
        [-x * y * share, 1.0 - y * y * share, y],
        [-x, -y, z],
    ]
    return np.moveaxis(np.array(rows), -1, 0)
