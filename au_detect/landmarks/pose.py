"""Head pose from the 68 landmarks, and the shape the face would have seen from the front.

Axes are the camera's: x to the right of the picture, y down, z away from the camera. Angles are
Rx, Ry, Rz in radians with R = Rx . Ry . Rz, as OpenFace writes them: Rx > 0 looks down, Ry > 0
turns to the subject's right (left in the picture), Rz > 0 tilts clockwise in the picture.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import ModelFileError, check_shape
from au_detect.landmarks.points import N_LANDMARKS, STABLE_POINTS, check_not_one_place
from au_detect.paths import packaged_folder

N_STEPS = 5
"""Gauss-Newton steps; from a face that only tilts the angles stand to 1e-4 rad after these."""
ANGLE_DECIMALS = 9
"""Angles are rounded, so that a frame gives the same numbers alone and among others."""
STEP = 1e-5
"""Step of the numerical derivatives, rad."""


def rotation_matrix(angles: ArrayLike) -> NDArray[np.float64]:
    """Return R = Rx . Ry . Rz for angles (..., 3) in radians, shape (..., 3, 3)."""
    turns = np.asarray(angles, dtype=float)
    cosines, sines = np.cos(turns), np.sin(turns)
    cx, cy, cz = cosines[..., 0], cosines[..., 1], cosines[..., 2]
    sx, sy, sz = sines[..., 0], sines[..., 1], sines[..., 2]
    matrix = np.empty((*turns.shape, 3))
    matrix[..., 0, 0], matrix[..., 0, 1], matrix[..., 0, 2] = cy * cz, -cy * sz, sy
    matrix[..., 1, 0] = cx * sz + sx * sy * cz
    matrix[..., 1, 1] = cx * cz - sx * sy * sz
    matrix[..., 1, 2] = -sx * cy
    matrix[..., 2, 0] = sx * sz - cx * sy * cz
    matrix[..., 2, 1] = sx * cz + cx * sy * sz
    matrix[..., 2, 2] = cx * cy
    return matrix


def upright_turn(angles: ArrayLike) -> NDArray[np.float64]:
    """Return pitch and yaw in radians, shape (..., 2), of the pictures rotated upright.

    Rx and Ry of ``R = Rz . Rx . Ry``: a rotation of the picture changes Rz alone, while it turns
    the Rx and Ry of `angles` into each other. For faces that do not tilt they are the same.

    Parameters
    ----------
    angles : array_like, shape (..., 3)
        Rx, Ry, Rz in radians, as in `HeadPose`.
    """
    forward = rotation_matrix(angles)[..., 2, :]
    pitch = np.arcsin(np.clip(forward[..., 1], -1.0, 1.0))
    return np.stack([pitch, np.arctan2(-forward[..., 0], forward[..., 2])], axis=-1)


@dataclass(frozen=True)
class HeadPose:
    """Head pose and frontal shape of every frame; NaN where there is no face.

    Parameters
    ----------
    angles : ndarray, shape (n_frames, 3)
        Rx, Ry, Rz in radians.
    scale_px : ndarray, shape (n_frames,)
        Pixels per inter-ocular distance of a face turned to the camera.
    frontal : ndarray, shape (n_frames, 68, 2)
        Landmarks as seen from the front, in IOD, x right, y down, origin between eyes and nose.
    """

    angles: NDArray[np.float64]
    scale_px: NDArray[np.float64]
    frontal: NDArray[np.float64]


@cache
def read_mean_face(path: Path | None = None) -> NDArray[np.float64]:
    """Return the mean 3-D face, shape (68, 3), in IOD and camera axes.

    Parameters
    ----------
    path : Path, optional
        A JSON file with the key ``points_iod``; by default the one that is shipped.

    Raises
    ------
    ModelFileError
        If the file is missing or holds something else.
    """
    file = path if path is not None else packaged_folder("models") / "mean_face.json"
    try:
        points = np.array(json.loads(file.read_text())["points_iod"], dtype=float)
        check_shape("points_iod", points, (N_LANDMARKS, 3))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"{file} must hold the mean face, got {error!r}") from error
    points.setflags(write=False)
    return points


def estimate_pose(points: ArrayLike, mean_face: NDArray[np.float64] | None = None) -> HeadPose:
    """Fit the mean face to the eye corners and nose under scaled orthographic projection.

    Parameters
    ----------
    points : array_like, shape (n_frames, 68, 2)
        Landmarks in pixels; NaN where there is no face.
    mean_face : ndarray, shape (68, 3), optional
        In IOD, camera axes; by default `read_mean_face`.

    Returns
    -------
    HeadPose

    Raises
    ------
    InputError
        If `points` has another shape, or eye corners and nose of a frame are all in one place.

    Notes
    -----
    The unknowns are three angles, a scale and a shift. Scale and shift are linear for given
    angles; the angles follow by Gauss-Newton from a face that only tilts. The frontal shape
    undoes the rotation of every landmark with the depth that the mean face has there.
    """
    shapes = np.asarray(points, dtype=float)
    check_shape("points", shapes, ("n_frames", N_LANDMARKS, 2))
    face = read_mean_face() if mean_face is None else mean_face
    origin = face[STABLE_POINTS].mean(axis=0)
    model = face - origin
    check_not_one_place(shapes)
    stable = shapes[:, STABLE_POINTS]
    centre = stable.mean(axis=1, keepdims=True)
    angles, scale = _fit_rotation(stable - centre, model[STABLE_POINTS])
    rotation = rotation_matrix(angles)
    seen = (shapes - centre) / scale[:, None, None]
    in_plane = seen - model[:, 2][:, None] * rotation[:, None, :2, 2]
    frontal = in_plane @ np.swapaxes(_inverse_2x2(rotation[:, :2, :2]), 1, 2)
    return HeadPose(angles, scale, frontal)


def _fit_rotation(
    seen: NDArray[np.float64], model: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return angles (n, 3) and scales (n,) that map `model` (k, 3) on `seen` (n, k, 2)."""
    n = len(seen)
    target = seen.reshape(n, 2 * len(model))
    angles = np.zeros((n, 3))
    angles[:, 2] = np.angle(seen @ [1, 1j] @ (model[:, :2] @ [1, -1j]))
    for _ in range(N_STEPS):
        probes = angles + np.concatenate([np.zeros((1, 3)), STEP * np.eye(3)])[:, None]
        turned = model @ np.swapaxes(rotation_matrix(probes)[..., :2, :], -1, -2)
        shape, *moved = turned.reshape(4, *target.shape)
        scale = (shape * target).sum(axis=1) / (shape * shape).sum(axis=1)
        slopes = [scale[:, None] * (other - shape) / STEP for other in moved]
        jacobian = np.stack([shape, *slopes], axis=2)
        residual = target - scale[:, None] * shape
        transposed = np.swapaxes(jacobian, 1, 2)
        normal = transposed @ jacobian
        normal[:, range(4), range(4)] *= 1.0 + 1e-6
        change = np.linalg.solve(normal, transposed @ residual[..., None])[..., 0]
        angles = angles + np.clip(change[:, 1:], -0.5, 0.5)
    angles -= 2 * np.pi * np.rint(angles / (2 * np.pi))
    angles = np.round(angles, ANGLE_DECIMALS) + 0.0
    return angles, scale + change[:, 0]


def _inverse_2x2(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    a, b, c, d = matrix[:, 0, 0], matrix[:, 0, 1], matrix[:, 1, 0], matrix[:, 1, 1]
    adjugate = np.stack([np.stack([d, -b], axis=-1), np.stack([-c, a], axis=-1)], axis=-2)
    return adjugate / (a * d - b * c)[:, None, None]
