"""Eyeballs that turn, and lids that slide over them instead of cutting through."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.face.model import PARTS, FaceModel

_BALL_CM, _LID_CM = 1.53, 0.09
"""Radius of the mean eyeball and thickness of a lid."""
_MESH_RADIUS = 15.1 / 10.4
"""From the middle of an eyeball to the middle of the iris's edge: the mesh's, whose balls are too
large, in parts of people's (a ball of 12 mm with an iris of 6 mm)."""
_LARGEST_SINE = 0.95
_PROFILE_RAD = np.arange(0.0, 2.0, 0.1)
_REACH_CM = 2.4


@dataclass(frozen=True, eq=False)
class Eye:
    """One eye of the mesh.

    Parameters
    ----------
    ball : slice
        Its eyeball's vertices.
    middle : ndarray of float, shape (3,)
        Middle of the eyeball in the mean neutral face, cm.
    lids : ndarray of int
        Vertices of the lids and lashes.
    """

    ball: slice
    middle: NDArray[np.float64]
    lids: NDArray[np.intp]


def find_eyes(model: FaceModel) -> tuple[Eye, Eye]:
    """Return the right and the left eye of a face model."""
    eyes = []
    for part in ("right_sclera", "left_sclera"):
        ball = model.neutral[PARTS[part]].astype(float)
        middle = 0.5 * (ball.min(axis=0) + ball.max(axis=0))
        middle[2] = ball[:, 2].min() + _BALL_CM + 0.02
        distance = np.linalg.norm(model.neutral - middle, axis=1)
        near = (distance < _REACH_CM) & (model.neutral[:, 2] > middle[2] + 0.2)
        rows = np.flatnonzero(near)
        lid = (rows < PARTS["narrow_face"].stop) | (rows >= PARTS["eyelashes"].start)
        eyes.append(Eye(PARTS[part], middle, rows[lid]))
    return eyes[0], eyes[1]


def turn_of_mesh(gaze_rad: tuple[float, float]) -> tuple[float, float]:
    """Return the turn of the mesh's eyes that moves irises as far as real eyes' turn moves them.

    Parameters
    ----------
    gaze_rad : tuple of float
        Turn of real eyes to the subject's left and up.
    """
    left, up = gaze_rad
    mesh_up = float(np.arcsin(np.sin(up) / _MESH_RADIUS))
    return float(np.arcsin(np.sin(left) * np.cos(up) / _MESH_RADIUS / np.cos(mesh_up))), mesh_up


def direction_of_mesh(turn_rad: tuple[float, float]) -> NDArray[np.float64]:
    """Return where real eyes look whose irises are where the mesh's are, in head axes, (3,).

    Parameters
    ----------
    turn_rad : tuple of float
        Turn of the mesh's eyes to the subject's left and up.
    """
    left, up = turn_rad
    aside = _MESH_RADIUS * np.array([np.sin(left) * np.cos(up), np.sin(up)])
    aside *= min(1.0, _LARGEST_SINE / max(float(np.linalg.norm(aside)), 1e-9))
    return np.array([*aside, np.sqrt(1 - aside @ aside)])


def settle_eyes(
    eyes: tuple[Eye, Eye],
    model: FaceModel,
    vertices: NDArray[np.float32],
    gaze_rad: tuple[float, float],
) -> NDArray[np.float32]:
    """Return the mesh with the eyes turned and the lids lifted to lie on the eyeballs.

    Parameters
    ----------
    gaze_rad : tuple of float
        Turn of the mesh's eyes to the subject's left and up, see `turn_of_mesh`.
    """
    settled = vertices.copy()
    left, up = gaze_rad
    axis = np.array([np.sin(left) * np.cos(up), np.sin(up), np.cos(left) * np.cos(up)])
    turn = _turn(left, up).astype(np.float32)
    for eye in eyes:
        ball = vertices[eye.ball]
        rest = model.neutral[eye.ball]
        scale = float(np.ptp(ball[:, 1]) / np.ptp(rest[:, 1]))
        middle = ball.mean(axis=0) - scale * (rest.mean(axis=0) - eye.middle).astype(np.float32)
        settled[eye.ball] = middle + (ball - middle) @ turn.T
        offset = vertices[eye.lids] - middle
        distance = np.linalg.norm(offset, axis=1)
        angle = np.arccos(np.clip(offset @ axis / distance, -1, 1))
        needed = np.interp(angle, _PROFILE_RAD, _profile(ball - middle)) + scale * _LID_CM
        lift = np.clip(needed - distance, 0, 0.6) / distance
        settled[eye.lids] += (lift[:, None] * offset).astype(np.float32)
    return settled


def _profile(ball: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the largest distance of the eyeball's surface near every angle from its axis."""
    distance = np.linalg.norm(ball, axis=1)
    angle = np.arccos(np.clip(ball[:, 2] / distance, -1, 1))
    near = np.abs(angle - _PROFILE_RAD[:, None]) < 0.16
    return np.where(near, distance, 0).max(axis=1)


def _turn(left: float, up: float) -> NDArray[np.float64]:
    """Return the rotation that takes z to the direction `left` and `up` of straight ahead."""
    about_y = np.array(
        [[np.cos(left), 0, np.sin(left)], [0, 1, 0], [-np.sin(left), 0, np.cos(left)]]
    )
    about_x = np.array([[1, 0, 0], [0, np.cos(up), np.sin(up)], [0, -np.sin(up), np.cos(up)]])
    return about_y @ about_x
