"""The skin's texture: tone, relief, lips, brows, lids, beard and the roots of the hair."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks import REGIONS
from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.surface import TEXTURE_SIZE, Surface

Texture = NDArray[np.float32]

_HAIRLINE_DEG = (0, 20, 38, 52, 64, 74, 82, 92, 100, 115, 140, 180)
_HAIRLINE_CM = (10.6, 10.5, 9.9, 8.6, 6.2, 3.2, 3.0, 5.6, 5.0, -1.5, -4.5, -6.0)

_LIDS = (
    ((36, 37, 38, 39), 1.0), ((36, 41, 40, 39), 0.45),
    ((45, 44, 43, 42), 1.0), ((45, 46, 47, 42), 0.45),
)  # fmt: skip
"""Landmarks along the lids, and how dark their lashes are."""


def paint_skin(
    surface: Surface, person: Appearance, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return a person's texture at rest without age lines, shape (2, size, size, 4).

    The values are the reflectance, the slopes of the relief along u and v (cm), and the gloss.
    """
    size = TEXTURE_SIZE
    texture = np.zeros((2, size, size, 4), dtype=np.float32)
    sheen = 0.65 + 0.5 * person.skin_reflectance
    for layer in (0, 1):
        tone, relief = _bare_skin(person, rng)
        gloss = np.full((size, size), 0.35 * person.gloss * sheen, dtype=np.float32)
        if layer == 0:
            gloss *= 1 + 0.8 * _blob(surface, (0, 8.0), 3.0, 1.5) + _blob(surface, (0, 1.5), 0.8, 2)
            tone *= _shadows(surface, person, rng)
            _paint_lips(surface, person, rng, tone, relief, gloss)
            _paint_beard(surface, person, rng, tone, relief, gloss)
            _paint_spots(surface, person, rng, tone)
            tone *= 1 - _brow_cover(surface, person, rng) * (
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
        cover *= 0.75 + 0.25 * _noise(rng, 160)
        tone = tone * (1 - cover) + person.hair_reflectance / person.skin_reflectance * cover
        texture[layer, ..., 0] = person.skin_reflectance * tone
        texture[layer, ..., 2], texture[layer, ..., 1] = np.gradient(relief * np.float32(size))
        texture[layer, ..., 3] = gloss * (1 - 0.8 * cover)
    return texture


def brow_curve(surface: Surface, person: Appearance, side: int) -> NDArray[np.float64]:
    """Return x, y (cm) of five points along the middle of a brow, outer to inner end.

    Parameters
    ----------
    side : int
        0 for the subject's right brow, 1 for the left one.
    """
    right = surface.model.neutral[surface.model.landmark_vertices[REGIONS["right_brow"]]]
    curve = right[:, :2].astype(float)
    curve[:, 1] += person.brow_arch_cm * np.array([-0.9, 0.3, 0.9, 0.3, -0.5]) - person.brow_drop_cm
    curve[:, 0] = curve[4, 0] + (curve[:, 0] - curve[4, 0]) * person.brow_length
    return curve * [-1.0, 1.0] if side else curve


def brow_thickness(person: Appearance) -> NDArray[np.float64]:
    """Return the height (cm) of the brow at the points of `brow_curve`."""
    return person.brow_thickness_cm * np.array([0.35, 0.8, 1.0, 1.0, 0.9])


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


def _noise(rng: np.random.Generator, n: int) -> Texture:
    """Return smooth noise of mean 0 and about unit variance with `n` grains along a side."""
    grid = rng.normal(size=(n, n)).astype(np.float32)
    return cv2.resize(grid, (TEXTURE_SIZE, TEXTURE_SIZE), interpolation=cv2.INTER_CUBIC) * 1.4


def _bare_skin(person: Appearance, rng: np.random.Generator) -> tuple[Texture, Texture]:
    """Return the relative reflectance and the relief (cm) of unmarked skin."""
    size = TEXTURE_SIZE
    tone = 1 + person.mottling * (
        0.05 * _noise(rng, 7) + 0.03 * _noise(rng, 26) + 0.025 * _noise(rng, 80)
    )
    fine = rng.normal(size=(size, size)).astype(np.float32)
    fine = cv2.GaussianBlur(fine, (0, 0), 1.1) * 3.0
    tone += person.pores * 0.02 * fine
    relief = person.pores * (0.0022 * fine + 0.003 * _noise(rng, 220))
    return tone, relief


def _blob(surface: Surface, middle: tuple[float, float], width: float, height: float) -> Texture:
    """Return a bell around canonical x, y (cm) of the face's texture."""
    place = surface.positions[0]
    bell = np.zeros(place.shape[:2], dtype=np.float32)
    reach = np.array([[-2.0, -2.0], [2.0, 2.0], [-2.0, 2.0], [2.0, -2.0], [2.3, 0], [-2.3, 0]])
    texels = surface.texture_points(np.array(middle) + reach * [width, height])
    low, high = np.clip(texels.min(axis=0), 0, None).astype(int), texels.max(axis=0).astype(int) + 2
    window = (slice(low[1], high[1]), slice(low[0], high[0]))
    near = place[window]
    squared = ((near[..., 0] - middle[0]) / width) ** 2
    squared += ((near[..., 1] - middle[1]) / height) ** 2
    bell[window] = np.clip(np.exp(-squared) - 0.018, 0, None) * (near[..., 2] > 0)
    return bell


def _shadows(surface: Surface, person: Appearance, rng: np.random.Generator) -> Texture:
    """Return what darkens skin besides light: under the eyes, cheeks, nose, nostrils."""
    tired = rng.uniform(0.02, 0.16) + 0.1 * person.age_lines
    flush = rng.uniform(0.0, 0.14) if person.skin_reflectance > 0.2 else rng.uniform(-0.05, 0.1)
    darker = np.ones((TEXTURE_SIZE, TEXTURE_SIZE), dtype=np.float32)
    for sign in (-1, 1):
        darker *= 1 - tired * _blob(surface, (sign * 2.7, 2.3), 1.3, 0.5)
        darker *= 1 - tired * 0.8 * _blob(surface, (sign * 3.2, 4.35), 1.6, 0.45)
        darker *= 1 - flush * _blob(surface, (sign * 4.2, -0.2), 1.8, 1.8)
        darker *= 1 - 0.75 * _blob(surface, (sign * 0.72, -1.05), 0.36, 0.2)
    return darker * (1 - flush * _blob(surface, (0, 0.5), 0.9, 1.2))


def _polygon(surface: Surface, landmarks: list[int]) -> Texture:
    """Return a mask of the texels inside the polygon of landmark vertices."""
    model = surface.model
    xy = model.neutral[model.landmark_vertices[landmarks]][:, :2]
    points = np.rint(surface.texture_points(xy) * 16).astype(np.int32)
    mask = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), dtype=np.float32)
    cv2.fillPoly(mask, [points], 1.0, cv2.LINE_AA, shift=4)
    return mask


def _lip_mask(surface: Surface) -> Texture:
    upper = _polygon(surface, [*range(48, 55), 64, 63, 62, 61, 60])
    return np.maximum(upper, _lower_lip_mask(surface))


def _lower_lip_mask(surface: Surface) -> Texture:
    return _polygon(surface, [48, 60, 67, 66, 65, 64, *range(54, 60)])


def _paint_lips(
    surface: Surface,
    person: Appearance,
    rng: np.random.Generator,
    tone: Texture,
    relief: Texture,
    gloss: Texture,
) -> None:
    mask = cv2.GaussianBlur(_lip_mask(surface), (0, 0), rng.uniform(1.2, 2.5))
    tone *= 1 - mask * (1 - person.lip_contrast)
    grid = rng.normal(size=(24, 220)).astype(np.float32)
    lines = cv2.resize(grid, (TEXTURE_SIZE, TEXTURE_SIZE), interpolation=cv2.INTER_CUBIC)
    tone *= 1 + 0.05 * mask * lines
    relief += 0.004 * mask * lines
    gloss += rng.uniform(0.0, 0.3) * mask


def _paint_spots(
    surface: Surface, person: Appearance, rng: np.random.Generator, tone: Texture
) -> None:
    if person.freckles > 0.05:
        grains = np.clip(_noise(rng, 190) - 1.7 + 0.6 * person.freckles, 0, 1)
        tone *= 1 - 0.4 * person.freckles * grains * np.clip(_blob(surface, (0, 1.5), 6, 4), 0, 1)
    for _ in range(person.n_moles):
        place = surface.texture_points([rng.uniform(-6, 6), rng.uniform(-6.5, 9)])
        radius = rng.uniform(0.06, 0.17) / 0.03
        canvas = np.zeros_like(tone)
        cv2.circle(canvas, (int(place[0]), int(place[1])), round(radius), 1.0, -1, cv2.LINE_AA)
        tone *= 1 - rng.uniform(0.25, 0.7) * cv2.GaussianBlur(canvas, (5, 5), 0)


def _strokes(
    canvas: NDArray[np.uint8], roots: NDArray[np.float64], tips: NDArray[np.float64], value: int
) -> None:
    """Draw fine hairs from `roots` to `tips` (n, 2) in texels."""
    ends = np.rint(np.stack([roots, tips], axis=1) * 16).astype(np.int32)
    cv2.polylines(canvas, list(ends), False, value, 1, cv2.LINE_AA, shift=4)


def _brow_cover(surface: Surface, person: Appearance, rng: np.random.Generator) -> Texture:
    """Return how much of the skin the hairs of the brows hide, in [0, 1]."""
    cover = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), dtype=np.float32)
    for side in (0, 1):
        curve, thickness = brow_curve(surface, person, side), brow_thickness(person)
        n = int(90 + 330 * person.brow_density)
        along, across = rng.random(n) * 4, np.clip(rng.normal(0, 0.24, n), -0.5, 0.5)
        base = [np.interp(along, range(5), curve[:, k]) for k in (0, 1)]
        base[1] = base[1] + across * np.interp(along, range(5), thickness)
        outward = 1.0 if side else -1.0
        upright = np.clip((along - 2.6) / 1.4, 0, 1) * 0.9 - 0.9 * across
        length = rng.uniform(0.35, 0.7, n) * np.interp(along, range(5), [0.7, 1, 1, 1, 0.8])
        angle = (
            upright
            + rng.normal(0, 0.15, n)
            + np.interp(along, range(5), [-0.4, -0.2, 0.1, 0.1, 0.2])
        )
        roots = np.column_stack(base)
        tips = roots + length[:, None] * np.column_stack([outward * np.cos(angle), np.sin(angle)])
        canvas = np.zeros(cover.shape, dtype=np.uint8)
        _strokes(canvas, surface.texture_points(roots), surface.texture_points(tips), 235)
        soft = cv2.GaussianBlur(canvas, (0, 0), 5.0)
        hairs = cv2.GaussianBlur(canvas, (0, 0), 0.7)
        dense = np.clip(hairs / 255.0 + 0.7 * person.brow_density * soft / 255.0, 0, 1)
        cover = np.maximum(cover, dense.astype(np.float32))
    return cover * (0.6 + 0.4 * person.brow_density)


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


def _beard_field(surface: Surface, kind: str, overhang_cm: float) -> Texture:
    """Return how far (cm, about) texels lie inside the beard; negative outside."""
    x, y = np.abs(surface.positions[0][..., 0]), surface.positions[0][..., 1]
    front = surface.positions[0][..., 2] > -1
    moustache = np.minimum(
        np.minimum(-1.45 - 0.15 * x - y, y + 3.0 + overhang_cm + 0.5 * x), 3.2 - x
    )
    goatee = np.minimum(np.minimum(2.9 - 0.12 * np.abs(y + 4.5) - x, -2.2 - y), y + 8.8)
    goatee = np.where((x < 2.0) & (y > -4.5), np.minimum(goatee, -4.6 - y), goatee)
    cheek = -3.4 + 0.55 * np.clip(x - 3.0, 0, None) ** 1.35
    full = np.minimum(np.minimum(cheek - y, y + 9.5), 7.7 - x)
    fields = {
        "moustache": moustache,
        "goatee": np.maximum(goatee, moustache),
        "full": np.maximum(np.maximum(full, goatee), moustache),
    }
    return np.where(front, fields.get(kind, fields["full"]), -9).astype(np.float32)


def _paint_beard(
    surface: Surface,
    person: Appearance,
    rng: np.random.Generator,
    tone: Texture,
    relief: Texture,
    gloss: Texture,
) -> None:
    if person.beard == "none":
        return
    field = (
        _beard_field(surface, person.beard, person.beard_overhang_cm)
        + 0.16 * _noise(rng, 60)
        + 0.2 * _noise(rng, 14)
    )
    shaven = person.beard == "stubble"
    lips = _lower_lip_mask(surface) if person.beard_overhang_cm > 0 else _lip_mask(surface)
    field -= 2.5 * cv2.GaussianBlur(lips, (0, 0), 3.0)
    grain = cv2.resize(
        rng.normal(size=(200, 420)).astype(np.float32),
        (TEXTURE_SIZE,) * 2,
        interpolation=cv2.INTER_CUBIC,
    )
    cover = np.clip(field / (1.4 if shaven else 0.6) + 0.3, 0, 1)
    cover *= np.clip(0.55 + 0.5 * person.beard_density + 0.35 * grain, 0, 1)
    cover *= person.beard_density * (0.5 if shaven else 0.95)
    hair = person.hair_reflectance / person.skin_reflectance
    tone += cover * (min(hair * (1.5 if shaven else 1.0), 0.9) * (1 + 0.3 * grain) - tone)
    relief += cover * grain * (0.003 if shaven else 0.03)
    gloss *= 1 - 0.7 * cover
