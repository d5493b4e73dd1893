"""Meshes that are added to a face, and the shapes they are made of."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.rendering.surface import FRAME, TEXTURE_SIZE

CURTAIN_MASK, LASH_MASK = 2, 3
NECK_PIVOT_CM = np.array([0.0, -11.0, -1.5])


@dataclass
class Props:
    """Meshes added to a face; vertices are counted on from the model's own.

    Parameters
    ----------
    points : ndarray of float32, shape (n, 3)
        In head axes, cm.
    extra : ndarray of float32, shape (n, 3)
        Pattern coordinates for the shader.
    on_body : ndarray of float32, shape (n,)
        1 where a point stays with the shoulders when the head turns, else 0.
    triangles : ndarray of int32, shape (m, 3)
    corner_uvs : ndarray of float32, shape (m, 3, 2)
    material : ndarray of uint8, shape (m,)
    cutout : ndarray of int8, shape (m,)
        Layer of `masks`, -1 for none.
    masks : ndarray of float32, shape (4, size, size)
        Hair on the face's and the head's texture, long hair, lashes.
    covered : ndarray of bool, shape (n_triangles of the surface,)
        Which of the head's own triangles the clothes hide.
    first : int
        Number of vertices of the face model.
    lenses : list of ndarray
        Outlines of spectacle lenses: rows of `points`.
    follows : ndarray of int32, shape (n,)
        The face's vertex whose movement a point shares, -1 for none.
    rest : ndarray of float32, shape (n, 3)
        Where that vertex is when the face rests.
    """

    masks: NDArray[np.float32]
    covered: NDArray[np.bool_]
    first: int
    points: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    extra: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    on_body: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    triangles: NDArray[np.int32] = field(default_factory=lambda: np.zeros((0, 3), np.int32))
    corner_uvs: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 3, 2), np.float32))
    material: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    cutout: NDArray[np.int8] = field(default_factory=lambda: np.zeros(0, np.int8))
    lenses: list[NDArray[np.intp]] = field(default_factory=list)
    follows: NDArray[np.int32] = field(default_factory=lambda: np.zeros(0, np.int32))
    rest: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 3), np.float32))

    def add(
        self,
        points: NDArray[np.floating],
        triangles: NDArray[np.integer],
        material: int,
        *,
        extra: NDArray[np.floating] | None = None,
        corner_uvs: NDArray[np.floating] | None = None,
        cutout: NDArray[np.integer] | int = -1,
        on_body: bool = False,
        follows: NDArray[np.integer] | None = None,
        rest: NDArray[np.floating] | None = None,
    ) -> None:
        """Append a mesh; `triangles` count its own points."""
        n, m = len(points), len(triangles)
        offset = self.first + len(self.points)
        extra = points if extra is None else extra
        uvs = np.zeros((m, 3, 2)) if corner_uvs is None else corner_uvs
        self.points = np.concatenate([self.points, points.astype(np.float32)])
        self.extra = np.concatenate([self.extra, extra.astype(np.float32)])
        self.on_body = np.concatenate([self.on_body, np.full(n, on_body, np.float32)])
        self.triangles = np.concatenate([self.triangles, (triangles + offset).astype(np.int32)])
        self.corner_uvs = np.concatenate([self.corner_uvs, uvs.astype(np.float32)])
        self.material = np.concatenate([self.material, np.full(m, material, np.uint8)])
        layers = np.broadcast_to(np.asarray(cutout, dtype=np.int8), (m,))
        self.cutout = np.concatenate([self.cutout, layers])
        followed = np.full(n, -1) if follows is None else follows
        at_rest = np.zeros((n, 3)) if rest is None else rest
        self.follows = np.concatenate([self.follows, followed.astype(np.int32)])
        self.rest = np.concatenate([self.rest, at_rest.astype(np.float32)])

    def placed(self, vertices: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the points (n, 3) with a face's mesh as it is now, in head axes."""
        moving = self.follows >= 0
        if not moving.any():
            return self.points
        points = self.points.copy()
        points[moving] += vertices[self.follows[moving]] - self.rest[moving]
        return points


def streaks(rng: np.random.Generator, n_across: int, n_along: int) -> NDArray[np.float32]:
    """Return noise of the textures' size that is drawn out along v."""
    grid = rng.normal(size=(n_along + 1, n_across)).astype(np.float32)
    return cv2.resize(grid, (TEXTURE_SIZE, TEXTURE_SIZE), interpolation=cv2.INTER_LINEAR)


def grid_triangles(n_rows: int, n_columns: int) -> NDArray[np.int32]:
    """Return the triangles of a grid of points, row by row."""
    row, column = np.mgrid[: n_rows - 1, : n_columns - 1].reshape(2, -1)
    a = row * n_columns + column
    b, c, d = a + 1, a + n_columns, a + n_columns + 1
    return np.concatenate([np.column_stack([a, b, c]), np.column_stack([b, d, c])]).astype(np.int32)


def add_tube(
    props: Props,
    path: NDArray[np.float64],
    radius: float | NDArray[np.float64],
    n_sides: int = 6,
    material: int = FRAME,
    extra: NDArray[np.float64] | None = None,
) -> None:
    """Add a tube along a path (n, 3), of one radius or of one at every point.

    `extra` (n, 3) holds the shader's values along the path.
    """
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along, [0.3, 0.2, 1.0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    over = np.cross(along, side)
    turn = np.linspace(0, 2 * np.pi, n_sides + 1)
    ring = path[:, None] + np.reshape(radius, (-1, 1, 1)) * (
        np.cos(turn)[:, None] * side[:, None] + np.sin(turn)[:, None] * over[:, None]
    )
    values = None if extra is None else np.repeat(extra, n_sides + 1, axis=0)
    triangles = grid_triangles(len(path), n_sides + 1)
    props.add(ring.reshape(-1, 3), triangles, material, extra=values)
