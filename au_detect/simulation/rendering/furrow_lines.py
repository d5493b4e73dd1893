"""Furrows of the skin: where actions fold it, and how deep.

Lines are given on the model's mean neutral face (x, y in cm) for the subject's left half and
mirrored for the right. Which action folds which line follows Ekman, Friesen & Hager (2002) and
Tian, Kanade & Cohn (2001).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.rendering.appearance import Appearance

Line = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Furrow:
    """Lines that fold together.

    Parameters
    ----------
    lines : tuple of lines
        Each a tuple of (x, y) in cm on the mean face's left half.
    width_cm, depth_cm : float
        Of the fold at strength 1.
    actions : dict
        AU -> how much of the fold it makes at full strength.
    aging : float
        How deep the resting line of an old face is, relative to `depth_cm`.
    spread : float
        How far the lines of different people lie apart, cm.
    floor : float
        Expressivity that even the smoothest skin has here.
    deepened : dict, optional
        AU -> by how much it deepens, at full strength, what the actions fold.
    """

    lines: tuple[Line, ...]
    width_cm: float
    depth_cm: float
    actions: dict[int, float]
    aging: float = 0.0
    spread: float = 0.12
    floor: float = 0.3
    deepened: dict[int, float] = field(default_factory=dict)


def _forehead(start: float, stop: float, outer: bool) -> tuple[Line, ...]:
    x = np.linspace(start, stop, 7)
    lift = 0.012 * x**2 if outer else 0.05 * np.cos(x)
    return tuple(
        tuple((float(a), float(y + b)) for a, b in zip(x, lift, strict=True))
        for y in (7.1, 7.8, 8.5, 9.25)
    )


FURROWS: dict[str, Furrow] = {
    "forehead_inner": Furrow(_forehead(-0.4, 3.0, False), 0.13, 0.075, {1: 1.0, 2: 0.2}, 0.5, 0.2),
    "forehead_outer": Furrow(_forehead(2.2, 5.6, True), 0.13, 0.07, {2: 1.0}, 0.4, 0.2),
    "glabella": Furrow(
        (((0.62, 4.7), (0.72, 5.4), (0.95, 6.3)), ((0.12, 4.9), (0.15, 5.5), (0.2, 6.0))),
        0.13, 0.085, {4: 1.0, 9: 0.3}, 0.5, 0.1, 0.5,
        # Raised inner brows stretch the mesh smooth where skin that AU4 has gathered stays folded.
        {1: 1.0},
    ),
    "brow_bulge": Furrow(
        (((1.1, 6.5), (1.6, 7.1), (2.3, 7.35)),), 0.25, 0.06, {4: 0.7}, 0.1, 0.15
    ),
    "crows_feet": Furrow(
        (
            ((4.95, 3.85), (5.45, 4.3), (5.95, 4.6)),
            ((5.05, 3.5), (5.6, 3.6), (6.3, 3.75)),
            ((5.0, 3.1), (5.5, 2.9), (6.1, 2.75)),
            ((4.8, 2.75), (5.2, 2.35), (5.7, 2.0)),
        ),
        0.1, 0.085, {6: 1.0, 7: 0.15, 12: 0.1}, 0.55, 0.1,
    ),
    "infraorbital": Furrow(
        (((1.75, 2.75), (2.5, 2.3), (3.3, 2.2), (4.2, 2.5)),), 0.13, 0.08, {6: 0.9, 7: 0.55}, 0.6
    ),
    "cheek_pouch": Furrow(
        (((1.5, 2.0), (2.2, 1.3), (3.2, 1.0), (4.4, 1.4)),), 0.2, 0.07, {6: 0.8}, 0.5
    ),
    "nose_root": Furrow(
        (
            ((0.0, 4.75), (0.5, 4.8), (0.95, 4.65)),
            ((0.0, 4.25), (0.5, 4.25), (0.85, 4.05)),
            ((0.45, 3.45), (0.9, 3.1), (1.3, 2.6)),
            ((0.6, 2.95), (1.0, 2.6), (1.35, 2.1)),
        ),
        0.1, 0.06, {9: 1.0}, 0.2, 0.08, 0.6,
    ),
    "nasolabial_smile": Furrow(
        (((1.75, -0.35), (2.35, -1.25), (3.0, -2.3), (3.45, -3.4), (3.5, -4.1)),),
        0.17, 0.1, {12: 0.9, 6: 0.15, 10: 0.2, 14: 0.3}, 0.7, 0.15, 0.75,
    ),
    "nasolabial_raise": Furrow(
        (((1.55, 0.35), (1.95, -0.4), (2.35, -1.2), (2.75, -2.1), (2.95, -2.9)),),
        0.16, 0.1, {9: 0.9, 10: 1.0}, 0.3, 0.12, 0.75,
    ),
    "mouth_corner": Furrow(
        (((2.95, -2.95), (3.12, -3.5), (3.0, -4.1)),), 0.15, 0.08, {14: 1.0, 12: 0.3}, 0.2, 0.08
    ),
    "marionette": Furrow(
        (((2.65, -3.85), (2.95, -4.6), (3.0, -5.5)),), 0.16, 0.085, {15: 1.0, 17: 0.2}, 0.55, 0.1
    ),
    "mental_crease": Furrow(
        (((-0.3, -5.25), (0.5, -5.25), (1.2, -5.5), (1.7, -5.9)),), 0.2, 0.09,
        {17: 1.0, 15: 0.2}, 0.3, 0.12, 0.6,
    ),
    "chin_dimples": Furrow((((0.0, -6.3), (1.2, -6.3)),), 0.9, 0.035, {17: 1.0}, 0.1, 0.12, 0.5),
    "lip_lines": Furrow(
        (
            ((0.4, -2.3), (0.42, -1.7)), ((1.0, -2.4), (1.15, -1.8)), ((1.7, -2.7), (1.95, -2.2)),
            ((0.5, -4.4), (0.55, -5.0)), ((1.2, -4.4), (1.4, -4.9)), ((2.1, -4.1), (2.4, -4.5)),
        ),
        0.09, 0.035, {18: 1.0, 23: 0.8, 24: 0.4, 22: 0.2}, 0.4,
    ),
    # Across the red of the lips, which puckering gathers.
    "lip_creases": Furrow(
        tuple(
            ((x, top), (1.06 * x, low))
            for x in (0.12, 0.45, 0.8, 1.15, 1.5, 1.85)
            for top, low in ((-2.45, -3.05), (-3.35, -4.2))
        ),
        0.06, 0.04, {18: 1.0, 22: 0.5, 23: 0.5}, 0.35, 0.06, 0.6,
    ),
}  # fmt: skip
"""Name -> furrow."""


def furrow_strengths(
    au_strengths: Mapping[int, tuple[float, float]], person: Appearance
) -> dict[str, tuple[float, float]]:
    """Return the depth of every furrow (right, left) that actions fold into a person's skin.

    Parameters
    ----------
    au_strengths : mapping
        AU -> strength of the subject's right and left half, in [0, 1].
    person : Appearance
        Young skin folds little (`Appearance.expressivity`), and everybody has lines of their own.

    Returns
    -------
    dict
        Furrow -> strengths in about [0, 1.5]; resting lines are not part of it.
    """

    def pull(shares: Mapping[int, float]) -> NDArray[np.float64]:
        parts = [share * np.array(au_strengths.get(au, (0.0, 0.0))) for au, share in shares.items()]
        return np.asarray(np.sum([np.zeros(2), *parts], axis=0))

    own = np.random.default_rng(person.seed).uniform(0.5, 1.3, len(FURROWS))
    strengths = {}
    for factor, (name, furrow) in zip(own, FURROWS.items(), strict=True):
        folded = np.clip(pull(furrow.actions), 0, 1.2) ** 1.3 * (1 + pull(furrow.deepened))
        depth = max(person.expressivity, furrow.floor) * factor * folded
        strengths[name] = (float(depth[0]), float(depth[1]))
    return strengths


def resting_strengths(person: Appearance) -> dict[str, tuple[float, float]]:
    """Return the depth (right, left) of the lines that age has left in a person's skin."""
    own = np.random.default_rng(person.seed + 1).uniform(0.1, 1.3, (len(FURROWS), 2))
    own[:, 1] = 0.7 * own[:, 0] + 0.3 * own[:, 1]
    strengths = {}
    for pair, (name, furrow) in zip(own, FURROWS.items(), strict=True):
        depth = person.age_lines * furrow.aging * pair
        strengths[name] = (float(depth[0]), float(depth[1]))
    return strengths
