"""Hair, clothes and glasses: meshes that a face model does not have."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks import REGIONS
from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.rasterizer import vertex_normals
from au_detect.simulation.rendering.skin import hair_field
from au_detect.simulation.rendering.surface import CLOTH, FRAME, HAIR, SKIN, TEXTURE_SIZE, Surface

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


def build_props(
    surface: Surface, person: Appearance, neutral: NDArray[np.float32], rng: np.random.Generator
) -> Props:
    """Return a person's hair, clothes and glasses, fitted to the mesh at rest."""
    size = TEXTURE_SIZE
    props = Props(
        masks=np.ones((4, size, size), dtype=np.float32),
        covered=np.zeros(len(surface.triangles), dtype=bool),
        first=len(neutral),
    )
    _add_shirt(props, surface, neutral, rng)
    if person.hair != "bald":
        _add_hair(props, surface, person, neutral, rng)
    if person.hair.startswith("long"):
        _add_curtain(props, person, neutral, rng)
    if person.glasses != "none":
        _add_glasses(props, surface, person, neutral, rng)
    root_to_tip = 1 - (np.arange(size) / size - 0.848) / 0.14
    props.masks[LASH_MASK] = _streaks(rng, 260, 2) > 0.1 + 1.3 * root_to_tip[:, None]
    return props


def _streaks(rng: np.random.Generator, n_across: int, n_along: int) -> NDArray[np.float32]:
    grid = rng.normal(size=(n_along + 1, n_across)).astype(np.float32)
    return cv2.resize(grid, (TEXTURE_SIZE, TEXTURE_SIZE), interpolation=cv2.INTER_LINEAR)


def _sheet(n_rows: int, n_columns: int) -> NDArray[np.int32]:
    """Return the triangles of a grid of points, row by row."""
    row, column = np.mgrid[: n_rows - 1, : n_columns - 1].reshape(2, -1)
    a = row * n_columns + column
    b, c, d = a + 1, a + n_columns, a + n_columns + 1
    return np.concatenate([np.column_stack([a, b, c]), np.column_stack([b, d, c])]).astype(np.int32)


def _add_hair(
    props: Props,
    surface: Surface,
    person: Appearance,
    neutral: NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    """Add a shell over the scalp; strands at its edge are cut out by a mask."""
    canonical = surface.model.neutral
    fringe = rng.uniform(1.0, 3.8) if "fringe" in person.hair else 0.0
    jag = 0.25 + 0.35 * person.hair_contrast if fringe else rng.uniform(0.15, 0.5)
    for layer in (0, 1):
        inside = _hair_cover(surface.positions[layer], person, fringe, surface.azimuth_deg[layer])
        inside += jag * _streaks(rng, 260, 5) + 0.5 * jag * _streaks(rng, 60, 3)
        props.masks[layer] = inside > 0
    angle = np.degrees(np.arctan2(np.abs(canonical[:, 0]), canonical[:, 2] + 1.0))
    cover = _hair_cover(canonical, person, fringe, angle)
    chosen = (surface.material == SKIN) & (cover[surface.triangles].max(axis=1) > -1.2)
    chosen &= canonical[surface.triangles][..., 1].min(axis=1) > -6
    corners = surface.triangles[chosen]
    used, local = np.unique(corners, return_inverse=True)
    normals = vertex_normals(neutral, surface.triangles[surface.material == SKIN])
    place = canonical[used]
    volume = np.clip(cover[used] / 2.5, 0, 1) ** 0.7
    bumps = 0.25 * np.sin(place @ rng.normal(0, 0.9, (3, 4)) + rng.uniform(0, 6, 4)).sum(axis=1)
    thickness = 0.12 + person.hair_thickness_cm * volume * np.clip(1 + 0.5 * bumps, 0.3, None)
    if fringe:
        thickness = 0.12 + (thickness - 0.12) * min(1.0, 1.1 / person.hair_thickness_cm)
        thickness = np.maximum(thickness, 0.35 * (place[:, 2] > 4))
    points = neutral[used] + normals[used] * thickness[:, None]
    around = np.arctan2(place[:, 0], place[:, 2] + 1.0)
    extra = np.column_stack([0.5 * place[:, 0] + 3.0 * around, place[:, 1], place[:, 2]])
    props.add(
        points,
        local.reshape(corners.shape),
        HAIR,
        extra=extra,
        corner_uvs=surface.corner_uvs[chosen],
        cutout=surface.layer[chosen],
    )


def _hair_cover(
    place: NDArray[np.float32], person: Appearance, fringe: float, angle: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the field of the shell: the hairline, lowered over the forehead for a fringe."""
    cover = hair_field(place, person, angle)
    if fringe:
        cover = cover + fringe * np.clip((78.0 - angle) / 18.0, 0, 1) * (place[..., 1] > 3.0)
    ear = (np.abs(place[..., 0]) > 7.6) & (place[..., 1] < 6.0) & (place[..., 2] < 3.2)
    ear &= place[..., 2] > -3.5
    return np.where(ear & (np.abs(place[..., 0]) > 7.9), -3.0, cover).astype(np.float32)


def _add_curtain(
    props: Props, person: Appearance, neutral: NDArray[np.float32], rng: np.random.Generator
) -> None:
    """Add long hair: a sheet around the sides and the back, from the temples down."""
    n_columns, n_rows = 60, 14
    front = np.radians(rng.uniform(58, 92))
    turn = np.linspace(front, 2 * np.pi - front, n_columns)
    down = np.linspace(0, 1, n_rows)[:, None]
    low = rng.uniform(-17, -7)
    half_width = np.abs(neutral[:9409, 0]).max()
    wave = 0.25 * np.sin(7 * turn + rng.uniform(0, 6)) + 0.2 * np.sin(3 * down * 4 + 5 * turn)
    radius_x = half_width - 1.1 + person.hair_thickness_cm * 0.6 + 0.7 * np.sin(np.pi * down) + wave
    radius_z = 8.5 + person.hair_thickness_cm * 0.6 + wave + 0 * down
    x = radius_x * np.sin(turn)
    z = radius_z * np.cos(turn) - 1.2
    y = 6.5 + down * (low - 6.5) + 0 * turn
    points = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    across = np.broadcast_to(turn * 8.0, x.shape)
    extra = np.stack([across, y, z], axis=-1).reshape(-1, 3)
    sheet = _sheet(n_rows, n_columns)
    u = np.broadcast_to(np.linspace(0, 0.999, n_columns), x.shape).ravel()
    v = np.broadcast_to(np.linspace(0, 0.999, n_rows)[:, None], x.shape).ravel()
    row, column = np.mgrid[0 : 1 : TEXTURE_SIZE * 1j, 0 : 1 : TEXTURE_SIZE * 1j]
    strands = 0.05 * _streaks(rng, 240, 3) + 0.03 * _streaks(rng, 50, 2)
    inside = np.minimum(np.minimum(column, 1 - column) * 2.5, (1 - row) * 0.8) - 0.06 + strands
    props.masks[CURTAIN_MASK] = inside > 0
    uvs = np.stack([u, v], axis=-1)[sheet]
    props.add(points, sheet, HAIR, extra=extra, corner_uvs=uvs, cutout=CURTAIN_MASK)


def _add_shirt(
    props: Props, surface: Surface, neutral: NDArray[np.float32], rng: np.random.Generator
) -> None:
    """Add a torso from the collar down."""
    n_columns = 48
    turn = np.linspace(0, 2 * np.pi, n_columns)
    collar = rng.uniform(-13.6, -10.8)
    dip = rng.uniform(0.0, 3.5)
    levels = np.array([-10.0, -11.0, -12.0, -13.0, -14.0, -15.5, -17.5, -21.0, -40.0])
    half_widths = np.array([6.6, 7.3, 8.8, 10.8, 13.0, 16.3, 19.4, 21.0, 21.5])
    half_depths = np.array([7.0, 7.2, 7.4, 7.7, 8.2, 9.0, 9.6, 10.5, 12.0])
    for index, level in enumerate(levels[:6]):
        band = neutral[:11248][np.abs(neutral[:11248, 1] - level) < 0.8]
        half_widths[index] = max(half_widths[index], np.abs(band[:, 0]).max() + 0.5)
        half_depths[index] = max(half_depths[index], np.abs(band[:, 2] + 2.0).max() + 0.5)
    rows = [collar + 0.25, collar, *levels[levels < collar - 0.3]]
    points = []
    for index, level in enumerate(rows):
        x = np.interp(-level, -levels, half_widths) * np.sin(turn)
        z = np.interp(-level, -levels, half_depths) * np.cos(turn) - 2.0
        y = np.full(n_columns, level)
        y -= dip * np.clip(np.cos(turn), 0, 1) ** 4 * max(1 - index / 4, 0)
        points.append(np.column_stack([x, y, z]))
    corners = neutral[surface.triangles]
    chest = (corners[..., 2].min(axis=1) > 0) & (np.abs(corners[..., 0]).max(axis=1) < 5)
    chest &= corners[..., 1].max(axis=1) > collar - dip
    props.covered |= (corners[..., 1].max(axis=1) < collar - 1.3) & ~chest
    mesh = np.concatenate(points)
    props.add(mesh, _sheet(len(rows), n_columns), CLOTH, on_body=True)


def _add_glasses(
    props: Props,
    surface: Surface,
    person: Appearance,
    neutral: NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    """Add two rims, a bridge and two temples made of tubes; they keep still when the face moves."""
    marks = neutral[surface.model.landmark_vertices].astype(float)
    radius = rng.uniform(0.07, 0.1) if person.glasses == "thin" else rng.uniform(0.12, 0.24)
    eyes = [marks[REGIONS[side]].mean(axis=0) for side in ("right_eye", "left_eye")]
    half_width = rng.uniform(2.3, 2.75)
    half_height = 0.5 * person.lens_height_cm
    power = rng.uniform(2.0, 4.5)
    front = float(marks[27:29, 2].mean()) + 0.15
    drop = rng.uniform(0.1, 0.7)
    turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    round_x = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** (2 / power) * half_width
    round_y = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** (2 / power) * half_height
    for eye, sign in zip(eyes, (-1, 1), strict=True):
        middle = sign * max(abs(eye[0]), half_width + 0.75)
        x, y = middle + sign * round_x, eye[1] - drop + round_y
        y -= 0.12 * half_height * (round_x / half_width) * (round_y < 0)
        rim = np.column_stack([x, y, front - 0.028 * x**2])
        props.lenses.append(np.arange(36) + len(props.points))
        props.add(rim, np.zeros((0, 3), dtype=np.int32), FRAME)
        _add_tube(props, np.concatenate([rim, rim[:1]]), radius)
        hinge = np.array([middle + sign * half_width, eye[1] - drop + 0.5 * half_height * 0.6, 0.0])
        hinge[2] = front - 0.028 * hinge[0] ** 2
        ear = np.array([sign * (np.abs(neutral[:9409, 0]).max() - 1.3), hinge[1] + 0.3, -1.5])
        _add_tube(props, np.linspace(hinge, ear, 6), max(radius, 0.08))
    level = 0.5 * (eyes[0][1] + eyes[1][1]) - drop + 0.25 * half_height
    gap = max(abs(eyes[0][0]), half_width + 0.75) - half_width
    bridge_x = np.linspace(-gap, gap, 7)
    bridge = np.column_stack(
        [bridge_x, level + 0.25 * np.cos(bridge_x / gap * 1.5), np.full(7, front + 0.1)]
    )
    _add_tube(props, bridge, radius)


def _add_tube(props: Props, path: NDArray[np.float64], radius: float, n_sides: int = 6) -> None:
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along, [0.3, 0.2, 1.0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    over = np.cross(along, side)
    turn = np.linspace(0, 2 * np.pi, n_sides + 1)
    ring = path[:, None] + radius * (
        np.cos(turn)[:, None] * side[:, None] + np.sin(turn)[:, None] * over[:, None]
    )
    props.add(ring.reshape(-1, 3), _sheet(len(path), n_sides + 1), FRAME)
