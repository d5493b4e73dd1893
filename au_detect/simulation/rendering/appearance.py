"""How a simulated person looks: skin, age, brows, eyes, beard, glasses, hair, clothes, backdrop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from au_detect.errors import check_option

BEARDS = ("none", "stubble", "moustache", "goatee", "full")
GLASSES = ("none", "thin", "thick")
HAIRSTYLES = ("bald", "receding", "short", "fringe", "long", "long_fringe")
BACKGROUNDS = ("plain", "gradient", "cloud", "texture")


@dataclass(frozen=True)
class Appearance:
    """Everything about a person that a picture shows besides the shape of the face.

    Reflectances are linear luminances in [0, 1].

    Parameters
    ----------
    seed : int
        Every random detail (where pores, hairs and lines lie) follows from it.
    skin_reflectance : float
        From about 0.04 (very dark) to 0.62 (very light).
    age_years : float
        6 to 80.
    mottling, pores, freckles, gloss : float
        Uneven tone, fine relief, freckles and oiliness, in [0, 1].
    n_moles : int
        Dark spots.
    age_lines : float
        Depth of the lines that stay when the face rests, in [0, 1].
    expressivity : float
        Depth of the lines that actions fold into the skin, about 0.15 to 1.2.
    brow_thickness_cm, brow_density, brow_drop_cm, brow_arch_cm, brow_length : float
        The painted brow; `brow_drop_cm` is how far it lies below the model's brow landmarks.
    brow_reflectance : float
    iris_reflectance, sclera_reflectance : float
    tooth_reflectance : float
    lashes : float
        0 (bare) to 1 (made up).
    lip_contrast : float
        Reflectance of the lips relative to the skin, about 0.45 to 1.05.
    beard : str
        One of `BEARDS`; `beard_density` in [0, 1].
    beard_overhang_cm : float
        How far a moustache hangs over the upper lip.
    glasses : str
        One of `GLASSES`; `frame_reflectance`, `lens_height_cm`, and `lens_reflection` in [0, 1].
    hair : str
        One of `HAIRSTYLES`; `hair_reflectance`, `hair_thickness_cm`, `hair_contrast`.
    cloth_reflectance, cloth_stripes : float
    background : str
        One of `BACKGROUNDS`; `background_level` its brightness, `background_contrast`.

    Raises
    ------
    InputError
        If a kind is none of those listed.
    """

    seed: int
    skin_reflectance: float
    age_years: float
    mottling: float
    pores: float
    freckles: float
    gloss: float
    n_moles: int
    age_lines: float
    expressivity: float
    brow_thickness_cm: float
    brow_density: float
    brow_drop_cm: float
    brow_arch_cm: float
    brow_length: float
    brow_reflectance: float
    iris_reflectance: float
    sclera_reflectance: float
    tooth_reflectance: float
    lashes: float
    lip_contrast: float
    beard: str
    beard_density: float
    beard_overhang_cm: float
    glasses: str
    frame_reflectance: float
    lens_height_cm: float
    lens_reflection: float
    hair: str
    hair_reflectance: float
    hair_thickness_cm: float
    hair_contrast: float
    cloth_reflectance: float
    cloth_stripes: float
    background: str
    background_level: float
    background_contrast: float

    def __post_init__(self) -> None:
        check_option("beard", self.beard, BEARDS)
        check_option("glasses", self.glasses, GLASSES)
        check_option("hair", self.hair, HAIRSTYLES)
        check_option("background", self.background, BACKGROUNDS)

    @property
    def skin_tone(self) -> str:
        """``"dark"``, ``"medium"`` or ``"light"``: reflectance below 0.14, 0.33, or above."""
        if self.skin_reflectance < 0.14:
            return "dark"
        return "medium" if self.skin_reflectance < 0.33 else "light"


def draw_appearance(rng: np.random.Generator) -> Appearance:
    """Draw a person's looks; what goes together in life (age and grey hair) goes together here."""
    skin = float(np.exp(rng.uniform(np.log(0.045), np.log(0.6))))
    age = float(rng.triangular(18, 28, 80))
    masculine = bool(rng.random() < 0.5)
    hair = _draw_hair_reflectance(rng, skin, age)
    return Appearance(
        seed=int(rng.integers(2**31)),
        skin_reflectance=skin,
        age_years=age,
        hair_reflectance=hair,
        **_draw_skin(rng, skin, (age - 18) / 62),
        **_draw_features(rng, skin, hair, masculine),
        **_draw_hair_and_dress(rng, masculine),
    )


def _draw_hair_reflectance(rng: np.random.Generator, skin: float, age: float) -> float:
    if rng.random() < np.clip((age - 38) / 30, 0, 0.9):
        return float(rng.uniform(0.08, 0.14 + 0.45 * skin))
    dark = rng.random() < 0.3 + 0.7 * (skin < 0.3)
    return float(rng.uniform(0.01, 0.035) if dark else rng.uniform(0.03, 0.22))


def _draw_skin(rng: np.random.Generator, skin: float, old: float) -> dict[str, Any]:
    """Draw the skin's surface; `old` is 0 at 18 years and 1 at 80."""
    return {
        "mottling": float(rng.uniform(0.1, 0.9)),
        "pores": float(np.clip(rng.uniform(0.05, 0.7) + 0.3 * old, 0, 1)),
        "freckles": float(rng.beta(0.5, 3) if skin > 0.2 else rng.beta(0.3, 6)),
        "gloss": float(rng.beta(2, 3)),
        "n_moles": int(rng.poisson(1.5 + 4 * old)),
        "age_lines": float(np.clip(rng.normal(old**1.2, 0.12), 0, 1)),
        "expressivity": float(np.clip(rng.normal(0.4 + 0.7 * old, 0.22), 0.1, 1.3)),
    }


def _draw_features(
    rng: np.random.Generator, skin: float, hair: float, masculine: bool
) -> dict[str, Any]:
    """Draw brows, eyes, teeth and lips."""
    contrast = rng.uniform(0.12, 0.5) + (0.1 if skin < 0.1 else 0.0)
    return {
        "brow_thickness_cm": float(rng.uniform(0.5, 1.0) if masculine else rng.uniform(0.3, 0.75)),
        "brow_density": float(rng.uniform(0.35, 1.0)),
        "brow_drop_cm": float(rng.uniform(0.55, 1.25)),
        "brow_arch_cm": float(rng.normal(0.1, 0.18)),
        "brow_length": float(rng.uniform(0.85, 1.05)),
        "brow_reflectance": float(min(contrast * skin, max(hair * 1.3, 0.02))),
        "iris_reflectance": float(np.exp(rng.uniform(np.log(0.015), np.log(0.16)))),
        "sclera_reflectance": float(rng.uniform(0.1, 0.2) + 0.5 * skin**0.6),
        "tooth_reflectance": float(rng.uniform(0.22, 0.42) + 0.25 * skin),
        "lashes": float(rng.beta(1.2, 2) if masculine else rng.beta(2, 1.2)),
        "lip_contrast": float(rng.uniform(0.6, 1.0) if masculine else rng.uniform(0.4, 0.95)),
    }


def _draw_hair_and_dress(rng: np.random.Generator, masculine: bool) -> dict[str, Any]:
    """Draw beard, glasses, hair, clothes and background."""
    beard = rng.choice(BEARDS, p=(0.37, 0.22, 0.15, 0.1, 0.16)) if masculine else "none"
    styles = (0.1, 0.18, 0.54, 0.1, 0.06, 0.02) if masculine else (0.02, 0, 0.32, 0.1, 0.43, 0.13)
    return {
        "beard": str(beard),
        "beard_density": float(rng.uniform(0.2, 1.0) ** 0.6),
        "beard_overhang_cm": float(rng.uniform(-0.1, 0.5)),
        "glasses": str(rng.choice(GLASSES, p=(0.74, 0.14, 0.12))),
        "frame_reflectance": float(np.exp(rng.uniform(np.log(0.01), np.log(0.4)))),
        "lens_height_cm": float(rng.uniform(2.6, 4.4)),
        "lens_reflection": float(rng.beta(0.6, 2.0)),
        "hair": str(rng.choice(HAIRSTYLES, p=styles)),
        "hair_thickness_cm": float(rng.uniform(0.25, 2.2)),
        "hair_contrast": float(rng.uniform(0.5, 1.6)),
        "cloth_reflectance": float(np.exp(rng.uniform(np.log(0.02), np.log(0.75)))),
        "cloth_stripes": float(rng.choice([0.0, rng.uniform(0, 0.6)], p=(0.75, 0.25))),
        "background": str(rng.choice(BACKGROUNDS, p=(0.35, 0.25, 0.2, 0.2))),
        "background_level": float(rng.uniform(0.02, 0.98)),
        "background_contrast": float(rng.uniform(0.05, 0.6)),
    }


def as_child(person: Appearance, age_years: float) -> Appearance:
    """Return a person's looks as a child of some age: smooth, without beard or grey hair."""
    return replace(
        person,
        age_years=age_years,
        hair="short" if person.hair in ("bald", "receding") else person.hair,
        hair_reflectance=min(person.hair_reflectance, 0.2),
        beard="none",
        age_lines=0.0,
        expressivity=min(person.expressivity, 0.35),
        pores=0.3 * person.pores,
        n_moles=min(person.n_moles, 1),
        brow_thickness_cm=min(person.brow_thickness_cm, 0.6),
        brow_density=0.7 * person.brow_density,
    )
