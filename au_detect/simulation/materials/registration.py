"""Where every point of the face model's skin lies on MakeHuman's head.

Landmarks that both meshes have give a similarity and a smooth bend (a biharmonic spline); then
the rest of the skin is drawn to the nearest skin of the other head, a few times, ever softer
where landmarks do not decide (iterative closest points, Besl & McKay 1992).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RBFInterpolator
from scipy.spatial import cKDTree

from au_detect.simulation.face.model import PARTS, FaceModel
from au_detect.simulation.materials.makehuman import LANDMARK_VERTICES, MakeHumanHead
from au_detect.simulation.rendering.rasterizer import vertex_normals
from au_detect.simulation.rendering.surface import SKIN, Surface, visible_from

N_CONTROLS = 500
N_ROUNDS = 4
CONTROL_SOFTNESS = 3.0
"""Smoothing of the points that nearest skin pulls; landmarks are met."""
REACH_CM = 2.0
NORMAL_CM = 1.0
"""Distance that opposite directions of the skin count for: upper lips do not take lower ones."""
_N_STEPS = 6

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Registration:
    """The face model's mesh bent onto MakeHuman's head.

    Parameters
    ----------
    vertices : ndarray of float32, shape (n_vertices, 3)
        The face model's mean neutral face there, cm.
    normals : ndarray of float32, shape (n_vertices, 3)
        Its normals there.
    scale : float
        Size of the face model's head in MakeHuman's.
    """

    vertices: NDArray[np.float32]
    normals: NDArray[np.float32]
    scale: float


class OutsideSkin:
    """The skin of a MakeHuman head that is seen from outside, to be looked up by place.

    Parameters
    ----------
    head : MakeHumanHead
    """

    def __init__(self, head: MakeHumanHead) -> None:
        shown = _seen(head)
        self.triangles = head.triangles[shown]
        self.corner_uvs = head.corner_uvs[shown]
        self.corners = head.vertices[self.triangles].astype(float)
        normals = vertex_normals(head.vertices, head.triangles).astype(float)
        weights = _grid_weights()
        self._owner = np.repeat(np.arange(len(self.triangles)), len(weights))
        places = np.einsum("sk,tkd->tsd", weights, self.corners).reshape(-1, 3)
        facing = np.einsum("sk,tkd->tsd", weights, normals[self.triangles]).reshape(-1, 3)
        facing /= np.linalg.norm(facing, axis=1, keepdims=True) + 1e-9
        self._tree = cKDTree(np.column_stack([places, NORMAL_CM * facing]))

    def nearest(self, points: Array, normals: Array) -> tuple[NDArray[np.intp], Array]:
        """Return the triangle nearest to each point, and the weights of its corners.

        Parameters
        ----------
        points, normals : ndarray, shape (n, 3)
            In cm, and of unit length.

        Returns
        -------
        owner : ndarray of int, shape (n,)
            Rows of `triangles`.
        weights : ndarray of float, shape (n, 3)
            Sum to 1, none below 0.
        """
        _, row = self._tree.query(np.column_stack([points, NORMAL_CM * normals]))
        owner = self._owner[row]
        a, b, c = np.moveaxis(self.corners[owner], 1, 0)
        return owner, _clamped(points, a, b, c)

    def places(self, owner: NDArray[np.intp], weights: Array) -> Array:
        """Return the points (n, 3) of weights on triangles."""
        return np.asarray(np.einsum("nk,nkd->nd", weights, self.corners[owner]))


def register(surface: Surface, head: MakeHumanHead, skin: OutsideSkin) -> Registration:
    """Return the face model's mesh bent onto a MakeHuman head.

    Parameters
    ----------
    surface : Surface
        Of the face model.
    head : MakeHumanHead
    skin : OutsideSkin
        Of that head.
    """
    model = surface.model
    rows = list(LANDMARK_VERTICES)
    source = model.neutral[model.landmark_vertices[rows]].astype(float)
    target = head.vertices[list(LANDMARK_VERTICES.values())].astype(float)
    scale, turn, shift = similarity(source, target)
    start = scale * model.neutral.astype(float) @ turn.T + shift
    anchors = start[model.landmark_vertices[rows]]
    solid = surface.triangles[surface.material == SKIN]
    controls = _controls(model, solid)
    placed = _bent(start, anchors, target - anchors, np.zeros(len(anchors)))
    for _ in range(N_ROUNDS):
        normals = vertex_normals(placed.astype(np.float32), solid).astype(float)
        owner, weights = skin.nearest(placed[controls], normals[controls])
        pull = skin.places(owner, weights) - placed[controls]
        near = np.linalg.norm(pull, axis=1) < REACH_CM
        centers = np.concatenate([anchors, start[controls[near]]])
        ends = np.concatenate([target, placed[controls[near]] + pull[near]])
        softness = np.concatenate(
            [np.zeros(len(anchors)), np.full(int(near.sum()), CONTROL_SOFTNESS)]
        )
        placed = _bent(start, centers, ends - centers, softness)
    bent = placed.astype(np.float32)
    return Registration(bent, vertex_normals(bent, solid), scale)


def _bent(start: Array, centers: Array, shifts: Array, softness: Array) -> Array:
    bend = RBFInterpolator(centers, shifts, kernel="linear", degree=1, smoothing=softness)
    return np.asarray(start + bend(start))


def similarity(source: Array, target: Array) -> tuple[float, Array, Array]:
    """Return scale, rotation and shift that bring `source` nearest to `target` (Umeyama 1991)."""
    middle, other = source.mean(axis=0), target.mean(axis=0)
    u, d, vt = np.linalg.svd((target - other).T @ (source - middle))
    signs = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    turn = (u * signs) @ vt
    scale = float((d * signs).sum() / ((source - middle) ** 2).sum())
    return scale, turn, other - scale * turn @ middle


def _controls(model: FaceModel, solid: NDArray[np.int32]) -> NDArray[np.intp]:
    """Return vertices spread evenly over the skin of face, head and neck, away from openings."""
    rows = np.unique(solid)
    rows = rows[rows < PARTS["head"].stop]
    place = model.neutral[rows]
    marks = model.neutral[model.landmark_vertices[36:]]
    far = cKDTree(marks).query(place)[0] > 0.6
    rows, place = rows[far & (place[:, 1] > -12)], place[far & (place[:, 1] > -12)]
    picked = [int(np.argmax(place[:, 2]))]
    distance = np.full(len(rows), np.inf)
    while len(picked) < N_CONTROLS:
        distance = np.minimum(distance, np.linalg.norm(place - place[picked[-1]], axis=1))
        picked.append(int(np.argmax(distance)))
    return np.asarray(rows[picked], dtype=np.intp)


def _seen(head: MakeHumanHead) -> NDArray[np.bool_]:
    """Return which triangles of the head are seen from some side past lips and eyeballs."""
    solid = np.concatenate([head.triangles, head.eyeballs])
    two_sided = np.ones(len(solid), dtype=bool)
    seen = np.zeros(len(head.vertices), dtype=bool)
    for turn in np.radians([0, 35, -35, 75, -75, 130, -130, 180]):
        for rise in np.radians([-35, 0, 35]):
            toward = np.array(
                [np.sin(turn) * np.cos(rise), np.sin(rise), np.cos(turn) * np.cos(rise)]
            )
            lit = visible_from(
                toward, head.vertices, solid, two_sided, bias_cm=0.12, size=500, radius_cm=0.02
            )
            seen |= lit > 0.5
    return np.asarray(seen[head.triangles].all(axis=1))


def _grid_weights() -> Array:
    """Return the weights of corners at points spread evenly over a triangle."""
    i, j = np.mgrid[: _N_STEPS + 1, : _N_STEPS + 1].reshape(2, -1)
    inside = i + j <= _N_STEPS
    a, b = i[inside] / _N_STEPS, j[inside] / _N_STEPS
    return np.column_stack([1 - a - b, a, b])


def _clamped(point: Array, a: Array, b: Array, c: Array) -> Array:
    """Return the weights of the corners a, b, c (n, 3) nearest below each point, none negative."""
    first, second, offset = b - a, c - a, point - a
    d11, d12, d22 = (
        (x * y).sum(axis=1) for x, y in ((first, first), (first, second), (second, second))
    )
    d1, d2 = (offset * first).sum(axis=1), (offset * second).sum(axis=1)
    area = d11 * d22 - d12 * d12 + 1e-12
    v, w = (d22 * d1 - d12 * d2) / area, (d11 * d2 - d12 * d1) / area
    weights = np.clip(np.column_stack([1 - v - w, v, w]), 0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
