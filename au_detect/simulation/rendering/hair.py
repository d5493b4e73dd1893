"""Hair as meshes: a shell over the scalp, long hair, and single hairs that stand off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.meshes import (
    CURTAIN_MASK,
    Props,
    add_tube,
    grid_triangles,
    streaks,
)
from au_detect.simulation.rendering.rasterizer import vertex_normals
from au_detect.simulation.rendering.skin import hair_field
from au_detect.simulation.rendering.surface import HAIR, SKIN, TEXTURE_SIZE, Surface


@dataclass(frozen=True)
class Groom:
    """How hair lies.

    Parameters
    ----------
    sweep_cm : float
        How much farther down it reaches on the subject's left than in the middle.
    ramp_cm : float
        Distance from the hairline over which it gains its thickness.
    n_wisps : int
        Single hairs that stand off.
    seed : int
        Where they stand.
    """

    sweep_cm: float
    ramp_cm: float
    n_wisps: int
    seed: int


def draw_groom(rng: np.random.Generator) -> Groom:
    """Draw how a person's hair lies."""
    return Groom(
        sweep_cm=float(rng.normal(0, 1.0)),
        ramp_cm=float(rng.uniform(2.5, 6.0)),
        n_wisps=int(rng.integers(0, 160)),
        seed=int(rng.integers(2**31)),
    )


def add_hair(
    props: Props,
    surface: Surface,
    person: Appearance,
    neutral: NDArray[np.float32],
    rng: np.random.Generator,
    groom: Groom | None = None,
) -> None:
    """Add a shell over the scalp; strands at its edge are cut out by a mask.

    A `groom` softens the hairline, combs hair to a side and lets single hairs stand off.
    """
    canonical = surface.model.neutral
    fringe = rng.uniform(1.0, 3.8) if "fringe" in person.hair else 0.0
    jag = 0.25 + 0.35 * person.hair_contrast if fringe else rng.uniform(0.15, 0.5)
    for layer in (0, 1):
        inside = _hair_cover(surface.positions[layer], person, fringe, surface.azimuth_deg[layer])
        inside += _swept(surface.positions[layer], groom)
        inside += jag * streaks(rng, 260, 5) + 0.5 * jag * streaks(rng, 60, 3)
        props.masks[layer] = inside > 0
    angle = np.degrees(np.arctan2(np.abs(canonical[:, 0]), canonical[:, 2] + 1.0))
    cover = _hair_cover(canonical, person, fringe, angle) + _swept(canonical, groom)
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
    elif groom is not None:
        thickness = 0.05 + (thickness - 0.12) * np.clip(cover[used] / groom.ramp_cm, 0, 1)
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
    if groom is not None:
        shown = (cover[used] > 0.4) & (place[:, 1] > 3)
        _add_wisps(props, points[shown], normals[used][shown], groom)


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


def add_curtain(
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
    sheet = grid_triangles(n_rows, n_columns)
    u = np.broadcast_to(np.linspace(0, 0.999, n_columns), x.shape).ravel()
    v = np.broadcast_to(np.linspace(0, 0.999, n_rows)[:, None], x.shape).ravel()
    row, column = np.mgrid[0 : 1 : TEXTURE_SIZE * 1j, 0 : 1 : TEXTURE_SIZE * 1j]
    strands = 0.05 * streaks(rng, 240, 3) + 0.03 * streaks(rng, 50, 2)
    inside = np.minimum(np.minimum(column, 1 - column) * 2.5, (1 - row) * 0.8) - 0.06 + strands
    props.masks[CURTAIN_MASK] = inside > 0
    uvs = np.stack([u, v], axis=-1)[sheet]
    props.add(points, sheet, HAIR, extra=extra, corner_uvs=uvs, cutout=CURTAIN_MASK)


def _swept(place: NDArray[np.float32], groom: Groom | None) -> NDArray[np.float32]:
    """Return how much farther down the forehead hair reaches that is combed to a side, cm."""
    if groom is None:
        return np.zeros(place.shape[:-1], dtype=np.float32)
    in_front = np.clip((place[..., 2] - 1.0) / 4.0, 0, 1)
    aside = np.clip(place[..., 0] / 5.0, -1, 1)
    return np.asarray(in_front * groom.sweep_cm * aside, dtype=np.float32)


def _add_wisps(
    props: Props,
    roots: NDArray[np.floating],
    outward: NDArray[np.floating],
    groom: Groom,
) -> None:
    """Add single hairs that stand off from the shell and fall."""
    rng = np.random.default_rng(groom.seed)
    along = np.linspace(0, 1, 6)[:, None]
    for index in rng.integers(len(roots), size=groom.n_wisps):
        length = rng.uniform(0.6, 3.0)
        start, out = roots[index].astype(float), outward[index].astype(float)
        aside = rng.normal(0, 0.5, 3)
        path = start + length * along * (0.8 * out + aside)
        path[:, 1] -= length * rng.uniform(0.2, 1.1) * along[:, 0] ** 2
        extra = np.column_stack([np.full(6, rng.uniform(0, 40)), path[:, 1], np.zeros(6)])
        add_tube(props, path, 0.03, 3, HAIR, extra)
