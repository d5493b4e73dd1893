"""The skin's texture: tone, relief, lips, brows, lids, beard and the roots of the hair."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.beard import paint_beard
from au_detect.simulation.rendering.brows import brow_cover
from au_detect.simulation.rendering.surface import TEXTURE_SIZE, Surface
from au_detect.simulation.rendering.texels import Texture, blob, lip_mask, noise

_HAIRLINE_DEG = (0, 20, 38, 52, 64, 74, 82, 92, 100, 115, 140, 180)
_HAIRLINE_CM = (10.6, 10.5, 9.9, 8.6, 6.2, 3.2, 3.0, 5.6, 5.0, -1.5, -4.5, -6.0)

_LIDS = (
    ((36, 37, 38, 39), 1.0), ((36, 41, 40, 39), 0.45),
    ((45, 44, 43, 42), 1.0), ((45, 46, 47, 42), 0.45),
)  # fmt: skip
"""Landmarks along the lids, and how dark their lashes are."""


PHOTOGRAPH_RELIEF_CM = 0.012
"""Depth of what is e times darker than its surroundings in a photograph: lines and pores."""


def paint_skin(
    surface: Surface,
    person: Appearance,
    rng: np.random.Generator,
    photograph: Texture | None = None,
    brow: Texture | None = None,
) -> NDArray[np.float32]:
    """Return a person's texture at rest without age lines, shape (2, size, size, 4).

    The values are the reflectance, the slopes of the relief along u and v (cm), and the gloss.
    A `photograph` (2, size, size), in parts of the mean reflectance, takes the place of most of
    what is painted; lips and shadows are then only varied. A `brow` is a strip as `brow_cover`
    takes it.
    """
    lips, shadows = (1.0, 1.0) if photograph is None else (0.75, 0.35)
    size = TEXTURE_SIZE
    texture = np.zeros((2, size, size, 4), dtype=np.float32)
    sheen = 0.65 + 0.5 * person.skin_reflectance
    for layer in (0, 1):
        tone, relief = _bare_skin(person, rng)
        if photograph is not None:
            tone = photograph[layer] * (1 + 0.5 * (tone - 1))
            fine = np.log(photograph[layer])
            relief += PHOTOGRAPH_RELIEF_CM * (fine - cv2.GaussianBlur(fine, (0, 0), 3.0))
        gloss = np.full((size, size), 0.35 * person.gloss * sheen, dtype=np.float32)
        if layer == 0:
            gloss *= 1 + 0.8 * blob(surface, (0, 8.0), 3.0, 1.5) + blob(surface, (0, 1.5), 0.8, 2)
            tone *= _shadows(surface, person, rng) ** np.float32(shadows)
            _paint_lips(surface, person, rng, lips, tone, relief, gloss)
            paint_beard(surface, person, rng, tone, relief, gloss)
            _paint_spots(surface, person, rng, tone)
            tone *= 1 - brow_cover(surface, person, rng, brow) * (
                1 - person.brow_reflectance / person.skin_reflectance
            )
            tone *= 1 - _lid_lines(surface, person)
        cover = np.clip(
            hair_field(surface.positions[layer], person, surface.azimuth_deg[layer]) / 1.2 + 0.5,
            0,
            1,
        )
        if person.hair == "bald":
            cover *= 0.25
        cover *= 0.75 + 0.25 * noise(rng, 160)
        tone = tone * (1 - cover) + person.hair_reflectance / person.skin_reflectance * cover
        texture[layer, ..., 0] = person.skin_reflectance * tone
        texture[layer, ..., 2], texture[layer, ..., 1] = np.gradient(relief * np.float32(size))
        texture[layer, ..., 3] = gloss * (1 - 0.8 * cover)
    return texture


def hair_field(
    place: NDArray[np.float32], person: Appearance, angle: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return how far (cm, about) canonical positions lie inside the hair; negative outside.

    `angle` is their angle around the head, in degrees from the front.
    """
    line = np.array(_HAIRLINE_CM, dtype=float)
    if person.hair == "receding" or person.hair == "bald":
        line[:5] += (1.6, 2.2, 3.2, 2.6, 1.0)
    if person.hair == "bald":
        line[:5] += 1.5
    table = np.interp(np.arange(181), _HAIRLINE_DEG, line).astype(np.float32)
    return place[..., 1] - table[angle.astype(np.uint8)]


def _bare_skin(person: Appearance, rng: np.random.Generator) -> tuple[Texture, Texture]:
    """Return the relative reflectance and the relief (cm) of unmarked skin."""
    size = TEXTURE_SIZE
    tone = 1 + person.mottling * (
        0.05 * noise(rng, 7) + 0.03 * noise(rng, 26) + 0.025 * noise(rng, 80)
    )
    fine = rng.normal(size=(size, size)).astype(np.float32)
    fine = cv2.GaussianBlur(fine, (0, 0), 1.1) * 3.0
    tone += person.pores * 0.02 * fine
    relief = person.pores * (0.0022 * fine + 0.003 * noise(rng, 220))
    return tone, relief


def _shadows(surface: Surface, person: Appearance, rng: np.random.Generator) -> Texture:
    """Return what darkens skin besides light: under the eyes, cheeks, nose, nostrils."""
    tired = rng.uniform(0.02, 0.16) + 0.1 * person.age_lines
    flush = rng.uniform(0.0, 0.14) if person.skin_reflectance > 0.2 else rng.uniform(-0.05, 0.1)
    darker = np.ones((TEXTURE_SIZE, TEXTURE_SIZE), dtype=np.float32)
    for sign in (-1, 1):
        darker *= 1 - tired * blob(surface, (sign * 2.7, 2.3), 1.3, 0.5)
        darker *= 1 - tired * 0.8 * blob(surface, (sign * 3.2, 4.35), 1.6, 0.45)
        darker *= 1 - flush * blob(surface, (sign * 4.2, -0.2), 1.8, 1.8)
        darker *= 1 - 0.75 * blob(surface, (sign * 0.72, -1.05), 0.36, 0.2)
    return darker * (1 - flush * blob(surface, (0, 0.5), 0.9, 1.2))


def _paint_lips(
    surface: Surface,
    person: Appearance,
    rng: np.random.Generator,
    share: float,
    tone: Texture,
    relief: Texture,
    gloss: Texture,
) -> None:
    mask = cv2.GaussianBlur(lip_mask(surface), (0, 0), rng.uniform(1.2, 2.5))
    tone *= 1 - share * mask * (1 - person.lip_contrast)
    grid = rng.normal(size=(24, 220)).astype(np.float32)
    lines = cv2.resize(grid, (TEXTURE_SIZE, TEXTURE_SIZE), interpolation=cv2.INTER_CUBIC)
    tone *= 1 + 0.05 * mask * lines
    relief += 0.004 * mask * lines
    gloss += share**2 * rng.uniform(0.0, 0.3) * mask


def _paint_spots(
    surface: Surface, person: Appearance, rng: np.random.Generator, tone: Texture
) -> None:
    if person.freckles > 0.05:
        grains = np.clip(noise(rng, 190) - 1.7 + 0.6 * person.freckles, 0, 1)
        tone *= 1 - 0.4 * person.freckles * grains * np.clip(blob(surface, (0, 1.5), 6, 4), 0, 1)
    for _ in range(person.n_moles):
        place = surface.texture_points([rng.uniform(-6, 6), rng.uniform(-6.5, 9)])
        radius = rng.uniform(0.06, 0.17) / 0.03
        canvas = np.zeros_like(tone)
        cv2.circle(canvas, (int(place[0]), int(place[1])), round(radius), 1.0, -1, cv2.LINE_AA)
        tone *= 1 - rng.uniform(0.25, 0.7) * cv2.GaussianBlur(canvas, (5, 5), 0)


def _lid_lines(surface: Surface, person: Appearance) -> Texture:
    """Return the darkness of the lashes' roots along both lids and of the lids' crease."""
    model = surface.model
    lines = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), dtype=np.float32)
    for lid, strength in _LIDS:
        xy = model.neutral[model.landmark_vertices[list(lid)]][:, :2]
        points = np.rint(surface.texture_points(xy) * 16).astype(np.int32)
        line = np.zeros_like(lines)
        cv2.polylines(line, [points], False, 1.0, 3, cv2.LINE_AA, shift=4)
        lines = np.maximum(lines, strength * cv2.GaussianBlur(line, (0, 0), 1.2))
    return np.clip(lines * (0.5 + 0.9 * person.lashes), 0, 0.92)
