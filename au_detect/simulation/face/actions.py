"""Action units as shapes of the morphable face, and which of them occur together in life.

The face model's shapes carry the ARKit names. An action of strength 5 (FACS intensity E) moves
each of its shapes by the weight in `ACTION_SHAPES`; other strengths scale it. Weights over 1
mend shapes that the model draws too faintly, as seen beside FACS's own descriptions: a raised
inner brow, for one, travels about a tenth of the inter-ocular distance, twice the model's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.facs import NETWORK_AUS

N_AUS = len(NETWORK_AUS)
AU_COLUMN: dict[int, int] = {number: column for column, number in enumerate(NETWORK_AUS)}

ACTION_SHAPES: dict[int, dict[str, float]] = {
    1: {"browInnerUp": 1.7},
    2: {"browOuterUp": 1.2, "browInnerUp": 0.1},
    4: {"browDown": 1.5, "noseSneer": 0.05},
    5: {"eyeWide": 1.4},
    6: {"cheekRaiser": 0.5, "cheekSquint": 0.6, "eyeSquint": 0.3},
    7: {"eyeSquint": 1.1, "eyeBlink": 0.12},
    9: {"noseSneer": 1.1, "browDown": 0.3},
    10: {"mouthUpperUp": 1.1, "noseSneer": 0.15},
    12: {"mouthSmile": 1.0},
    14: {"mouthDimple": 1.4, "mouthPress": 0.15},
    15: {"mouthFrown": 1.4, "mouthShrugLower": 0.1},
    16: {"mouthLowerDown": 1.1},
    17: {"mouthShrugLower": 1.0, "mouthShrugUpper": 0.65, "mouthRollLower": -0.5},
    18: {"mouthPucker": 1.0},
    20: {"mouthStretch": 1.1},
    22: {"mouthFunnel": 1.0},
    23: {"mouthRollLower": 0.25, "mouthRollUpper": 0.25, "mouthPucker": 0.2, "mouthPress": 0.2},
    24: {"mouthPress": 1.2, "mouthRollLower": 0.35, "mouthRollUpper": 0.35},
    25: {"mouthLowerDown": 0.5, "mouthUpperUp": 0.5, "jawOpen": 0.13},
    26: {"jawOpen": 0.5},
    27: {"jawOpen": 1.05},
    28: {"mouthRollLower": 1.0, "mouthRollUpper": 0.9, "jawOpen": 0.12},
    43: {"eyeBlink": 1.0},
}
"""AU -> shapes at strength 5. ``browDown`` stands for ``browDown_L`` and ``browDown_R``."""


@dataclass(frozen=True)
class Display:
    """A facial display: AUs that occur together.

    Parameters
    ----------
    name : str
        What it is called.
    core : tuple of int
        AUs that are always there.
    optional : dict
        AU -> probability of being there too.
    weight : float
        How often it is drawn.
    one_sided : float
        Probability that it shows on one side only.
    faintest : float
        Least strength of the whole display; single AUs vary about it.
    """

    name: str
    core: tuple[int, ...]
    optional: dict[int, float]
    weight: float
    one_sided: float = 0.05
    faintest: float = 1.5


DISPLAYS: tuple[Display, ...] = (
    Display(
        "happiness", (12,), {6: 0.55, 25: 0.6, 26: 0.15, 7: 0.1, 10: 0.05, 1: 0.05, 2: 0.05}, 4
    ),
    Display("surprise", (25,), {1: 0.85, 2: 0.85, 5: 0.75, 26: 0.5, 27: 0.4}, 3),
    Display("sadness", (15,), {1: 0.5, 4: 0.6, 17: 0.6, 6: 0.1, 43: 0.1, 7: 0.1}, 3),
    Display("anger", (4,), {7: 0.6, 5: 0.25, 17: 0.4, 23: 0.45, 24: 0.45, 25: 0.15, 10: 0.1}, 3),
    Display("disgust", (9,), {10: 0.5, 17: 0.5, 4: 0.4, 7: 0.3, 15: 0.2, 25: 0.3, 6: 0.2}, 2),
    Display("upper lip disgust", (10,), {17: 0.3, 25: 0.5, 4: 0.2, 15: 0.15, 16: 0.15}, 1),
    Display("fear", (20,), {1: 0.7, 2: 0.5, 4: 0.6, 5: 0.6, 25: 0.7, 26: 0.4, 7: 0.2}, 2),
    Display("contempt", (14,), {12: 0.3, 17: 0.1, 10: 0.1}, 1, one_sided=0.7),
    Display("one-sided smile", (12,), {14: 0.3, 25: 0.1}, 0.5, one_sided=1.0),
    Display("worry", (1, 4), {2: 0.2, 17: 0.2, 15: 0.3, 24: 0.15}, 1),
    Display("brow flash", (1, 2), {5: 0.4, 12: 0.2, 25: 0.2}, 1.5, one_sided=0.1),
    Display("eyes closed", (43,), {4: 0.1, 6: 0.05, 15: 0.1, 12: 0.1, 25: 0.1, 26: 0.05}, 3),
    Display("wink", (43,), {6: 0.4, 12: 0.4, 4: 0.2, 25: 0.2}, 1, one_sided=1.0),
    Display("speech, open", (25,), {26: 0.6, 16: 0.3, 10: 0.2, 12: 0.1, 1: 0.1, 2: 0.1}, 2),
    Display("speech, round", (18,), {22: 0.4, 25: 0.6, 26: 0.3}, 1),
    Display("speech, funnel", (22, 25), {18: 0.3, 26: 0.4, 10: 0.1}, 1),
    Display("speech, pressed", (24,), {28: 0.1, 23: 0.3, 17: 0.3}, 1),
    Display("lips sucked", (28,), {17: 0.1, 1: 0.1, 2: 0.1}, 0.7),
    Display("jaw dropped", (26,), {25: 0.9}, 1.2),
    Display("yawn", (27, 25), {43: 0.4, 7: 0.2, 4: 0.2, 1: 0.1}, 0.8),
    Display("neutral", (), {}, 5),
)

PROTOTYPES: dict[str, Display] = {
    name: Display(name, core, {}, 1.0, one_sided, faintest=4.0)
    for name, core, one_sided in (
        ("anger", (4, 7, 17, 24), 0.0),
        ("contempt", (14,), 1.0),
        ("disgust", (9, 10, 17), 0.0),
        ("fear", (1, 2, 4, 5, 20, 25), 0.0),
        ("happiness", (6, 12, 25), 0.0),
        ("sadness", (1, 4, 15, 17), 0.0),
        ("surprise", (1, 2, 5, 25, 27), 0.0),
    )
}
"""One clear display of each basic emotion, for samples."""

SINGLE_WEIGHT = 0.45
"""Weight of a display of each single AU, beside those of `DISPLAYS`."""

EXCLUDES: dict[int, tuple[int, ...]] = {
    27: (26, 24, 28, 23, 17),
    26: (24,),
    43: (5,),
    28: (24, 22, 18, 23),
    24: (22, 18),
    22: (28,),
    20: (18, 22),
    12: (18,),
}
"""AU -> AUs that the same face cannot show with it; the key wins."""


def draw_displays(rng: np.random.Generator, n: int) -> list[Display]:
    """Draw `n` of `DISPLAYS` and of single AUs, each as often as its weight says."""
    displays = [
        *DISPLAYS,
        *(Display(f"AU{au} alone", (au,), {}, SINGLE_WEIGHT) for au in NETWORK_AUS),
    ]
    weights = np.array([display.weight for display in displays])
    return [displays[pick] for pick in rng.choice(len(displays), n, p=weights / weights.sum())]


def draw_strengths(rng: np.random.Generator, displays: Sequence[Display]) -> NDArray[np.float32]:
    """Draw how strongly every display is shown.

    Returns
    -------
    ndarray of float32, shape (n, n_aus, 2)
        0 to 5 on the subject's right and left, in the order of `au_detect.facs.NETWORK_AUS`.
    """
    return np.stack([_draw_display(rng, display) for display in displays]).astype(np.float32)


def _draw_display(rng: np.random.Generator, display: Display) -> NDArray[np.float64]:
    present = list(display.core)
    present += [au for au, p in display.optional.items() if rng.random() < p]
    for au in list(present):
        if au in present:
            present = [other for other in present if other not in EXCLUDES.get(au, ())]
    strengths = np.zeros((N_AUS, 2))
    overall = rng.uniform(display.faintest, 5.0)
    one_sided = rng.integers(2) if rng.random() < display.one_sided else None
    for au in present:
        faintest = 2.0 if au in (25, 26) else 0.8
        strength = np.clip(overall + rng.normal(0, 0.9), faintest, 5.0)
        asymmetry = np.clip(rng.normal(0, 0.12), -0.5, 0.5)
        sides = strength * (1.0 + np.array([asymmetry, -asymmetry]))
        if one_sided is not None and au not in (25, 26, 27, 17, 22, 18, 28):
            sides[one_sided] *= rng.uniform(0, 0.25)
        strengths[AU_COLUMN[au]] = np.clip(sides, 0, 5)
    if 43 in present:
        closed = rng.uniform(4.5, 5.0, 2)
        sides = strengths[AU_COLUMN[43]]
        strengths[AU_COLUMN[43]] = np.where(sides < 0.3 * sides.max(), 0.0, closed)
    return strengths


def expression_weights(
    strengths: NDArray[np.floating], names: Sequence[str]
) -> NDArray[np.float64]:
    """Return the weights (n, n_shapes) of the expression shapes `names`.

    Parameters
    ----------
    strengths : ndarray, shape (n, n_aus, 2)
        As `draw_strengths` returns them.
    names : sequence of str
        The face model's shapes. A shape without ``_L`` or ``_R`` gets the mean of both sides.
    """
    position = {name: column for column, name in enumerate(names)}
    weights = np.zeros((len(strengths), len(names)))
    for au, shapes in ACTION_SHAPES.items():
        right, left = strengths[:, AU_COLUMN[au]].T / 5.0
        for shape, weight in shapes.items():
            if shape in position:
                weights[:, position[shape]] += weight * (right + left) / 2.0
            else:
                weights[:, position[f"{shape}_R"]] += weight * right
                weights[:, position[f"{shape}_L"]] += weight * left
    return weights
