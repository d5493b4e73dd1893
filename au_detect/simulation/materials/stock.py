"""What folders of material hold, ready for a face model, and draws from it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.materials.brow_maps import read_brow_maps
from au_detect.simulation.materials.folders import Materials
from au_detect.simulation.materials.heads import OtherHeads, read_other_heads
from au_detect.simulation.materials.probes import LightProbe, read_probes
from au_detect.simulation.materials.skins import PhotographedSkins, read_skins
from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.light import Light
from au_detect.simulation.rendering.surface import Surface

TONE_SPREAD = 0.5
"""How far (natural logarithm) the reflectance of a person's photograph lies from the person's."""
AGES = (("young", 30.0), ("middleage", 48.0), ("old", 68.0))
"""Words in the names of skins, and the age in years that they stand for."""
AGE_SPREAD_YEARS = 14.0
MIXED_SHARE = 0.6
CHILD_SHARE, CHILD_YEARS = 0.12, (6.0, 15.0)
OTHER_EXPRESSION_SHARE = 0.6
"""Of the people whose expressions lie between the face model's and MakeHuman's."""
BROW_MAP_SHARE = 0.75
"""Of the people who wear a brow from a map where there are maps."""
PROBE_SHARE = 0.6
"""Of the pictures with probes at hand that are lit by one; lamps light the others."""
_COARSE_TEXELS = 12.0


@dataclass(frozen=True, eq=False)
class PersonalShape:
    """How a person differs from the face model.

    Parameters
    ----------
    neutral : ndarray of float32, shape (n_vertices, 3)
        Displacement of the face at rest, cm.
    expression : ndarray of float32, shape (n_expression, n_vertices, 3)
        What makes the face model's shapes MakeHuman's, see `OtherHeads`.
    share : float
        How much of it, from 0 to 1.
    """

    neutral: NDArray[np.float32]
    expression: NDArray[np.float32]
    share: float

    def worn(
        self, vertices: NDArray[np.float32], weights: NDArray[np.floating]
    ) -> NDArray[np.float32]:
        """Return a mesh of the face model, made the person's; `weights` are its expression's."""
        worn = vertices + self.neutral
        if self.share:
            factors = (self.share * np.asarray(weights)).astype(np.float32)
            worn += (factors @ self.expression.reshape(len(factors), -1)).reshape(worn.shape)
        return worn


@dataclass(frozen=True, eq=False)
class MaterialStock:
    """Material that was read for one face model.

    Parameters
    ----------
    skins : PhotographedSkins or None
    probes : tuple of LightProbe
    brows : tuple of ndarray
        As `read_brow_maps` returns them.
    heads : OtherHeads or None
    """

    skins: PhotographedSkins | None = None
    probes: tuple[LightProbe, ...] = ()
    brows: tuple[NDArray[np.float32], ...] = ()
    heads: OtherHeads | None = None

    def draw_age_years(self, rng: np.random.Generator) -> float | None:
        """Draw the age of a child, None for a grown-up or where there are no children's heads."""
        if self.heads is None or rng.random() > CHILD_SHARE:
            return None
        return float(rng.uniform(*CHILD_YEARS))

    def draw_shape(self, person: Appearance, rng: np.random.Generator) -> PersonalShape | None:
        """Draw how a person's head and expressions differ from the face model's."""
        if self.heads is None:
            return None
        years = self.heads.age_years
        weights = rng.dirichlet(np.full(len(years), 0.35)) * _near_in_age(years, person.age_years)
        weights = weights / (weights.sum() + 1e-9) * rng.uniform(0.3, 1.1)
        neutral = np.tensordot(weights.astype(np.float32), self.heads.shapes, 1)
        share = float(rng.uniform(0.2, 1.0)) if rng.random() < OTHER_EXPRESSION_SHARE else 0.0
        return PersonalShape(neutral, self.heads.expression, share)

    def draw_photograph(
        self, person: Appearance, rng: np.random.Generator
    ) -> NDArray[np.float32] | None:
        """Draw a person's skin from the photographs: two mixed, mirrored, paler or stronger.

        Returns
        -------
        ndarray of float32, shape (2, size, size) or None
            Luminance in parts of the face's mean; None without skins.
        """
        if self.skins is None:
            return None
        first, second = rng.choice(len(self.skins.names), 2, p=_fitting(self.skins, person))
        share = float(rng.uniform(0.2, 0.8)) if rng.random() < MIXED_SHARE else 0.0
        tone = np.log(self.skins.tone[first].astype(np.float32))
        if share and first != second:
            other = np.log(self.skins.tone[second].astype(np.float32))
            tone = (1 - share) * tone + share * other
        if rng.random() < 0.5:
            tone = np.ascontiguousarray(tone[..., ::-1])
        coarse = np.stack([cv2.GaussianBlur(layer, (0, 0), _COARSE_TEXELS) for layer in tone])
        tone = rng.uniform(0.6, 1.1) * coarse + rng.uniform(0.8, 1.5) * (tone - coarse)
        return np.exp(tone).astype(np.float32)

    def draw_brow(self, rng: np.random.Generator) -> NDArray[np.float32] | None:
        """Draw the hairs of a brow from the maps; None for brows drawn hair by hair."""
        if not self.brows or rng.random() > BROW_MAP_SHARE:
            return None
        return self.brows[int(rng.integers(len(self.brows)))]

    def draw_light(self, rng: np.random.Generator) -> Light | None:
        """Draw a place's light from the probes; None for a light of lamps, or without probes."""
        if not self.probes or rng.random() > PROBE_SHARE:
            return None
        probe = self.probes[int(rng.integers(len(self.probes)))]
        return probe.light(
            float(rng.uniform(0, 2 * np.pi)),
            softness=float(np.exp(rng.uniform(np.log(0.15), np.log(1.2)))),
        )


def read_stock(materials: Materials, surface: Surface) -> MaterialStock:
    """Read material for a face model.

    Raises
    ------
    InputError
        If a file cannot be read.
    """
    skins = heads = None
    if materials.makehuman is not None:
        heads = read_other_heads(materials.makehuman, surface)
        if materials.skins is not None:
            skins = read_skins(materials.skins, materials.makehuman, surface)
    return MaterialStock(
        skins=skins,
        probes=() if materials.lights is None else read_probes(materials.lights),
        heads=heads,
        brows=() if materials.brows is None else read_brow_maps(materials.brows),
    )


def _fitting(skins: PhotographedSkins, person: Appearance) -> NDArray[np.float64]:
    """Return how probable every skin is for a person, by tone and by the age in its name."""
    off = np.log(np.maximum(skins.reflectance, 1e-3) / person.skin_reflectance) / TONE_SPREAD
    years = np.array([_years(name, person.age_years) for name in skins.names])
    off_years = (years - person.age_years) / AGE_SPREAD_YEARS
    weights = np.exp(-0.5 * np.clip(off, -4, 4) ** 2 - 0.5 * np.clip(off_years, -4, 4) ** 2) + 1e-6
    return np.asarray(weights / weights.sum())


def _years(name: str, otherwise: float) -> float:
    return next((years for word, years in AGES if name.startswith(word)), otherwise)


def _near_in_age(years: NDArray[np.float64], age_years: float) -> NDArray[np.float64]:
    """Return the weights of heads of some ages in a person's: the two nearest ages share."""
    ages = np.unique(years)
    shares = [np.interp(age_years, ages, row) for row in np.eye(len(ages))]
    return np.asarray(np.interp(years, ages, shares))
