"""Facial displays: which action units occur together in life, how often, and how strongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from au_detect.facs import NETWORK_AUS
from au_detect.simulation.face.actions import AU_COLUMN, N_AUS
from au_detect.simulation.face.passing import Manner

MIDLINE = (17, 18, 22, 25, 26, 27, 28)
"""AUs that never show on one side only."""


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
    lone : tuple of int
        The AUs that are one-sided then; empty for all but `MIDLINE`.
    aside : float
        How far the mouth is drawn to the side that acts more, at the most: weight of ``mouthLeft``
        or ``mouthRight``.
    nod_deg : float
        How far the head tips down with it, on average; negative where it is thrown back.
    manner : str
        What the face does meanwhile, see `au_detect.simulation.face.passing`.
    """

    name: str
    core: tuple[int, ...]
    optional: dict[int, float]
    weight: float
    one_sided: float = 0.05
    faintest: float = 1.2
    lone: tuple[int, ...] = ()
    aside: float = 0.0
    nod_deg: float = 0.0
    manner: Manner = "still"

    @property
    def stratum(self) -> str:
        """What kind of face it is: its manner, or "expression", or "rest" where nothing is on."""
        if self.manner != "still":
            return self.manner
        return "expression" if self.core or self.optional else "rest"


DISPLAYS: tuple[Display, ...] = (
    # Emotions
    Display(
        "happiness", (12,), {6: 0.55, 25: 0.6, 26: 0.15, 7: 0.1, 10: 0.05, 1: 0.05, 2: 0.05}, 4
    ),
    Display("surprise", (25,), {1: 0.85, 2: 0.85, 5: 0.75, 26: 0.5, 27: 0.4}, 3),
    Display("sadness", (15,), {1: 0.5, 4: 0.6, 17: 0.6, 6: 0.1, 43: 0.1, 7: 0.1}, 3, nod_deg=3),
    Display("anger", (4,), {7: 0.6, 5: 0.25, 17: 0.4, 23: 0.45, 24: 0.45, 25: 0.15, 10: 0.1}, 3),
    Display("disgust", (9,), {10: 0.5, 17: 0.5, 4: 0.4, 7: 0.3, 15: 0.2, 25: 0.3, 6: 0.2}, 2),
    Display("fear", (20,), {1: 0.7, 2: 0.5, 4: 0.6, 5: 0.6, 25: 0.7, 26: 0.4, 7: 0.2}, 2),
    Display("contempt", (14,), {12: 0.3, 17: 0.1, 10: 0.1}, 1.5, one_sided=0.7),
    Display("upper lip disgust", (10,), {17: 0.3, 25: 0.5, 4: 0.2, 15: 0.15, 16: 0.15}, 1),
    # Brows and eyes
    Display("sorrow", (1, 4), {15: 0.4, 17: 0.3, 7: 0.15, 25: 0.25, 2: 0.1, 24: 0.1}, 2.5),
    Display("frown", (4,), {7: 0.4, 24: 0.1, 17: 0.1, 9: 0.05, 25: 0.15}, 2),
    Display("brow flash", (1, 2), {5: 0.4, 12: 0.2, 25: 0.2}, 2, one_sided=0.1),
    Display("one brow raised", (2,), {1: 0.4, 4: 0.2, 12: 0.2, 14: 0.1, 17: 0.1}, 1.2, 1.0,
            lone=(1, 2, 14)),
    Display("squint", (4, 7), {10: 0.15, 25: 0.2, 6: 0.1}, 1.2),
    Display("lids tight", (7,), {12: 0.15, 25: 0.15}, 0.8),
    Display("eyes wide", (5,), {1: 0.35, 2: 0.3, 4: 0.15, 25: 0.2, 26: 0.1}, 1.2),
    Display("eyes closed", (43,), {4: 0.1, 6: 0.05, 15: 0.1, 12: 0.1, 25: 0.1, 26: 0.05}, 3),
    Display("wink", (43,), {6: 0.4, 12: 0.4, 4: 0.2, 25: 0.2}, 1, one_sided=1.0),
    # Smiles
    Display("faint smile", (12,), {25: 0.15, 6: 0.1, 14: 0.05}, 1.5, faintest=0.8),
    Display("one-sided smile", (12,), {14: 0.25, 25: 0.3, 6: 0.4}, 0.8, one_sided=1.0),
    Display("laughter", (12, 25), {6: 0.85, 7: 0.2, 43: 0.15, 9: 0.05, 10: 0.1}, 3, 0.0, 2.5,
            nod_deg=-6, manner="laughter"),
    # Mouth
    Display("pout", (17,), {18: 0.5, 15: 0.35, 23: 0.2, 24: 0.15, 4: 0.15}, 1.8, 0.0, nod_deg=5),
    Display("deep pout", (15, 17), {18: 0.3, 23: 0.25, 1: 0.2, 4: 0.35, 24: 0.15}, 2.2, 0.0,
            nod_deg=6),
    Display("mouth shrug", (15, 17), {1: 0.6, 2: 0.6, 14: 0.1}, 0.8, 0.0),
    Display("pucker", (18,), {17: 0.35, 25: 0.25, 1: 0.1, 2: 0.1, 4: 0.15}, 1.5),
    Display("funnel", (22, 25), {26: 0.6, 1: 0.2, 2: 0.2, 5: 0.15}, 1.7),
    Display("dimples", (14,), {12: 0.15, 24: 0.3, 17: 0.2}, 1.2),
    Display("lips tight", (23,), {24: 0.3, 17: 0.3, 4: 0.3, 7: 0.2}, 0.8),
    Display("lips pressed", (24,), {17: 0.4, 23: 0.3, 14: 0.2, 4: 0.15, 12: 0.1}, 1),
    Display("lips sucked", (28,), {17: 0.1, 1: 0.1, 2: 0.1}, 1),
    Display("lips stretched", (20, 25), {26: 0.3, 16: 0.2, 4: 0.1, 1: 0.1}, 0.8),
    Display("sneer", (10,), {9: 0.25, 25: 0.5, 14: 0.1, 4: 0.2}, 0.8, one_sided=0.5),
    Display("snarl", (9, 10, 25), {4: 0.6, 7: 0.5, 16: 0.3, 26: 0.25, 20: 0.1}, 0.8, faintest=2.5),
    Display("teeth bared", (10, 16, 25), {12: 0.2, 20: 0.3, 26: 0.2}, 0.5),
    Display("jaw dropped", (26,), {25: 0.9}, 1.2),
    Display("yawn", (27, 25), {43: 0.4, 7: 0.2, 4: 0.2, 1: 0.1}, 0.8, nod_deg=-4),
    Display("scream", (27, 25), {43: 0.45, 4: 0.5, 7: 0.4, 9: 0.3, 10: 0.3, 20: 0.3, 6: 0.3}, 0.8,
            0.0, 3.0, nod_deg=-8),
    # What is no expression
    Display("speech", (), {1: 0.12, 2: 0.12, 4: 0.1, 12: 0.12, 7: 0.05}, 5, manner="speech"),
    Display("speech, brows up", (1, 2), {5: 0.1, 12: 0.1}, 1, manner="speech"),
    Display("speech, smiling", (12,), {6: 0.4, 1: 0.1, 2: 0.1}, 1.5, manner="speech"),
    Display("speech, frowning", (4,), {1: 0.25, 7: 0.3, 15: 0.1, 9: 0.1}, 1, manner="speech"),
    Display("chewing", (), {4: 0.05}, 1, manner="chewing"),
    Display("mouth aside", (), {}, 0.6, manner="mouth aside"),
    Display("looking elsewhere", (), {}, 2, manner="gaze"),
    Display("blink", (), {}, 1.5, manner="blink"),
    Display("neutral", (), {}, 5),
)  # fmt: skip

SELDOM: tuple[Display, ...] = (
    Display("lips rounded", (18, 25), {26: 0.5, 22: 0.2, 17: 0.15, 1: 0.15, 2: 0.15}, 4, 0.0, 2.0),
    Display("kiss", (18,), {17: 0.4, 43: 0.1, 1: 0.15, 2: 0.15, 4: 0.1}, 2.5, 0.0, 2.0),
    Display("funnel", (22, 25), {26: 0.6, 1: 0.2, 2: 0.2, 5: 0.15}, 1, 0.0, 2.0),
    Display("sorrow", (1, 4), {15: 0.4, 17: 0.3, 25: 0.4, 26: 0.2, 24: 0.1}, 2.5, 0.0, 3.0),
    Display("frown, lips pressed", (4, 24), {7: 0.3, 17: 0.3, 12: 0.2, 14: 0.2}, 1.2),
    Display("frown, lids low", (4, 7), {43: 0.3, 2: 0.2, 25: 0.2}, 1.2),
    Display("wince", (4, 7, 43), {6: 0.3, 9: 0.15, 10: 0.2, 20: 0.3, 24: 0.3, 14: 0.2}, 1.5),
    Display("lips pressed and drawn out", (24,), {14: 0.5, 20: 0.5, 17: 0.3, 4: 0.2}, 1.5),
    Display("mouth drawn aside", (14,), {12: 0.15, 17: 0.1}, 1.5, 1.0, 2.0, aside=0.9),
    Display("speech", (), {1: 0.15, 2: 0.15}, 1.5, manner="speech"),
    Display("looking elsewhere", (), {}, 0.6, manner="gaze"),
    Display("neutral", (), {}, 0.5),
)  # fmt: skip
"""What real faces show more often than `DISPLAYS` does: pursed lips, apart and together, frowns
with raised inner brows, with pressed lips or with low lids, lips pressed wide, a mouth that a
dimpled cheek draws aside."""

STRONG: tuple[Display, ...] = tuple(
    Display(" + ".join(map(str, core)), core, {}, weight, 0.1, 3.0)
    for core, weight in (
        ((1,), 1), ((2,), 1.5), ((1, 2), 1.5), ((4,), 2.5), ((1, 4), 2), ((5,), 3), ((1, 2, 5), 1),
        ((43,), 1), ((9,), 0.5), ((10, 25), 0.5), ((12,), 1), ((12, 25), 1), ((15,), 2),
        ((15, 17), 1.5), ((17,), 1), ((18,), 3), ((18, 25), 2), ((18, 25, 26), 1), ((20,), 1.5),
        ((20, 25), 1.5), ((22, 25), 1), ((24,), 0.5), ((26,), 2), ((25, 26), 2), ((25, 27), 1),
    )
)  # fmt: skip
"""Strong actions, for a landmark network: it follows what it rarely sees only part of the way.
Those that it follows least are the most frequent."""

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

SINGLE_WEIGHT = 0.55
"""Weight of a display of each single AU, beside those of `DISPLAYS`."""

MIXED: dict[Manner, float] = {"speech": 0.08, "gaze": 0.07, "blink": 0.04}
"""Manner -> how many of the displays without one are shown in it."""
UNSPEAKABLE = {18, 22, 23, 24, 27, 28, 43}
"""AUs that nobody speaks with."""

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

FAINTNESS = 1.3
"""How much commoner faint displays are than strong ones; 1 is as common."""
ASYMMETRY_SD, LARGEST_ASYMMETRY = 0.05, 0.12
"""How far each side of a two-sided action strays from the mean of both, as a part of it."""


def draw_displays(
    rng: np.random.Generator, n: int, kinds: Sequence[Display] | None = None
) -> list[Display]:
    """Draw `n` of some kinds of displays, each as often as its weight says.

    Some of them are spoken, or shown in a blink or while the eyes wander (`MIXED`).

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
    kinds : sequence of Display, optional
        By default `DISPLAYS` and single AUs.
    """
    singles = (Display(f"AU{au} alone", (au,), {}, SINGLE_WEIGHT) for au in NETWORK_AUS)
    displays = [*DISPLAYS, *singles] if kinds is None else list(kinds)
    weights = np.array([display.weight for display in displays])
    drawn = [displays[pick] for pick in rng.choice(len(displays), n, p=weights / weights.sum())]
    return [_mixed(rng, display) for display in drawn]


def _mixed(rng: np.random.Generator, display: Display) -> Display:
    """Return the display in a manner of `MIXED`, or as it is."""
    chance = rng.random()
    if display.stratum != "expression" or 43 in display.core:
        return display
    for manner, share in MIXED.items():
        if chance < share:
            return _spoken(display) if manner == "speech" else replace(display, manner=manner)
        chance -= share
    return display


def _spoken(display: Display) -> Display:
    """Return the display as somebody shows it who speaks, or as it is where nobody can."""
    if UNSPEAKABLE & {*display.core}:
        return display
    optional = {au: share for au, share in display.optional.items() if au not in UNSPEAKABLE}
    return replace(display, manner="speech", optional=optional)


def draw_strengths(rng: np.random.Generator, displays: Sequence[Display]) -> NDArray[np.float32]:
    """Draw how strongly every display is shown.

    Returns
    -------
    ndarray of float32, shape (n, n_aus, 2)
        0 to 5 on the subject's right and left, in the order of `au_detect.facs.NETWORK_AUS`.
    """
    return np.stack([_draw_display(rng, display) for display in displays]).astype(np.float32)


def _draw_display(rng: np.random.Generator, display: Display) -> NDArray[np.float64]:
    present = _draw_present(rng, display)
    strengths = np.zeros((N_AUS, 2))
    overall = display.faintest + (5.0 - display.faintest) * rng.beta(1.0, FAINTNESS)
    one_sided = rng.integers(2) if rng.random() < display.one_sided else None
    for au in present:
        faintest = 2.0 if au in (25, 26) else 0.8
        strength = np.clip(overall + rng.normal(0, 0.9), faintest, 5.0)
        asymmetry = rng.normal(0, ASYMMETRY_SD)
        asymmetry = np.clip(asymmetry, -LARGEST_ASYMMETRY, LARGEST_ASYMMETRY)
        sides = strength * (1.0 + np.array([asymmetry, -asymmetry]))
        if one_sided is not None and au in (display.lone or NETWORK_AUS) and au not in MIDLINE:
            sides[one_sided] = 0.0
        strengths[AU_COLUMN[au]] = np.clip(sides, 0, 5)
    if 43 in present:
        closed = rng.uniform(4.5, 5.0, 2)
        strengths[AU_COLUMN[43]] = np.where(strengths[AU_COLUMN[43]] > 0, closed, 0.0)
    return strengths


def _draw_present(rng: np.random.Generator, display: Display) -> list[int]:
    present = list(display.core)
    present += [au for au, p in display.optional.items() if rng.random() < p]
    for au in list(present):
        if au in present:
            present = [other for other in present if other not in EXCLUDES.get(au, ())]
    return present
