"""Speech as the lips show it: mouth shapes of sounds (visemes) that blend into one another.

How neighbouring sounds blend follows the idea of dominance of Cohen & Massaro (1993): each sound
pulls the mouth towards its own shape, most in its middle, and the mouth is where all pull it.
Lips that must meet do meet, whatever the neighbours want.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

LIPS_TOGETHER = "lips together"
"""No shape of the model: how far the lips are closed over whatever the jaw does, 0 to 1."""

VISEMES: dict[str, dict[str, float]] = {
    "pause": {LIPS_TOGETHER: 0.6, "jawOpen": 0.02},
    "p b m": {
        LIPS_TOGETHER: 1.0, "mouthPress": 0.2, "mouthRollLower": 0.12, "mouthRollUpper": 0.1,
        "jawOpen": 0.05,
    },
    "f v": {"mouthRollLower": 0.4, "mouthUpperUp": 0.22, "jawOpen": 0.06},
    "th": {"jawOpen": 0.12, "mouthLowerDown": 0.25, "mouthUpperUp": 0.12},
    "t d n l": {"jawOpen": 0.1, "mouthLowerDown": 0.3, "mouthUpperUp": 0.15},
    "s z": {"jawOpen": 0.03, "mouthLowerDown": 0.35, "mouthUpperUp": 0.25, "mouthStretch": 0.2},
    "sh ch": {"mouthFunnel": 0.45, "mouthPucker": 0.15, "mouthLowerDown": 0.25, "jawOpen": 0.05},
    "k g": {"jawOpen": 0.15, "mouthLowerDown": 0.2, "mouthUpperUp": 0.1},
    "r": {"mouthFunnel": 0.25, "mouthPucker": 0.2, "jawOpen": 0.08},
    "a": {"jawOpen": 0.42, "mouthLowerDown": 0.3, "mouthUpperUp": 0.15},
    "e": {"jawOpen": 0.22, "mouthLowerDown": 0.3, "mouthUpperUp": 0.2, "mouthStretch": 0.2},
    "i": {
        "jawOpen": 0.1, "mouthStretch": 0.35, "mouthSmile": 0.12, "mouthDimple": 0.1,
        "mouthLowerDown": 0.3, "mouthUpperUp": 0.25,
    },
    "o": {"jawOpen": 0.25, "mouthFunnel": 0.4, "mouthPucker": 0.25},
    "u w": {"mouthPucker": 0.55, "mouthFunnel": 0.25, "jawOpen": 0.08},
    "uh": {"jawOpen": 0.15, "mouthLowerDown": 0.2},
}  # fmt: skip
"""Sounds -> weights of the face model's shapes, spoken plainly."""

_FREQUENCY = (2, 3, 1.2, 1, 4, 2, 1, 1.5, 1.2, 2.5, 2.5, 2.5, 1.5, 1.5, 4)
SOUND_S = (0.06, 0.18)
"""Shortest and longest sound."""
REACH_S = (0.035, 0.07)
"""How far in time a sound pulls at its neighbours."""
EFFORT_SPREAD = 0.35
"""People mumble and people shout: how much the size of their movements differs (log)."""
CLOSE_FROM, CLOSED_FROM = 0.35, 0.6
"""Share of the pull towards meeting lips from which they near each other, and meet."""


def speak(rng: np.random.Generator, times_s: NDArray[np.floating]) -> dict[str, Array]:
    """Draw something said, and return how the mouth moves.

    Parameters
    ----------
    rng : numpy.random.Generator
    times_s : ndarray, shape (n,)
        When to look, at least 0; the speech lasts as long.

    Returns
    -------
    dict of str to ndarray, shape (n,)
        Shape -> weights; among them `LIPS_TOGETHER`, in [0, 1].
    """
    times = np.asarray(times_s, dtype=float)
    lengths = rng.uniform(*SOUND_S, int(np.ceil((times.max() + 0.4) / SOUND_S[0])))
    middles = np.cumsum(lengths) - lengths / 2 - 0.2
    frequency = np.array(_FREQUENCY)
    picks = rng.choice(len(VISEMES), len(lengths), p=frequency / frequency.sum())
    reach = rng.uniform(*REACH_S, len(lengths))
    pull = np.exp(-np.abs(times[:, None] - middles) / reach)
    pull /= pull.sum(axis=1, keepdims=True)
    effort = rng.lognormal(0.0, EFFORT_SPREAD)
    moved = {shape: effort * pull @ _targets(picks, shape) for shape in _SHAPES}
    nearness = pull @ _targets(picks, LIPS_TOGETHER)
    closed = np.clip((nearness - CLOSE_FROM) / (CLOSED_FROM - CLOSE_FROM), 0, 1)
    for parting in ("mouthLowerDown", "mouthUpperUp", "mouthFunnel"):
        moved[parting] *= 1 - closed
    return moved | {LIPS_TOGETHER: closed}


_SHAPES = sorted({shape for shapes in VISEMES.values() for shape in shapes} - {LIPS_TOGETHER})


def _targets(picks: NDArray[np.intp], shape: str) -> Array:
    weights = np.array([shapes.get(shape, 0.0) for shapes in VISEMES.values()])
    return np.asarray(weights[picks], dtype=float)
