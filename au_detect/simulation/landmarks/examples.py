"""Crops of rendered faces whose landmarks are known.

They are upright, wider than what the tracker cuts and finer than what networks see: training cuts
what it needs out of them.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_shape
from au_detect.features.columns import chosen_rows, filled, not_measured
from au_detect.features.gaze import look_of
from au_detect.landmarks.crop import FaceCrop
from au_detect.landmarks.points import apply_affine
from au_detect.simulation.collections.landmark_sequences import People, draw_people, other_people
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.displays import STRONG, draw_displays
from au_detect.simulation.face.model import FaceModel, read_face_model
from au_detect.simulation.landmarks.points import N_POINTS
from au_detect.simulation.materials.folders import Materials
from au_detect.simulation.parallel import Progress, in_parallel
from au_detect.simulation.rendering.coverings import COVERED_FACES
from au_detect.simulation.rendering.renderer import Rendering

Part = dict[str, NDArray[Any]]
PER_PERSON = 2
WIDE_TURNS = 0.5
TURNED_SHARE = 0.35
"""Of the pictures whose head pose is drawn evenly within `LIMITS_DEG`."""
LIMITS_DEG = (22.0, 45.0, 20.0)
PICTURES_PER_JOB = 40
HELD_OUT_EVERY = 8
EXAMPLE_CROP = FaceCrop(box_px=126, side_px=224)
"""75 px between the outer eye corners, and a third of that more on every side than is looked at."""


_COLUMNS = ("crops", "points", "subject", "looks")


@dataclass(frozen=True)
class LandmarkExamples:
    """Crops of rendered faces with their true landmarks.

    Parameters
    ----------
    crops : ndarray of uint8, shape (n, side_px, side_px)
        As `EXAMPLE_CROP` cuts them.
    points : ndarray of float32, shape (n, n_points, 2)
        Landmarks and further points in the crops, px.
    subject : ndarray of int, shape (n,)
        Who it is.
    looks : ndarray of float32, shape (n, 2), optional
        How far the eyes are turned, right and down in the crops, see
        `au_detect.features.gaze.look_of`; NaN where not known.

    Raises
    ------
    InputError
        If shapes do not fit.
    """

    crops: NDArray[np.uint8]
    points: NDArray[np.float32]
    subject: NDArray[np.int64]
    looks: NDArray[np.float32] = field(default_factory=not_measured)

    def __post_init__(self) -> None:
        side = EXAMPLE_CROP.side_px
        check_shape("crops", self.crops, ("n", side, side))
        check_shape("points", self.points, (len(self.crops), N_POINTS, 2))
        check_shape("subject", self.subject, (len(self.crops),))
        for name, values in filled(vars(self), {"looks": (2,)}, len(self)).items():
            object.__setattr__(self, name, values)
        check_shape("looks", self.looks, (len(self), 2))

    def __len__(self) -> int:
        return len(self.crops)

    @property
    def is_kept_out(self) -> NDArray[np.bool_]:
        """Which are of the people who measure: every `HELD_OUT_EVERY`-th, from the second on."""
        return np.isin(self.subject, np.unique(self.subject)[1::HELD_OUT_EVERY])

    def take(self, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> LandmarkExamples:
        """Return some of the examples."""
        return replace(self, **chosen_rows(self, _COLUMNS, chosen))


def joined_people(*parts: LandmarkExamples) -> LandmarkExamples:
    """Return the examples of several renderings, of other people each."""
    people = other_people([part.subject for part in parts])
    return joined_examples(
        *(replace(part, subject=who) for part, who in zip(parts, people, strict=True))
    )


def joined_examples(*parts: LandmarkExamples) -> LandmarkExamples:
    """Return all the examples of the parts."""
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS}
    return LandmarkExamples(**columns)


def network_path(out: str | os.PathLike[str]) -> Path:
    """Return where a network is to be written, or raise InputError if it is no ``.tflite`` file."""
    path = Path(out)
    if path.suffix != ".tflite":
        raise InputError(f"out must be a .tflite file, got {str(path)!r}")
    return path


def draw_turned_people(model: FaceModel, n: int, random_state: int, strong: bool = False) -> People:
    """Draw `n` sequences of people who turn their heads, a third of them up to `LIMITS_DEG`.

    They show random displays, or those of `STRONG`.
    """
    rng = np.random.default_rng(random_state)
    displays = draw_displays(rng, n, STRONG) if strong else None
    people = draw_people(
        model, n, rng, displays=displays, per_person=PER_PERSON, wide_turns=WIDE_TURNS
    )

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
    strong: bool = False,
    materials: Materials | None = None,
    coverings: Mapping[str, float] | None = None,
    n_jobs: int = 1,
    folder: str | os.PathLike[str] | None = None,
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
    strong : bool
        Show strong actions (`STRONG`) in place of life's displays.
    materials : Materials, optional
        Photographed skins and light probes, see `read_materials`; none by default.
    coverings : mapping of str to float, optional
        What hides part of the face, and the share of the people who wear it; by default
        `COVERED_FACES` with materials, and nothing without.
    n_jobs : int
        Processes.
    folder : path, optional
        Keeps what is rendered: what is there already, of the same `n` and `random_state`, is not
        rendered again. Each face model, each set of materials and of coverings needs a folder of
        its own, and so do strong actions.
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
    kept = Path(folder) if folder is not None else None
    if coverings is None:
        coverings = COVERED_FACES if materials else {}
    calls = [
        (
            kept,
            str(face_model),
            n_sequences,
            random_state,
            strong,
            materials,
            coverings,
            start,
            min(start + per_job, n_sequences),
        )
        for start in range(0, n_sequences, per_job)
    ]
    parts = in_parallel(_kept_part, calls, n_jobs=n_jobs, progress=progress)
    examples = joined_examples(*(LandmarkExamples(**part) for part in parts))
    _renderer.cache_clear()
    return examples


def _kept_part(
    folder: Path | None,
    face_model: str,
    n: int,
    random_state: int,
    strong: bool,
    materials: Materials | None,
    coverings: Mapping[str, float],
    start: int,
    stop: int,
) -> Part:
    """Return a part that was rendered before, or render it and keep it."""
    if folder is None:
        return _render_part(face_model, n, random_state, strong, materials, coverings, start, stop)
    path = folder / f"{n}-{random_state}-{start}-{stop}.npz"
    try:
        with np.load(path, allow_pickle=False) as kept:
            part = {name: kept[name] for name in ("crops", "points", "subject")}
            part["looks"] = kept["looks"] if "looks" in kept else not_measured()
            return part | filled(part, {"looks": (2,)}, len(part["crops"]))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        part = _render_part(face_model, n, random_state, strong, materials, coverings, start, stop)
    folder.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(".part.npz")
    np.savez_compressed(written, **part)  # type: ignore[arg-type]
    written.replace(path)
    return part


def _render_part(
    face_model: str,
    n: int,
    random_state: int,
    strong: bool,
    materials: Materials | None,
    coverings: Mapping[str, float],
    start: int,
    stop: int,
) -> Part:
    cv2.setNumThreads(1)
    worn = tuple(coverings.items())
    renderer = _renderer(face_model, n, random_state, strong, materials, worn)
    crops, points, subject, looks = [], [], [], []
    for row in range(start, stop):
        for picture in renderer.render_pair(row):
            crop, found, look = cut_example(picture)
            crops.append(crop)
            points.append(found)
            looks.append(look)
            subject.append(renderer.people.subject[row])
    return {
        "crops": np.stack(crops),
        "points": np.stack(points).astype(np.float32),
        "subject": np.array(subject),
        "looks": np.stack(looks).astype(np.float32),
    }


@lru_cache(maxsize=1)
def _renderer(
    face_model: str,
    n: int,
    random_state: int,
    strong: bool,
    materials: Materials | None,
    coverings: tuple[tuple[str, float], ...],
) -> SequenceRenderer:
    """Return what renders everybody: made once in a process, not for every part."""
    model = read_face_model(face_model)
    people = draw_turned_people(model, n, random_state, strong)
    return SequenceRenderer(
        model, people, random_state, materials=materials, coverings=dict(coverings)
    )


def cut_example(
    picture: Rendering,
) -> tuple[NDArray[np.uint8], NDArray[np.float64], NDArray[np.float64]]:
    """Return the face's crop (side_px, side_px), its points (n_points, 2) and its look (2,)."""
    matrix = EXAMPLE_CROP.matrix(picture.landmarks.astype(float))
    points = np.concatenate([picture.landmarks, picture.further_points])
    look = matrix[:, :2] @ look_of(picture.direction, picture.rotation) / np.hypot(*matrix[0, :2])
    return EXAMPLE_CROP.cut(picture.image, matrix), apply_affine(matrix, points), look
