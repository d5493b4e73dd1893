"""A pinhole camera that looks at a head."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

HEAD_TO_CAMERA = np.array([1.0, -1.0, -1.0])
"""Head axes (x to the subject's left, y up, z out of the face) to camera axes (x right, y down,
z away): a head turned to the camera differs by the sign of y and z."""


@dataclass(frozen=True)
class Camera:
    """A pinhole camera in front of the head's origin.

    Parameters
    ----------
    focal_px : float
        Focal length in pixels.
    center_px : tuple of float
        Picture coordinates x, y of the optical axis.
    distance_cm : float
        From the camera to the head's origin, along the optical axis.
    """

    focal_px: float
    center_px: tuple[float, float]
    distance_cm: float

    def project(
        self,
        points_cm: NDArray[np.floating],
        rotation: NDArray[np.floating],
        translation_cm: NDArray[np.floating],
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return pixels (..., 2) and depths (...,) in cm of points in head axes (..., 3).

        Parameters
        ----------
        points_cm : ndarray, shape (..., n_points, 3)
            In head axes.
        rotation : ndarray, shape (..., 3, 3)
            In camera axes, as `au_detect.landmarks.pose.rotation_matrix` makes it.
        translation_cm : ndarray, shape (..., 3)
            Of the head's origin from its place on the optical axis, in camera axes.
        """
        facing = np.asarray(points_cm, dtype=float) * HEAD_TO_CAMERA
        moved = facing @ np.swapaxes(rotation, -1, -2) + np.asarray(translation_cm)[..., None, :]
        depth = moved[..., 2] + self.distance_cm
        pixels = self.focal_px * moved[..., :2] / depth[..., None] + np.asarray(self.center_px)
        return pixels, depth
