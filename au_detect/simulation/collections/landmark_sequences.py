"""Draw simulated people and what they do: neutral and apex faces with action-unit labels.

Everything random about a sequence is drawn here, once, as `People`: who the person is, how the
face rests, which action units are on and how strongly, how the head is held and where the
camera stands. `simulate_landmarks` turns it into landmarks; the renderer turns it into pictures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.ckplus import EMOTIONS
from au_detect.datasets.sequences import LabelledSequences
from au_detect.facs import NETWORK_AUS
from au_detect.landmarks.points import interocular_distance_px
from au_detect.landmarks.pose import rotation_matrix
from au_detect.simulation.camera import HEAD_TO_CAMERA
from au_detect.simulation.collections.landmark_error import LandmarkErrorModel
from au_detect.simulation.face.actions import AU_COLUMN, expression_weights
from au_detect.simulation.face.coding import coded_intensity
from au_detect.simulation.face.displays import Display, draw_displays, draw_strengths
from au_detect.simulation.face.model import FaceModel
from au_detect.simulation.face.passing import draw_passing, resemblance
from au_detect.simulation.face.rest import (
    correlate_sides,
    draw_rest,
    draw_unrest,
    lip_closing,
    lip_gap,
    rest_closing,
)

Array = NDArray[np.float64]

POSE_SD_DEG = (4.0, 6.0, 4.0)
SMALL_TURN_SD_DEG = (2.5, 3.0, 2.0)
WIDE_TURN_SD_DEG = (10.0, 17.0, 7.0)
WIDE_TURN_SHARE = 0.35
OFF_AXIS_SHARE, OFF_AXIS_SD_DEG = 0.15, (11.0, 9.0, 0.0)
"""People filmed from below, from above or from the side all the time, and how far."""
NOD_SD_DEG = 4.0
LIPS_MEET_IOD = 0.005
"""Gap of lips that a movement closes; those that rest closer stay as close."""
SIZE_SPREAD, SIDES_ALIKE = 0.25, 0.95
"""How much the size of one movement differs between displays of equal strength (log), and how
much that of the left agrees with that of the right."""
FROWN_NEARS, FROWN_SINKS = (0.3, 1.3), (-0.25, 0.35)
"""Parts of ``browDown`` that a frown shows, and how far inner brows sink besides (``browInnerUp``
taken away, in parts of it): three muscles pull AU4 in every mixture (FACS: corrugator, depressor
supercilii, procerus), so that brows near each other, sink, or both."""
LEAST_ASIDE = 0.5
"""How far a mouth is drawn aside at the least, in parts of `Display.aside`."""
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
    stratum : list of str
        What kind of face each is: "expression", "rest", or what it does beside an expression,
        "speech", "laughter", "chewing", "mouth aside", "gaze" or "blink".
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
    stratum: list[str]
    neutral_angles: Array
    apex_angles: Array
    distance_cm: Array

    def __len__(self) -> int:
        return len(self.subject)

    def attributes(self) -> dict[str, NDArray[Any]]:
        """Return what tables of sequences tell of each row beside its labels.

        ``display`` is the stratum, ``emotion`` the basic emotion that is displayed or "",
        ``strengths`` says what left and right do, and ``neutral_angles`` and ``angles`` how the
        head is held.
        """
        names = np.array(self.display)
        return {
            "display": np.array(self.stratum),
            "emotion": np.where(np.isin(names, list(EMOTIONS.values())), names, ""),
            "strengths": self.strengths,
            "neutral_angles": self.neutral_angles,
            "angles": self.apex_angles,
        }


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
        Share of the sequences in which the head turns widely between neutral and apex. At 0
        everybody faces the camera and holds still, as in a laboratory.
    """
    subject = np.arange(n) // per_person
    n_people = int(subject[-1]) + 1
    names = model.expression_names
    identity = rng.normal(0, 0.9, (n_people, len(model.identity)))
    rest = draw_rest(rng, names, n_people)
    rest[:, names.index("mouthClose")] = rest_closing(model, identity, rest, rng)
    identity, rest = identity[subject], rest[subject]
    shown = draw_displays(rng, n) if displays is None else list(displays)
    strengths = draw_strengths(rng, shown)
    moved = _draw_movement(rng, names, strengths, shown)
    passing, together = draw_passing(rng, [display.manner for display in shown], names)
    neutral_weights = rest + draw_unrest(rng, names, n)
    apex_weights = rest + draw_unrest(rng, names, n) + moved + passing
    rest_gap = lip_gap(model, identity, neutral_weights)
    closing = lip_closing(model, identity, apex_weights, np.clip(rest_gap, None, LIPS_MEET_IOD))
    apex_weights[:, names.index("mouthClose")] += closing * together
    gap = lip_gap(model, identity, apex_weights)
    jaw = names.index("jawOpen")
    passing[:, jaw] += moved[:, jaw] * (passing[:, jaw] > 0)  # one jaw, whatever drops it
    neutral_angles, apex_angles = _draw_angles(rng, subject, shown, wide_turns)
    return People(
        subject=subject,
        identity=identity,
        neutral_weights=neutral_weights,
        apex_weights=apex_weights,
        strengths=strengths,
        intensity=coded_intensity(strengths, gap, gap - rest_gap, resemblance(passing, names)),
        display=[display.name for display in shown],
        stratum=[display.stratum for display in shown],
        neutral_angles=neutral_angles,
        apex_angles=apex_angles,
        distance_cm=rng.uniform(45.0, 160.0, n_people)[subject],
    )


def other_people(subjects: Sequence[NDArray[np.int64]]) -> list[NDArray[np.int64]]:
    """Return who the rows of several drawings show, counted on: nobody is in two of them."""
    first = np.cumsum([0, *(int(subject.max()) + 1 for subject in subjects)])
    return [subject + start for subject, start in zip(subjects, first[:-1], strict=True)]


def _draw_movement(
    rng: np.random.Generator,
    names: tuple[str, ...],
    strengths: NDArray[np.float32],
    shown: Sequence[Display],
) -> Array:
    """Draw how far the shapes move for actions of these strengths, in which lips part in place."""
    lips_closed = _close_lips(strengths)
    size = correlate_sides(rng.normal(0, 1, (len(strengths), len(names))), names, SIDES_ALIKE)
    moved = expression_weights(strengths, names) * np.exp(SIZE_SPREAD * size)
    _vary(moved, rng.spawn(1)[0], names, strengths, shown)  # what is drawn next stays as it was
    moved[:, names.index("mouthClose")] += moved[:, names.index("jawOpen")] * lips_closed
    return moved


def _vary(
    moved: Array,
    rng: np.random.Generator,
    names: tuple[str, ...],
    strengths: NDArray[np.float32],
    shown: Sequence[Display],
) -> None:
    """Let frowns near and sink brows in other mixtures, and draw mouths aside, in place."""
    nears, sinks, aside = (
        rng.uniform(*limits, len(moved))
        for limits in (FROWN_NEARS, FROWN_SINKS, (LEAST_ASIDE, 1.0))
    )
    for side in "RL":
        down, inner = (names.index(f"{shape}_{side}") for shape in ("browDown", "browInnerUp"))
        moved[:, inner] -= sinks * moved[:, down]
        moved[:, down] *= nears
    aside *= [display.aside for display in shown]
    right, left = strengths.sum(axis=1).T
    moved[:, names.index("mouthRight")] += aside * (right > left)
    moved[:, names.index("mouthLeft")] += aside * (left > right)


def _draw_angles(
    rng: np.random.Generator, subject: NDArray[np.int64], shown: list[Display], wide_turns: float
) -> tuple[Array, Array]:
    """Draw how the head is held in the neutral and in the apex picture, radians, (n, 3) each."""
    n, n_people = len(subject), int(subject[-1]) + 1
    is_free = wide_turns > 0
    off_axis = rng.random((n_people, 1)) < OFF_AXIS_SHARE * is_free
    camera = rng.normal(0, OFF_AXIS_SD_DEG, (n_people, 3)) * off_axis
    neutral = rng.normal(0, POSE_SD_DEG, (n, 3)) + camera[subject]
    wide = rng.random((n, 1)) < wide_turns
    turn = rng.normal(0, np.where(wide, WIDE_TURN_SD_DEG, SMALL_TURN_SD_DEG))
    nod = np.array([display.nod_deg for display in shown])
    turn[:, 0] += is_free * (nod != 0) * rng.normal(nod, NOD_SD_DEG)
    return np.radians(neutral), np.radians(neutral + turn)


def _close_lips(strengths: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Choose dropped jaws whose lips stay closed, and part the lips of the others in place."""
    jaw = strengths[:, [AU_COLUMN[26], AU_COLUMN[27]]].max(axis=(1, 2))
    part = strengths[:, AU_COLUMN[25]]
    closed = (strengths[:, AU_COLUMN[26]].max(axis=1) > 0) & (part.max(axis=1) == 0)
    sucked = strengths[:, AU_COLUMN[28]].max(axis=1) > 0
    opened = (jaw > 0) & ~closed & ~sucked
    part[opened] = np.maximum(part[opened], jaw[opened, None])
    return closed


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
        attributes=people.attributes(),
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
