"""What faces do beside expressions: they speak, laugh, chew, blink and look about.

These movements use the same muscles. A coder who sees that somebody speaks does not code a
rounded lip as an action, as long as it is not rounder than speech makes it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from au_detect.simulation.face.actions import ACTION_SHAPES, add_shape
from au_detect.simulation.face.speech import LIPS_TOGETHER, speak

Array = NDArray[np.float64]
Manner = Literal["still", "speech", "laughter", "chewing", "mouth aside", "gaze", "blink"]
"""What a face does beside its expression."""

BLINKS_IN_SPEECH = 0.06
CHIEF = 0.2
"""Weight from which a shape is a chief shape of an action."""
ASIDE: tuple[int, ...] = (10, 12, 14, 15, 17, 18, 23, 24)
"""AUs that cannot be told on a mouth that is pulled aside."""


def draw_passing(
    rng: np.random.Generator, manners: Sequence[Manner], names: Sequence[str]
) -> tuple[Array, Array]:
    """Draw one moment of what every face does beside its expression.

    Parameters
    ----------
    rng : numpy.random.Generator
    manners : sequence of str
        What each of n faces does.
    names : sequence of str
        The face model's shapes.

    Returns
    -------
    weights : ndarray, shape (n, n_shapes)
        What is added to the weights of the shapes.
    together : ndarray, shape (n,)
        How far the lips are closed over that, 0 to 1.
    """
    weights = np.zeros((len(manners), len(names)))
    together = np.zeros(len(manners))
    for row, manner in enumerate(manners):
        for shape, weight in _MOMENTS[manner](rng).items():
            if shape == LIPS_TOGETHER:
                together[row] = weight
            else:
                add_shape(weights[row : row + 1], names, shape, weight, weight)
    return weights, together


def resemblance(weights: Array, names: Sequence[str]) -> dict[int, Array]:
    """Return AU -> how strong a coder would take passing movements for it, 0 to 5, shape (n,).

    An action is as strong as the least of its chief shapes says. Lips that part (AU25) are judged
    by their gap, not here.
    """

    def weight(shape: str) -> Array:
        columns = [name in (shape, f"{shape}_R", f"{shape}_L") for name in names]
        return np.asarray(weights[:, columns].max(axis=1), dtype=float)

    alike = {
        au: 5.0 * np.min([weight(s) / size for s, size in shapes.items() if size >= CHIEF], axis=0)
        for au, shapes in ACTION_SHAPES.items()
        if au != 25
    }
    aside = np.maximum(weight("mouthLeft"), weight("mouthRight"))
    for au in ASIDE:
        alike[au] = np.maximum(alike[au], 6.0 * aside)
    lowered = weight("eyeBlink") + 0.55 * weight("eyeLookDown")
    alike[43] = np.maximum(alike[43], 5.0 * lowered)
    alike[5] = np.maximum(alike[5], 3.5 * weight("eyeLookUp"))
    return {au: np.clip(value, 0.0, 5.0) for au, value in alike.items()}


def _still(rng: np.random.Generator) -> dict[str, float]:
    return {}


def _speech(rng: np.random.Generator) -> dict[str, float]:
    """One moment of a sentence; some people blink in it."""
    said = {shape: float(w[0]) for shape, w in speak(rng, rng.uniform(0.0, 1.0, 1)).items()}
    return said | (_blink(rng) if rng.random() < BLINKS_IN_SPEECH else {})


def _laughter(rng: np.random.Generator) -> dict[str, float]:
    """One moment of a laugh: the jaw bobs, lips are drawn off the teeth."""
    return {
        "jawOpen": 0.55 * rng.beta(1.2, 1.5),
        "mouthLowerDown": rng.uniform(0.0, 0.25),
        "mouthUpperUp": rng.uniform(0.0, 0.2),
        "noseSneer": rng.uniform(0.0, 0.08),
        "mouthStretch": rng.uniform(0.0, 0.2),
    }


def _chewing(rng: np.random.Generator) -> dict[str, float]:
    """One moment of chewing: the jaw grinds behind lips that are mostly closed."""
    side = rng.choice(["Left", "Right"])
    return {
        "jawOpen": rng.uniform(0.0, 0.3),
        f"jaw{side}": rng.uniform(0.0, 0.5),
        f"mouth{side}": rng.uniform(0.0, 0.25),
        f"cheekPuff_{side[0]}": rng.uniform(0.0, 0.4),
        "mouthPress": rng.uniform(0.0, 0.35),
        "mouthRollLower": rng.uniform(0.0, 0.12),
        "mouthShrugLower": rng.uniform(0.0, 0.3),
        "mouthPucker": rng.uniform(0.0, 0.2),
        LIPS_TOGETHER: 1.0 if rng.random() < 0.8 else rng.uniform(0.0, 1.0),
    }


def _mouth_aside(rng: np.random.Generator) -> dict[str, float]:
    side = rng.choice(["Left", "Right"])
    return {
        f"mouth{side}": rng.uniform(0.45, 1.1),
        f"jaw{side}": rng.uniform(0.0, 0.4),
        "mouthPucker": rng.uniform(0.0, 0.35),
        "mouthPress": rng.uniform(0.0, 0.4),
    }


def _gaze(rng: np.random.Generator) -> dict[str, float]:
    """Eyes that look away, up or, often, down; the lids follow."""
    across, height = rng.normal(0.0, 0.45), rng.normal(0.0, 0.35)
    if rng.random() < 0.4:
        height = -rng.uniform(0.3, 1.0)
    outer, inner = ("R", "L") if across < 0 else ("L", "R")
    vertical = "eyeLookUp" if height > 0 else "eyeLookDown"
    return {
        f"eyeLookOut_{outer}": abs(across),
        f"eyeLookIn_{inner}": abs(across),
        vertical: abs(height),
    }


def _blink(rng: np.random.Generator) -> dict[str, float]:
    """One moment of a blink, as often closed as on the way."""
    return {"eyeBlink": rng.uniform(0.85, 1.0) if rng.random() < 0.5 else rng.uniform(0.1, 0.85)}


_MOMENTS: dict[Manner, Callable[[np.random.Generator], dict[str, float]]] = {
    "still": _still,
    "speech": _speech,
    "laughter": _laughter,
    "chewing": _chewing,
    "mouth aside": _mouth_aside,
    "gaze": _gaze,
    "blink": _blink,
}
