"""Faces at rest: how they differ between people, and how they wander between two pictures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.points import REGIONS, interocular_distance_px
from au_detect.simulation.face.model import FaceModel

Array = NDArray[np.float64]

REST_SD: dict[str, float] = {
    "browDown": 0.25, "browInnerUp": 0.25, "browOuterUp": 0.2, "eyeSquint": 0.2, "eyeWide": 0.2,
    "eyeBlink": 0.06, "mouthFrown": 0.15, "mouthSmile": 0.08, "mouthPress": 0.2,
    "mouthShrugLower": 0.15, "mouthShrugUpper": 0.15, "mouthRollLower": 0.12,
    "mouthRollUpper": 0.12, "noseSneer": 0.06, "mouthUpperUp": 0.08, "mouthLowerDown": 0.06,
    "cheekRaiser": 0.15, "jawForward": 0.3, "mouthPucker": 0.08,
}  # fmt: skip
"""Spread of the weights of shapes in a resting face: people differ, and no face is a blank."""

ONE_WAY = (
    "mouthPress", "mouthRollLower", "mouthRollUpper", "mouthUpperUp", "mouthLowerDown",
    "mouthPucker", "noseSneer", "cheekRaiser",
)  # fmt: skip
"""Shapes that make no sense backwards: lips would part or pass through each other."""

UNREST = 0.22
"""How far a face at rest wanders between two pictures, as a part of `REST_SD`."""

OPEN_MOUTH_SHARE = 0.06
"""Part of all people who rest with their lips apart."""


def draw_rest(rng: np.random.Generator, names: tuple[str, ...], n: int) -> Array:
    """Draw how `n` people rest: weights (n, n_shapes) of the shapes `names`."""
    spread = np.array(
        [REST_SD.get(name.removesuffix("_L").removesuffix("_R"), 0) for name in names]
    )
    rest = correlate_sides(rng.normal(0, 1, (n, len(names))) * spread, names, 0.85)
    one_way = np.array([name.startswith(ONE_WAY) for name in names])
    return np.where(one_way, np.clip(rest, 0, None), rest)


def draw_unrest(rng: np.random.Generator, names: tuple[str, ...], n: int) -> Array:
    """Draw how faces stray from their rest in one picture, gaze among it: (n, n_shapes)."""
    unrest = UNREST * draw_rest(rng, names, n)
    horizontal, vertical = rng.normal(0, (0.25, 0.2), (n, 2)).T
    gaze = {
        "eyeLookOut_L": horizontal, "eyeLookIn_R": horizontal,
        "eyeLookIn_L": -horizontal, "eyeLookOut_R": -horizontal,
        "eyeLookUp_L": vertical, "eyeLookUp_R": vertical,
        "eyeLookDown_L": -vertical, "eyeLookDown_R": -vertical,
    }  # fmt: skip
    for name, weight in gaze.items():
        unrest[:, names.index(name)] += np.clip(weight, 0, None)
    return unrest


def correlate_sides(weights: Array, names: tuple[str, ...], share: float) -> Array:
    """Make left and right weights correlate by `share`, keeping their spread."""
    mixed = weights.copy()
    for column, name in enumerate(names):
        if name.endswith("_L"):
            right = names.index(name[:-2] + "_R")
            mixed[:, right] = share * weights[:, column] + (1 - share**2) ** 0.5 * weights[:, right]
    return mixed


def rest_closing(model: FaceModel, identity: Array, rest: Array, rng: np.random.Generator) -> Array:
    """Return the weight of ``mouthClose`` that brings the lips of resting faces together, (n,).

    Some random faces would rest with their mouth open; of real people few do.
    """
    keeps_open = rng.random(len(rest)) < OPEN_MOUTH_SHARE
    closing = lip_closing(model, identity, rest, rng.uniform(-0.01, 0.01, len(rest)))
    return np.where(keeps_open, 0.0, closing)


def lip_closing(model: FaceModel, identity: Array, weights: Array, gap_iod: Array) -> Array:
    """Return the weight of ``mouthClose`` that narrows the gap of lips to `gap_iod`, (n,).

    It is 0 where lips are closer already. Arguments are those of `lip_gap`.
    """
    gap = lip_gap(model, identity, weights)
    closed = np.zeros_like(weights)
    closed[:, model.expression_names.index("mouthClose")] = 0.1
    per_weight = (gap - lip_gap(model, identity, weights + closed)) / 0.1
    return np.asarray(np.clip(gap - gap_iod, 0, None) / per_weight, dtype=float)


def lip_gap(model: FaceModel, identity: Array, weights: Array) -> Array:
    """Return the mean gap between the lips of faces turned to the camera, in IOD."""
    shapes = model.landmarks(identity, weights)[..., :2]
    inner = REGIONS["inner_lip"].start
    upper, lower = [inner + 1, inner + 2, inner + 3], [inner + 7, inner + 6, inner + 5]
    gap = (shapes[:, upper, 1] - shapes[:, lower, 1]).mean(axis=1)
    return gap / interocular_distance_px(shapes)
