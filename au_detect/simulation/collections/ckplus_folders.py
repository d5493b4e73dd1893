"""Rendered sequences on disk, in the folders and with the label files of CK+."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path

import cv2
import numpy as np

from au_detect.datasets.ckplus import EMOTION_LABELS, EMOTIONS, FACS_LABELS, IMAGES, LANDMARKS
from au_detect.facs import NETWORK_AUS
from au_detect.simulation.collections.landmark_sequences import (
    SEQUENCES_PER_PERSON,
    People,
    draw_people,
)
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.displays import PROTOTYPES, Display, draw_displays
from au_detect.simulation.face.model import read_face_model
from au_detect.simulation.materials.folders import Materials
from au_detect.simulation.parallel import Progress, in_parallel
from au_detect.simulation.rendering.renderer import Rendering

_EMOTION_NUMBERS = {name: number for number, name in EMOTIONS.items()}


def write_collection(
    face_model: str | PathLike[str],
    out: str | PathLike[str],
    n: int | None = None,
    *,
    prototypes: bool = False,
    n_frames: int = 10,
    size_px: int = 320,
    random_state: int = 0,
    materials: Materials | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> int:
    """Render sequences from neutral to apex and write them as CK+ is distributed.

    Parameters
    ----------
    face_model : path
        See `read_face_model`.
    out : path
        Folder; made if need be.
    n : int, optional
        Number of sequences; ignored with `prototypes`.
    prototypes : bool
        Write one person for each basic emotion, shown clearly, instead of random displays.
    n_frames : int
        Pictures of each sequence.
    size_px : int
        Height and width of the pictures.
    random_state : int
        The same value gives the same pictures, whatever `n_jobs` is.
    materials : Materials, optional
        Photographed skins and light probes, see `read_materials`; none by default.
    n_jobs : int
        Processes.
    progress : callable, optional
        ``progress(parts, n_parts)`` returns the parts, for example in a progress bar.

    Returns
    -------
    int
        How many sequences were written.
    """
    rng = np.random.default_rng([random_state, 2])
    displays = list(PROTOTYPES.values()) if prototypes else draw_displays(rng, n or 0)
    per_person = 1 if prototypes else SEQUENCES_PER_PERSON
    calls = [
        (
            str(face_model),
            str(out),
            displays,
            start,
            per_person,
            n_frames,
            size_px,
            random_state,
            materials,
        )
        for start in range(0, len(displays), per_person)
    ]
    return sum(in_parallel(_write_person, calls, n_jobs=n_jobs, progress=progress))


def _write_person(
    face_model: str,
    out: str,
    displays: Sequence[Display],
    start: int,
    per_person: int,
    n_frames: int,
    size_px: int,
    random_state: int,
    materials: Materials | None,
) -> int:
    cv2.setNumThreads(1)
    model = read_face_model(face_model)
    rng = np.random.default_rng(random_state)
    people = draw_people(
        model, len(displays), rng, displays=displays, per_person=per_person, wide_turns=0.0
    )
    renderer = SequenceRenderer(model, people, random_state, size_px, materials)
    rows = range(start, min(start + per_person, len(displays)))
    for row in rows:
        subject, number = f"S{int(people.subject[row]) + 1:03d}", f"{row - start + 1:03d}"
        pictures = renderer.render_sequence(row, n_frames)
        _write_sequence(Path(out), subject, number, pictures, people, row)
    return len(rows)


def _write_sequence(
    out: Path, subject: str, number: str, pictures: Iterable[Rendering], people: People, row: int
) -> None:
    place = Path(subject) / number
    for folder in (IMAGES, LANDMARKS, FACS_LABELS):
        (out / folder / place).mkdir(parents=True, exist_ok=True)
    stem = ""
    for frame, picture in enumerate(pictures, start=1):
        stem = f"{subject}_{number}_{frame:08d}"
        cv2.imwrite(
            str(out / IMAGES / place / f"{stem}.png"),
            picture.image,
            [cv2.IMWRITE_PNG_COMPRESSION, 9],
        )
        np.savetxt(out / LANDMARKS / place / f"{stem}_landmarks.txt", picture.landmarks, "%.3f")
    coded = {
        au: round(float(intensity))
        for au, intensity in zip(NETWORK_AUS, people.intensity[row], strict=True)
        if intensity >= 1
    }
    facs = "".join(f"{au:e} {intensity:e}\n" for au, intensity in coded.items())
    (out / FACS_LABELS / place / f"{stem}_facs.txt").write_text(facs)
    emotion = _EMOTION_NUMBERS.get(people.display[row])
    if emotion is not None:
        (out / EMOTION_LABELS / place).mkdir(parents=True, exist_ok=True)
        (out / EMOTION_LABELS / place / f"{stem}_emotion.txt").write_text(f"{emotion:e}\n")
