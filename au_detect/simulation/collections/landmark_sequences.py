"""Draw simulated people and what they do: neutral and apex faces with action-unit labels.

Everything random about a sequence is drawn here, once, as `People`: who the person is, how the
face rests, which action units are on and how strongly, how the head is held and where the
camera stands. `simulate_landmarks` turns it into landmarks; the renderer turns it into pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.sequences import LabelledSequences
from au_detect.facs import NETWORK_AUS
from au_detect.landmarks.points import REGIONS, interocular_distance_px
from au_detect.landmarks.pose import rotation_matrix
from au_detect.simulation.camera import HEAD_TO_CAMERA
from au_detect.simulation.collections.landmark_error import LandmarkErrorModel
from au_detect.simulation.face.actions import (
    AU_COLUMN,
    Display,
    draw_displays,
    draw_strengths,
    expression_weights,
)
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

POSE_SD_DEG = (4.0, 6.0, 4.0)
SMALL_TURN_SD_DEG = (2.5, 3.0, 2.0)
WIDE_TURN_SD_DEG = (9.0, 14.0, 6.0)
WIDE_TURN_SHARE = 0.3
OPEN_MOUTH_SHARE = 0.06
SEQUENCES_PER_PERSON = 6
IOD_PX = 100.0


@dataclass(frozen=True)
class People:
    """Random sequences of a neutral and an apex face each; n sequences.

    Parameters
    ----------
    subject : ndarray of int, shape (n,)
        Who it is; every person shows several sequences.
    identity : ndarray, shape (n, n_identity)
        Coefficients of the identity modes.
    neutral_weights, apex_weights : ndarray, shape (n, n_shapes)
        Weights of the expression shapes.
    strengths : ndarray, shape (n, n_aus, 2)
        0 to 5, on the subject's right and left, in the order of `facs.NETWORK_AUS`.
    intensity : ndarray, shape (n, n_aus)
        What a FACS coder could say of it: the stronger side, NaN where another AU hides it.
    display : list of str
        Which display each is.
    neutral_angles, apex_angles : ndarray, shape (n, 3)
        Head pose in radians, as in `au_detect.landmarks.pose`.
    distance_cm : ndarray, shape (n,)
        From the camera to the head.
    """

    subject: NDArray[np.int64]
    identity: Array
    neutral_weights: Array
    apex_weights: Array
    strengths: NDArray[np.float32]
    intensity: NDArray[np.float32]
    display: list[str]
    neutral_angles: Array
    apex_angles: Array
    distance_cm: Array

    def __len__(self) -> int:
        return len(self.subject)


def draw_people(
    model: FaceModel,
    n: int,
    rng: np.random.Generator,
    *,
    displays: Sequence[Display] | None = None,
    per_person: int = SEQUENCES_PER_PERSON,
    wide_turns: float = WIDE_TURN_SHARE,
) -> People:
    """Draw `n` sequences of random people.

    Parameters
    ----------
    model : FaceModel
    n : int
        Number of sequences.
    rng : numpy.random.Generator
    displays : sequence of Display, optional
        What the n sequences show; by default random displays.
    per_person : int
        How many sequences every person shows.
    wide_turns : float
        Share of the sequences in which the head turns widely between neutral and apex.
    """
    subject = np.arange(n) // per_person
    n_people = int(subject[-1]) + 1
    names = model.expression_names
    identity = rng.normal(0, 0.9, (n_people, len(model.identity)))
    rest = _draw_rest(rng, names, n_people)
    rest[:, names.index("mouthClose")] = _closing(model, identity, rest, rng)
    shown = draw_displays(rng, n) if displays is None else list(displays)
    strengths = draw_strengths(rng, shown)
    lips_closed = _close_lips(strengths)
    amplitude = rng.lognormal(0, 0.25, (n, len(names)))
    moved = expression_weights(strengths, names) * amplitude
    moved[:, names.index("mouthClose")] += moved[:, names.index("jawOpen")] * lips_closed
    neutral_angles = np.radians(rng.normal(0, POSE_SD_DEG, (n, 3)))
    wide = rng.random((n, 1)) < wide_turns
    turn = rng.normal(0, np.where(wide, WIDE_TURN_SD_DEG, SMALL_TURN_SD_DEG))
    neutral_weights = rest[subject] + _draw_unrest(rng, names, n)
    apex_weights = rest[subject] + _draw_unrest(rng, names, n) + moved
    lip_gap = _lip_gap(model, identity[subject], apex_weights)
    rest_gap = _lip_gap(model, identity[subject], neutral_weights)
    return People(
        subject=subject,
        identity=identity[subject],
        neutral_weights=neutral_weights,
        apex_weights=apex_weights,
        strengths=strengths,
        intensity=coded_intensity(strengths, lip_gap, lip_gap - rest_gap),
        display=[display.name for display in shown],
        neutral_angles=neutral_angles,
        apex_angles=neutral_angles + np.radians(turn),
        distance_cm=rng.uniform(45.0, 160.0, n_people)[subject],
    )


def _draw_rest(rng: np.random.Generator, names: tuple[str, ...], n: int) -> Array:
    spread = np.array(
        [REST_SD.get(name.removesuffix("_L").removesuffix("_R"), 0) for name in names]
    )
    rest = _correlate_sides(rng.normal(0, 1, (n, len(names))) * spread, names, 0.85)
    one_way = np.array([name.startswith(ONE_WAY) for name in names])
    return np.where(one_way, np.clip(rest, 0, None), rest)


def _draw_unrest(rng: np.random.Generator, names: tuple[str, ...], n: int) -> Array:
    unrest = UNREST * _draw_rest(rng, names, n)
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


def _correlate_sides(weights: Array, names: tuple[str, ...], share: float) -> Array:
    """Make left and right weights agree up to a rest, keeping their spread."""
    mixed = weights.copy()
    for column, name in enumerate(names):
        if name.endswith("_L"):
            right = names.index(name[:-2] + "_R")
            mixed[:, right] = share * weights[:, column] + (1 - share**2) ** 0.5 * weights[:, right]
    return mixed


def _close_lips(strengths: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Choose dropped jaws whose lips stay closed, and part the lips of the others in place."""
    jaw = strengths[:, [AU_COLUMN[26], AU_COLUMN[27]]].max(axis=(1, 2))
    part = strengths[:, AU_COLUMN[25]]
    closed = (strengths[:, AU_COLUMN[26]].max(axis=1) > 0) & (part.max(axis=1) == 0)
    sucked = strengths[:, AU_COLUMN[28]].max(axis=1) > 0
    opened = (jaw > 0) & ~closed & ~sucked
    part[opened] = np.maximum(part[opened], jaw[opened, None])
    return closed


HIDES: dict[int, tuple[int, ...]] = {
    6: (7,), 7: (6,), 9: (4, 10), 17: (24,), 18: (22,), 22: (18,), 23: (24,), 24: (23,),
    26: (27,), 27: (26,), 28: (23, 24, 25, 26), 43: (5, 7),
}  # fmt: skip
"""AU -> AUs that cannot be told to be off beside it. AU9 brings brow and upper lip along, closed
eyes hide what lids do, and neighbouring actions of one muscle shade into each other."""

CLEARLY_CLOSED = 3.0
"""Difference of strength between the eyes from which AU43 is a wink (AU46), which is not AU43."""
LIPS_TOUCH_IOD, LIPS_PART_IOD = 0.012, 0.03
LIPS_APART = 3.0
"""FACS intensity of AU25 that lips without AU25 get when another action parts them."""


def coded_intensity(
    strengths: NDArray[np.float32], lip_gap: Array, lip_gap_change: Array
) -> NDArray[np.float32]:
    """Return FACS intensities (n, n_aus), 0 to 5, as a coder would see them.

    Parameters
    ----------
    strengths : ndarray, shape (n, n_aus, 2)
        What the muscles do. The stronger side counts.
    lip_gap, lip_gap_change : ndarray, shape (n,)
        Gap between the lips at the apex, and how much wider than at rest it is, in IOD: AU25 is
        scored whenever lips part, whichever action parts them.

    Returns
    -------
    ndarray of float32
        NaN where an AU is off but another one hides it (`HIDES`), where lips are barely apart,
        and for AU43 where one eye winks.
    """
    intensity = strengths.max(axis=2)
    coded = intensity.copy()
    for au, hidden in HIDES.items():
        on = intensity[:, AU_COLUMN[au]] > 0
        for other in hidden:
            off = intensity[:, AU_COLUMN[other]] == 0
            coded[on & off, AU_COLUMN[other]] = np.nan
    closed = strengths[:, AU_COLUMN[43]]
    winks = closed.max(axis=1) - closed.min(axis=1) > CLEARLY_CLOSED
    coded[winks, AU_COLUMN[43]] = np.nan
    part = coded[:, AU_COLUMN[25]]
    apart = (lip_gap > LIPS_PART_IOD) & (lip_gap_change > LIPS_PART_IOD)
    touching = lip_gap_change < LIPS_TOUCH_IOD
    coded[:, AU_COLUMN[25]] = np.select(
        [apart, touching & (lip_gap < LIPS_PART_IOD)],
        [np.fmax(part, LIPS_APART), 0.0],
        default=np.nan,
    )
    return coded


def _closing(model: FaceModel, identity: Array, rest: Array, rng: np.random.Generator) -> Array:
    """Return the weight of ``mouthClose`` that brings the lips of resting faces together.

    Some random faces would rest with their mouth open; of real people few do.
    """
    gap = _lip_gap(model, identity, rest)
    closed = np.zeros_like(rest)
    closed[:, model.expression_names.index("mouthClose")] = 0.1
    per_weight = (gap - _lip_gap(model, identity, rest + closed)) / 0.1
    keeps_open = rng.random(len(gap)) < OPEN_MOUTH_SHARE
    surplus = np.clip(gap - rng.uniform(-0.01, 0.01, len(gap)), 0, None)
    return np.where(keeps_open, 0.0, surplus / per_weight)


def _lip_gap(model: FaceModel, identity: Array, weights: Array) -> Array:
    """Return the mean gap between the lips of faces turned to the camera, in IOD."""
    shapes = model.landmarks(identity, weights)[..., :2]
    inner = REGIONS["inner_lip"].start
    upper, lower = [inner + 1, inner + 2, inner + 3], [inner + 7, inner + 6, inner + 5]
    gap = (shapes[:, upper, 1] - shapes[:, lower, 1]).mean(axis=1)
    return gap / interocular_distance_px(shapes)


def simulate_landmarks(
    model: FaceModel, n: int, *, random_state: int = 0, error: LandmarkErrorModel | None = None
) -> LabelledSequences:
    """Simulate `n` sequences in landmark space alone: no pictures, no furrows.

    Parameters
    ----------
    model : FaceModel
        The morphable face.
    n : int
        Number of sequences; every person shows six.
    random_state : int
        The same value gives the same sequences.
    error : LandmarkErrorModel, optional
        How a landmark predictor distorts what it sees; None gives the true landmarks.
    """
    rng = np.random.default_rng(random_state)
    people = draw_people(model, n, rng)
    neutral = _projected(model, people, people.neutral_weights, people.neutral_angles)
    apex = _projected(model, people, people.apex_weights, people.apex_angles)
    if error is not None:
        neutral, apex = error.distort(neutral, apex, rng)
    return LabelledSequences(
        neutral_points=neutral.astype(np.float32),
        points=apex.astype(np.float32),
        neutral_furrows=None,
        furrows=None,
        aus=NETWORK_AUS,
        intensity=people.intensity,
        subject=people.subject,
        landmark_model=error.landmark_model if error else "true",
        source={"face_model_sha256": model.source_sha256, "random_state": random_state, "n": n},
    )


def _projected(model: FaceModel, people: People, weights: Array, angles: Array) -> Array:
    """Return landmarks (n, 68, 2) seen by a pinhole camera, 100 px between the eyes."""
    points = model.landmarks(people.identity, weights) * HEAD_TO_CAMERA
    moved = points @ np.swapaxes(rotation_matrix(angles), 1, 2)
    depth = moved[..., 2] + people.distance_cm[:, None]
    seen = moved[..., :2] / depth[..., None]
    scale = IOD_PX / interocular_distance_px(seen)
    return seen * scale[:, None, None]
