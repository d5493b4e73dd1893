"""Crops of rendered faces whose landmarks are known, as the tracker shows them to a predictor.

The crop (`FIT_CROP`) is upright, and off by what the last fit, or a detector's box, is off.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.columns import chosen_rows
from au_detect.errors import InputError, check_shape
from au_detect.landmarks.crop import FIT_CROP, compose
from au_detect.landmarks.points import N_LANDMARKS, apply_affine
from au_detect.simulation.collections.landmark_sequences import People, draw_people
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.model import FaceModel, read_face_model
from au_detect.simulation.materials.folders import Materials
from au_detect.simulation.parallel import Progress, in_parallel
from au_detect.simulation.rendering.coverings import COVERED_FACES

PER_PERSON = 2
WIDE_TURNS = 0.5
TURNED_SHARE = 0.35
"""Of the pictures whose head pose is drawn evenly within `LIMITS_DEG`."""
LIMITS_DEG = (22.0, 40.0, 20.0)
RELIT_SHARE = 0.5
"""Of the crops that are shown in another light and by another camera."""
PICTURES_PER_JOB = 40


@dataclass(frozen=True)
class Jitter:
    """How far crops are off: standard deviations of a similarity.

    Parameters
    ----------
    rotation_deg, scale, shift_iod : float
        `scale` is a share: 0.04 makes a face 4 % larger or smaller.
    """

    rotation_deg: float
    scale: float
    shift_iod: float

    def draw(self, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return a similarity (2, 3) of `FIT_CROP` about its middle."""
        scale = np.exp(rng.normal(0, self.scale))
        angle = np.radians(rng.normal(0, self.rotation_deg))
        cos, sin = scale * np.cos(angle), scale * np.sin(angle)
        linear = np.array([[cos, -sin], [sin, cos]])
        middle = np.full(2, (FIT_CROP.side_px - 1) / 2)
        shift = rng.normal(0, self.shift_iod, 2) * FIT_CROP.iod_px
        return np.column_stack([linear, middle - linear @ middle + shift])


SETTLED = Jitter(rotation_deg=1.5, scale=0.02, shift_iod=0.015)
"""What a crop that is laid on the last points of the same picture is off by."""
FOLLOWED = Jitter(rotation_deg=3.0, scale=0.04, shift_iod=0.03)
"""What a crop that is laid on the points of the last frame is off by."""
FOUND = Jitter(rotation_deg=10.0, scale=0.1, shift_iod=0.1)
"""What a detector's box is off by."""
NEUTRAL_JITTERS = (SETTLED, FOLLOWED)
APEX_JITTERS = (SETTLED, FOLLOWED, FOUND)


@dataclass(frozen=True)
class LandmarkExamples:
    """Crops of rendered faces with their true landmarks.

    Parameters
    ----------
    crops : ndarray of uint8, shape (n, side_px, side_px)
        As `FIT_CROP` cuts them.
    points : ndarray of float32, shape (n, 68, 2)
        Landmarks in the crops, px.
    subject : ndarray of int, shape (n,)
        Who it is.

    Raises
    ------
    InputError
        If shapes do not fit.
    """

    crops: NDArray[np.uint8]
    points: NDArray[np.float32]
    subject: NDArray[np.int64]

    def __post_init__(self) -> None:
        check_shape("crops", self.crops, ("n", FIT_CROP.side_px, FIT_CROP.side_px))
        check_shape("points", self.points, (len(self.crops), N_LANDMARKS, 2))
        check_shape("subject", self.subject, (len(self.crops),))

    def __len__(self) -> int:
        return len(self.crops)

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> LandmarkExamples:
        """Return some of the examples."""
        return replace(self, **chosen_rows(self, ("crops", "points", "subject"), chosen))


def draw_turned_people(model: FaceModel, n: int, random_state: int) -> People:
    """Draw `n` sequences of people who turn their heads, a third of them up to `LIMITS_DEG`."""
    rng = np.random.default_rng(random_state)
    people = draw_people(model, n, rng, per_person=PER_PERSON, wide_turns=WIDE_TURNS)

    def turned(angles: NDArray[np.float64]) -> NDArray[np.float64]:
        limits = np.radians(LIMITS_DEG)
        even = rng.uniform(-1, 1, (n, 3)) * limits
        drawn = np.where(rng.random((n, 1)) < TURNED_SHARE, even, angles)
        return np.clip(drawn, -limits, limits)

    return replace(
        people,
        neutral_angles=turned(people.neutral_angles),
        apex_angles=turned(people.apex_angles),
    )


def render_examples(
    face_model: str | os.PathLike[str],
    n: int,
    *,
    random_state: int = 0,
    materials: Materials | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> LandmarkExamples:
    """Render `n` pictures and cut crops of them.

    Parameters
    ----------
    face_model : path
        See `read_face_model`.
    n : int
        Number of pictures: one at rest and one acting of every sequence, two sequences of every
        person.
    random_state : int
        The same value gives the same examples, whatever `n_jobs` is.
    materials : Materials, optional
        Photographed skins and light probes, see `read_materials`; none by default.
    n_jobs : int
        Processes.
    progress : callable, optional
        ``progress(parts, n_parts)`` returns the parts, for example in a progress bar.

    Raises
    ------
    InputError
        If `n` is not an even number above 0, or `face_model` cannot be read.
    """
    if n < 2 or n % 2:
        raise InputError(f"n must be an even number above 0, got {n}")
    n_sequences, per_job = n // 2, PICTURES_PER_JOB // 2
    calls = [
        (
            str(face_model),
            n_sequences,
            random_state,
            materials,
            start,
            min(start + per_job, n_sequences),
        )
        for start in range(0, n_sequences, per_job)
    ]
    parts = in_parallel(_render_part, calls, n_jobs=n_jobs, progress=progress)
    return LandmarkExamples(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _render_part(
    face_model: str, n: int, random_state: int, materials: Materials | None, start: int, stop: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32], NDArray[np.int64]]:
    cv2.setNumThreads(1)
    model = read_face_model(face_model)
    people = draw_turned_people(model, n, random_state)
    renderer = SequenceRenderer(
        model, people, random_state, materials=materials,
        coverings=COVERED_FACES if materials else {},
    )  # fmt: skip
    crops, points, subject = [], [], []
    for row in range(start, stop):
        rng = np.random.default_rng([random_state, 3, row])
        pictures = renderer.render_pair(row)
        for picture, jitters in zip(pictures, (NEUTRAL_JITTERS, APEX_JITTERS), strict=True):
            for jitter in jitters:
                crop, found = cut_example(picture.image, picture.landmarks, jitter, rng)
                crops.append(relit(crop, rng) if rng.random() < RELIT_SHARE else crop)
                points.append(found)
                subject.append(people.subject[row])
    return np.stack(crops), np.stack(points).astype(np.float32), np.array(subject)


def cut_example(
    image: NDArray[np.uint8],
    landmarks: NDArray[np.floating],
    jitter: Jitter,
    rng: np.random.Generator,
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Return the face's crop, off by a random `jitter`, and the landmarks in it.

    Parameters
    ----------
    image : ndarray of uint8, shape (height, width)
    landmarks : ndarray, shape (68, 2)
        True landmarks in the picture, px.
    jitter : Jitter
    rng : numpy.random.Generator
    """
    matrix = compose(jitter.draw(rng), FIT_CROP.matrix(landmarks.astype(float)))
    return FIT_CROP.cut(image, matrix), apply_affine(matrix, landmarks)


def relit(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return the crop under another tone curve and a light that falls off across the face.

    Trees compare grey values: what decides must hold under every camera and lamp.
    """
    side = crop.shape[0]
    axis = np.linspace(-1, 1, side, dtype=np.float32)
    slope_x, slope_y = rng.normal(0, 0.25, 2).astype(np.float32)
    falloff = np.exp(slope_x * axis[None, :] + slope_y * axis[:, None])
    tone = (crop.astype(np.float32) / 255) * falloff * np.float32(np.exp(rng.normal(0, 0.15)))
    tone = np.clip(tone, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.3)))
    if rng.random() < 0.3:
        tone = cv2.GaussianBlur(tone, (0, 0), float(rng.uniform(0.5, 3.0)))
    noisy = tone * 255 + rng.normal(0, rng.uniform(0, 3), crop.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)
