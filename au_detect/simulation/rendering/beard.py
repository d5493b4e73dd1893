"""The beard's hairs on the skin."""

from __future__ import annotations

import cv2
import numpy as np

from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.surface import TEXTURE_SIZE, Surface
from au_detect.simulation.rendering.texels import Texture, lip_mask, lower_lip_mask, noise


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


def paint_beard(
    surface: Surface,
    person: Appearance,
    rng: np.random.Generator,
    tone: Texture,
    relief: Texture,
    gloss: Texture,
) -> None:
    """Paint a person's beard into tone, relief and gloss of the face's texture."""
    if person.beard == "none":
        return
    field = (
        _beard_field(surface, person.beard, person.beard_overhang_cm)
        + 0.16 * noise(rng, 60)
        + 0.2 * noise(rng, 14)
    )
    shaven = person.beard == "stubble"
    lips = lower_lip_mask(surface) if person.beard_overhang_cm > 0 else lip_mask(surface)
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
