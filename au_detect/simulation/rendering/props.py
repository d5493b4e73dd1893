"""Hair, clothes and glasses: meshes that a face model does not have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.coverings import HATS, add_covering
from au_detect.simulation.rendering.glasses import add_glasses
from au_detect.simulation.rendering.hair import Groom, add_curtain, add_hair
from au_detect.simulation.rendering.meshes import (
    LASH_MASK,
    Props,
    grid_triangles,
    streaks,
)
from au_detect.simulation.rendering.surface import CLOTH, TEXTURE_SIZE, Surface


def build_props(
    surface: Surface,
    person: Appearance,
    neutral: NDArray[np.float32],
    rng: np.random.Generator,
    covering: str = "none",
    groom: Groom | None = None,
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
        add_hair(props, surface, person, neutral, rng, groom)
    if person.hair.startswith("long"):
        add_curtain(props, person, neutral, rng)
    if person.glasses != "none":
        add_glasses(props, surface, person, neutral, rng)
    add_covering(props, surface, person, neutral, covering)
    root_to_tip = 1 - (np.arange(size) / size - 0.848) / 0.14
    props.masks[LASH_MASK] = streaks(rng, 260, 2) > 0.1 + 1.3 * root_to_tip[:, None]
    return props


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
        if len(band):  # short necks end above
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
