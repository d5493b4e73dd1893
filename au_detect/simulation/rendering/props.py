"""Hair, clothes and glasses: meshes that a face model does not have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.coverings import HATS, add_covering
from au_detect.simulation.rendering.glasses import add_glasses
from au_detect.simulation.rendering.meshes import (
    CURTAIN_MASK,
    LASH_MASK,
    Props,
    grid_triangles,
    streaks,
)
from au_detect.simulation.rendering.rasterizer import vertex_normals
from au_detect.simulation.rendering.skin import hair_field
from au_detect.simulation.rendering.surface import CLOTH, HAIR, SKIN, TEXTURE_SIZE, Surface


def build_props(
    surface: Surface,
    person: Appearance,
    neutral: NDArray[np.float32],
    rng: np.random.Generator,
    covering: str = "none",
) -> Props:
    """Return a person's hair, clothes, glasses and covering, fitted to the mesh at rest."""
    if covering in HATS:
        person = replace(person, hair_thickness_cm=min(person.hair_thickness_cm, 0.2))
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
        add_glasses(props, surface, person, neutral, rng)
    add_covering(props, surface, person, neutral, covering)
    root_to_tip = 1 - (np.arange(size) / size - 0.848) / 0.14
    props.masks[LASH_MASK] = streaks(rng, 260, 2) > 0.1 + 1.3 * root_to_tip[:, None]
    return props


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
        inside += jag * streaks(rng, 260, 5) + 0.5 * jag * streaks(rng, 60, 3)
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
    sheet = grid_triangles(n_rows, n_columns)
    u = np.broadcast_to(np.linspace(0, 0.999, n_columns), x.shape).ravel()
    v = np.broadcast_to(np.linspace(0, 0.999, n_rows)[:, None], x.shape).ravel()
    row, column = np.mgrid[0 : 1 : TEXTURE_SIZE * 1j, 0 : 1 : TEXTURE_SIZE * 1j]
    strands = 0.05 * streaks(rng, 240, 3) + 0.03 * streaks(rng, 50, 2)
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
    props.add(mesh, grid_triangles(len(rows), n_columns), CLOTH, on_body=True)
