"""Where a person would mark the 68 landmarks on a rendered face."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks import REGIONS
from au_detect.simulation.face.model import PARTS
from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.brows import brow_curve, brow_thickness
from au_detect.simulation.rendering.eyes import find_eyes
from au_detect.simulation.rendering.openings import (
    LipStrips,
    as_seen,
    lip_strips,
    on_dark_lines,
)
from au_detect.simulation.rendering.shading import IRIS_RADIUS_RAD
from au_detect.simulation.rendering.surface import TEXTURE_SIZE, Surface

_BROW_HEIGHT = 0.45
"""Height of the brow landmarks above the brow's middle, in parts of its thickness."""

_LIP_SHIFTS = (
    (49, 50, 0.2), (53, 52, 0.2), (55, 56, 0.34), (56, 57, 0.35), (58, 57, 0.35), (59, 58, 0.34),
    (61, 62, 0.35), (63, 62, 0.35), (65, 66, 0.35), (67, 66, 0.35),
)  # fmt: skip
"""Landmark, neighbour, share: iBUG's lip points lie evenly spaced, the model's do not."""

_LID_LOOPS = (
    (37, 39, 37, (36, 39)), (38, 39, 37, (39, 36)), (41, 36, 39, (36, 39)), (40, 36, 39, (39, 36)),
    (44, 42, 44, (45, 42)), (43, 42, 44, (42, 45)), (46, 45, 42, (45, 42)), (47, 45, 42, (42, 45)),
)  # fmt: skip
"""Landmark; first and last landmark of the lid's edge, whose vertices are numbered in order;
the corners of the eye, nearer one first: iBUG's lid points lie at the thirds."""

_LEFT_LIDS = 2214
"""What is added to a vertex of the right eye's lids to get the left eye's."""
_FURTHER_LIDS = (range(1528, 1547), range(1507, 1529))
"""Vertices of the edges of the right eye's upper and lower lid, in order."""
_FURTHER_SHARES = (1 / 6, 1 / 2, 5 / 6)
_IRIS_EDGE_POINTS = 16
_FURTHER_LIPS = (5589, 6094, 6341, 5836)
"""Vertices of the inner edges of the lips, next to the corners: upper right and left, lower left
and right."""

N_FURTHER = 18
"""Irises, right first; three points of every lid, from the outer corner, right eye first and upper
lid first; four of the inner lips."""
IRISES, FURTHER_LIDS, FURTHER_LIPS = slice(0, 2), slice(2, 14), slice(14, 18)
"""Which are which."""
FURTHER_MIRROR = np.array([1, 0, *range(8, 14), *range(2, 8), 15, 14, 17, 16])
"""``FURTHER_MIRROR[i]`` is the further point that point `i` becomes in a mirror."""


@dataclass(frozen=True, eq=False)
class LandmarkAnchors:
    """Places on the mesh that become landmarks.

    Parameters
    ----------
    vertices : ndarray of int, shape (68, 3)
        Corners of the triangle on which a landmark lies.
    weights : ndarray of float, shape (68, 3)
        Their weights.
    contours : tuple of ndarray
        For every jaw landmark the vertices of which one is on the visible contour.
    outward : ndarray of float, shape (17, 2)
        Direction (x to the subject's left, y up) in which the contour of the jaw faces.
    further : ndarray of int, shape (n_further - 2,)
        Vertices of the further points but the irises.
    irises : ndarray of int, shape (2, n)
        Vertices around the edge of the right and the left iris, which turn with the eyes.
    lips : LipStrips
        Among whose vertices the edges of the lips are.
    """

    vertices: NDArray[np.intp]
    weights: NDArray[np.float64]
    contours: tuple[NDArray[np.intp], ...]
    outward: NDArray[np.float64]
    further: NDArray[np.intp]
    irises: NDArray[np.intp]
    lips: LipStrips

    @classmethod
    def of(cls, surface: Surface, person: Appearance) -> LandmarkAnchors:
        """Return the anchors for a person's brows."""
        marks = surface.model.landmark_vertices
        vertices = np.repeat(marks[:, None], 3, axis=1)
        weights = np.tile([1.0, 0.0, 0.0], (len(marks), 1))
        for side, region in enumerate(("right_brow", "left_brow")):
            curve = brow_curve(surface, person, side)
            curve[:, 1] += _BROW_HEIGHT * brow_thickness(person)
            rows = range(REGIONS[region].start, REGIONS[region].stop)
            for row, point in zip(rows, curve[::-1] if side else curve, strict=True):
                vertices[row], weights[row] = _on_mesh(surface, point)
        for row, neighbor, share in _LIP_SHIFTS:
            vertices[row, 1], weights[row] = marks[neighbor], (1 - share, share, 0)
        for row, start, stop, corners in _LID_LOOPS:
            loop = np.arange(marks[start], marks[stop] + 1)
            x = surface.model.neutral[marks[list(corners)], 0]
            third = x[0] + (x[1] - x[0]) / 3
            vertices[row] = loop[np.argmin(np.abs(surface.model.neutral[loop, 0] - third))]
        outward, contours = _jaw(surface)
        marks_x_cm = (surface.model.neutral[vertices, 0] * weights).sum(axis=1)
        return cls(
            vertices, weights, contours, outward,
            _further(surface), _irises(surface), lip_strips(surface, marks_x_cm),
        )  # fmt: skip


def visible_points(
    anchors: LandmarkAnchors,
    pixels: NDArray[np.floating],
    depth_cm: NDArray[np.floating],
    right: NDArray[np.floating],
    down: NDArray[np.floating],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return landmarks (68, 2) and further points (n_further, 2) in the picture, px.

    Parameters
    ----------
    anchors : LandmarkAnchors
    pixels : ndarray, shape (n_vertices, 2)
        The projected mesh.
    depth_cm : ndarray, shape (n_vertices,)
        How far its vertices are from the camera.
    right, down : ndarray, shape (2,)
        Where the head's x axis, and its y axis reversed, point in the picture.
    """
    irises = pixels[anchors.irises].mean(axis=1)
    marks = _on_contour(anchors, pixels, right, down)
    points = np.concatenate([marks, irises, pixels[anchors.further]])
    edges = as_seen(points, anchors.lips, pixels, depth_cm, down)
    seen = on_dark_lines(edges).astype(np.float32)
    return seen[: len(marks)], seen[len(marks) :]


def _on_contour(
    anchors: LandmarkAnchors,
    pixels: NDArray[np.floating],
    right: NDArray[np.floating],
    down: NDArray[np.floating],
) -> NDArray[np.floating]:
    """Return the landmarks (68, 2), px: those of the jaw where the face ends in the picture."""
    marks = (pixels[anchors.vertices] * anchors.weights[..., None]).sum(axis=1)
    for row, candidates in enumerate(anchors.contours):
        outward = anchors.outward[row, 0] * right - anchors.outward[row, 1] * down
        reach = pixels[candidates] @ outward
        best = candidates[np.argmax(reach)]
        if reach.max() > marks[row] @ outward:
            along = np.array([-outward[1], outward[0]]) / (outward @ outward)
            offset = (pixels[best] - marks[row]) @ outward / (outward @ outward)
            slip = (pixels[best] - marks[row]) @ along
            marks[row] = marks[row] + offset * outward + 0.5 * slip * along * (outward @ outward)
    return np.asarray(marks)


def _irises(surface: Surface) -> NDArray[np.intp]:
    """Return the vertices around the edges of the painted irises, shape (2, n)."""
    turn = np.linspace(0, 2 * np.pi, _IRIS_EDGE_POINTS, endpoint=False)
    edge = np.column_stack([np.cos(turn), np.sin(turn)]) * np.sin(IRIS_RADIUS_RAD)
    rows = []
    for eye in find_eyes(surface.model):
        direction = surface.model.neutral[eye.ball] - eye.middle
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        front = np.flatnonzero(direction[:, 2] > 0)
        distance = np.linalg.norm(direction[front, None, :2] - edge, axis=-1)
        rows.append(eye.ball.start + front[distance.argmin(axis=0)])
    return np.array(rows)


def _further(surface: Surface) -> NDArray[np.intp]:
    x = surface.model.neutral[:, 0]
    outer, inner = x[surface.model.landmark_vertices[[36, 39]]]
    right = [
        edge[int(np.argmin(np.abs(x[list(edge)] - outer - share * (inner - outer))))]
        for edge in _FURTHER_LIDS
        for share in _FURTHER_SHARES
    ]
    left = [vertex + _LEFT_LIDS for vertex in right]
    return np.array([*right, *left, *_FURTHER_LIPS])


def _on_mesh(
    surface: Surface, place: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the corners of the triangle at canonical x, y, and the weights of the place."""
    uv = (surface.texture_points(place) + 0.5) / TEXTURE_SIZE
    face = np.flatnonzero((surface.layer == 0) & (surface.triangles.max(1) < PARTS["face"].stop))
    corner = surface.corner_uvs[face].astype(float)
    first, second = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    offset = uv - corner[:, 0]
    area = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0]
    area = np.where(np.abs(area) < 1e-12, 1e-12, area)
    b = (offset[:, 0] * second[:, 1] - offset[:, 1] * second[:, 0]) / area
    c = (first[:, 0] * offset[:, 1] - first[:, 1] * offset[:, 0]) / area
    weights = np.column_stack([1 - b - c, b, c])
    best = int(np.argmax(weights.min(axis=1)))
    inside = np.clip(weights[best], 0, None)
    return surface.triangles[face[best]], inside / inside.sum()


def _jaw(surface: Surface) -> tuple[NDArray[np.float64], tuple[NDArray[np.intp], ...]]:
    neutral = surface.model.neutral
    jaw = neutral[surface.model.landmark_vertices[REGIONS["jaw"]]].astype(float)
    along = np.gradient(jaw[:, :2], axis=0)
    outward = np.column_stack([along[:, 1], -along[:, 0]])
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    narrow = neutral[PARTS["narrow_face"]]
    contours = []
    for point, normal in zip(jaw, outward, strict=True):
        offset = narrow - point
        inward = -(offset[:, :2] @ normal)
        aside = np.abs(offset[:, :2] @ np.array([-normal[1], normal[0]]))
        depth = -0.3 - 0.9 * abs(normal[1])
        near = (aside < 0.4) & (inward > -0.8) & (inward < 3.0) & (offset[:, 2] > depth)
        contours.append(np.flatnonzero(near))
    return outward, tuple(contours)
