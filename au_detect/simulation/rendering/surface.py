"""What a face model's mesh looks like to the renderer: triangles, textures' places, materials.

Textures are painted as functions of the *canonical* position: where a texel lies on the
model's mean neutral face (cm, the head's axes). They then move with the mesh.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from au_detect.errors import InputError
from au_detect.simulation.face.model import N_VERTICES, PARTS, FaceModel
from au_detect.simulation.rendering.rasterizer import (
    interpolate,
    lit_fraction,
    rasterize,
    vertex_normals,
)

TEXTURE_SIZE = 640
SKIN, MOUTH, GUMS, TEETH, EYE, LASHES, HAIR, CLOTH, FRAME, HELD = range(10)
"""Materials of triangles."""

_PART_MATERIALS = {
    "face": SKIN,
    "head": SKIN,
    "mouth_socket": MOUTH,
    "eye_sockets": SKIN,
    "gums": GUMS,
    "teeth": TEETH,
    "left_sclera": EYE,
    "right_sclera": EYE,
    "eyelashes": LASHES,
}
_N_AMBIENT_DIRECTIONS = 96
_GRID_STEP_CM = 0.05
_UPPER_LASH_V = 0.84
"""One of the three sheets of lashes of the upper lids lies above this v."""


@dataclass(frozen=True, eq=False)
class Surface:
    """The drawable part of a face model.

    Parameters
    ----------
    model : FaceModel
    triangles : ndarray of int32, shape (n_triangles, 3)
        Corner vertices, counter-clockwise seen from outside (y up).
    corner_uvs : ndarray of float32, shape (n_triangles, 3, 2)
        Texture coordinates in [0, 1) within the triangle's layer.
    layer : ndarray of int8, shape (n_triangles,)
        0 for the face's texture, 1 for the texture of back of the head, neck and mouth.
    material : ndarray of uint8, shape (n_triangles,)
    """

    model: FaceModel
    triangles: NDArray[np.int32]
    corner_uvs: NDArray[np.float32]
    layer: NDArray[np.int8]
    material: NDArray[np.uint8]

    @cached_property
    def positions(self) -> NDArray[np.float32]:
        """Canonical position of every texel, shape (2, size, size, 3), cm."""
        return self.spread(self.model.neutral)

    def spread(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return values of the vertices (n_vertices, 3) at every texel, (2, size, size, 3)."""
        size = TEXTURE_SIZE
        maps = np.zeros((2, size, size, 3), dtype=np.float32)
        for layer in (0, 1):
            chosen = (self.layer == layer) & (self.material == SKIN)
            covered = np.zeros((size, size), dtype=bool)
            pixels = self.corner_uvs[chosen] * size - np.float32(0.5)
            interpolate(pixels, self.triangles[chosen], values, maps[layer], covered)
            nearest = ndimage.distance_transform_edt(
                ~covered, return_distances=False, return_indices=True
            )
            maps[layer] = maps[layer][nearest[0], nearest[1]]
        return maps

    @cached_property
    def azimuth_deg(self) -> NDArray[np.float32]:
        """Angle of every texel around the head's vertical axis, 0 in front, (2, size, size)."""
        place = self.positions
        return np.degrees(np.arctan2(np.abs(place[..., 0]), place[..., 2] + 1.0))

    @cached_property
    def _grid(self) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return the origin and the (u, v) of the foremost skin over a grid of x and y."""
        place = self.positions[0].reshape(-1, 3)
        place = np.column_stack([place, np.indices((TEXTURE_SIZE,) * 2).reshape(2, -1).T])
        place = place[(place[:, 2] > 0) & (np.abs(place[:, 0]) < 8.5) & (np.abs(place[:, 1]) < 12)]
        place = place[np.argsort(place[:, 2])]
        origin = np.array([-8.5, -12.0])
        cell = ((place[:, :2] - origin) / _GRID_STEP_CM).astype(int)
        grid = np.full((481, 341, 2), np.nan, dtype=np.float32)
        grid[cell[:, 1], cell[:, 0]] = (place[:, [4, 3]] + 0.5) / TEXTURE_SIZE
        nearest = ndimage.distance_transform_edt(
            np.isnan(grid[..., 0]), return_distances=False, return_indices=True
        )
        return origin, grid[nearest[0], nearest[1]]

    def texture_points(self, places_cm: ArrayLike) -> NDArray[np.float64]:
        """Return the texel coordinates (column, row) in layer 0 of canonical x, y (..., 2)."""
        origin, grid = self._grid
        cell = (np.asarray(places_cm, dtype=float) - origin) / _GRID_STEP_CM - 0.5
        at = [cell[..., 1].ravel(), cell[..., 0].ravel()]
        uv = [ndimage.map_coordinates(grid[..., k], at, order=1, mode="nearest") for k in (0, 1)]
        return np.asarray(
            np.stack(uv, axis=-1).reshape(cell.shape) * TEXTURE_SIZE - 0.5, dtype=float
        )

    @cached_property
    def ambient(self) -> NDArray[np.float32]:
        """How much of the surroundings every vertex of the mean face sees, in [0, 1]."""
        model = self.model
        solid = self.triangles[(self.material == SKIN) | (self.material == MOUTH)]
        both = np.ones(len(solid), dtype=bool)
        normals = vertex_normals(model.neutral, solid)
        seen = np.zeros(len(model.neutral))
        total = np.full(len(model.neutral), 1e-6)
        for direction in _sphere(_N_AMBIENT_DIRECTIONS):
            facing = np.clip(normals @ direction, 0, None)
            lit = visible_from(direction, model.neutral, solid, both, bias_cm=0.25, size=160)
            seen += facing * lit
            total += facing
        return np.clip(seen / total, 0, 1).astype(np.float32)


def visible_from(
    direction: NDArray[np.floating],
    points: NDArray[np.float32],
    triangles: NDArray[np.int32],
    two_sided: NDArray[np.bool_],
    *,
    bias_cm: float,
    size: int,
    radius_cm: float = 0.2,
) -> NDArray[np.float32]:
    """Return how much of a light from far away in `direction` every point sees, in [0, 1].

    Triangles that face away from the light cast no shadow unless they are `two_sided`.
    """
    away = -np.asarray(direction, dtype=np.float32)
    side = np.cross(away, np.eye(3, dtype=np.float32)[np.argmin(np.abs(away))])
    side /= np.linalg.norm(side)
    across = points @ np.stack([side, np.cross(away, side), away]).T.astype(np.float32)
    low, high = across.min(axis=0), across.max(axis=0)
    scale = np.float32((size - 1) / (high - low)[:2].max())
    pixels = (across[:, :2] - low[:2]) * scale
    depth = across[:, 2] - low[2] + 1
    nearest = np.full((size, size), np.inf, dtype=np.float32)
    owner = np.full((size, size), -1, dtype=np.int32)
    n = len(triangles)
    rasterize(
        pixels, depth, triangles, two_sided, np.full(n, -1, np.int8),
        np.zeros((1, 3, 2), np.float32), np.ones((1, 1, 1), np.float32), nearest, owner,
    )  # fmt: skip
    return lit_fraction(points, nearest, pixels, depth, bias_cm, radius_cm * float(scale))


def read_surface(model: FaceModel) -> Surface:
    """Return the surface of `model`.

    Raises
    ------
    InputError
        If the mesh is not ICT-FaceKit's, whose parts are known by their vertices.
    """
    if len(model.neutral) != N_VERTICES:
        raise InputError(f"face model must have {N_VERTICES} vertices, got {len(model.neutral)}")
    quads, quad_uvs = model.faces, model.face_uvs
    whole = quads[:, 3] >= 0
    corners = np.concatenate([quads[:, :3], quads[whole][:, [0, 2, 3]]])
    uvs = model.uv[np.concatenate([quad_uvs[:, :3], quad_uvs[whole][:, [0, 2, 3]]])]
    material = np.full(len(model.neutral), 255, dtype=np.uint8)
    for name, value in _PART_MATERIALS.items():
        material[PARTS[name]] = value
    tile = np.floor(uvs.mean(axis=1)[:, 0]).astype(np.int8)
    owner = material[corners.min(axis=1)]
    chosen = owner != 255
    chosen &= (owner != LASHES) | (np.mod(uvs, 1)[..., 1].min(axis=1) > _UPPER_LASH_V)
    wrapped = np.clip(uvs - np.floor(uvs.mean(axis=1, keepdims=True)), 0.0, 0.9999)
    return Surface(
        model=model,
        triangles=np.ascontiguousarray(corners[chosen], dtype=np.int32),
        corner_uvs=np.ascontiguousarray(wrapped[chosen], dtype=np.float32),
        layer=np.where(tile[chosen] == 0, 0, 1).astype(np.int8),
        material=owner[chosen],
    )


def _sphere(n: int) -> NDArray[np.float64]:
    """Return `n` directions spread evenly over the sphere (a Fibonacci lattice)."""
    turn = np.arange(n) * np.pi * (3.0 - np.sqrt(5.0))
    height = 1.0 - (2.0 * np.arange(n) + 1.0) / n
    across = np.sqrt(1.0 - height**2)
    return np.column_stack([across * np.cos(turn), height, across * np.sin(turn)])
