"""Labelled sequences from whatever there is: collections as distributed, tables, measured ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np

from au_detect.datasets.affwild2 import is_affwild2, read_affwild2
from au_detect.datasets.bp4d import is_bp4d, read_bp4d
from au_detect.datasets.ckplus import EMOTIONS, is_ckplus, read_ckplus
from au_detect.datasets.collection import Collection
from au_detect.datasets.disfa import is_disfa, is_disfa_plus, read_disfa, read_disfa_plus
from au_detect.datasets.feafa import is_feafa, read_feafa
from au_detect.datasets.measured_frames import CacheFolder, Progress
from au_detect.datasets.measuring import measure_collection
from au_detect.datasets.micro_expressions import is_micro_expressions, read_micro_expressions
from au_detect.datasets.mmi import is_mmi, read_mmi
from au_detect.datasets.sequence_table import TABLE_NAME, read_sequence_table
from au_detect.datasets.sequences import LabelledSequences
from au_detect.datasets.single_pictures import (
    is_emotionet,
    is_raf_au,
    read_emotionet,
    read_raf_au,
)
from au_detect.datasets.unbc import is_unbc, read_unbc
from au_detect.errors import InputError
from au_detect.landmarks.models import LandmarkModel

TABLE_ENDINGS = (".csv", ".tsv")


READERS: tuple[tuple[str, Callable[[Path], bool], Callable[..., Collection]], ...] = (
    ("BP4D", is_bp4d, read_bp4d),
    ("DISFA", is_disfa, read_disfa),
    ("UNBC-McMaster", is_unbc, read_unbc),
    ("DISFA+", is_disfa_plus, read_disfa_plus),
    ("MMI", is_mmi, read_mmi),
    ("Aff-Wild2", is_affwild2, read_affwild2),
    ("RAF-AU", is_raf_au, read_raf_au),
    ("CASME II or SAMM", is_micro_expressions, read_micro_expressions),
    ("EmotioNet", is_emotionet, read_emotionet),
    ("FEAFA", is_feafa, read_feafa),
)
"""Name, how it is recognised, and what reads it, in the order in which they are tried."""
FRAME_BY_FRAME = frozenset(
    (read_bp4d, read_disfa, read_unbc, read_disfa_plus, read_mmi, read_affwild2, read_feafa)
)
"""Readers of collections that were coded frame by frame."""


def read_collection(
    path: str | PathLike[str], *, video_frames: str = "sampled", camera: str = "left"
) -> Collection:
    """Read a collection of labelled sequences, without measuring it.

    Parameters
    ----------
    path : path
        A folder as `READERS` know it or in the layout of CK+ (see `au_detect.datasets.ckplus`), a
        table (see `au_detect.datasets.sequence_table`), or a folder with a table called
        ``sequences.csv``.
    video_frames : {"sampled", "all"}
        Which frames of videos that were coded frame by frame become rows: see
        `au_detect.datasets.coded_frames`.
    camera : {"left", "right"}
        Of DISFA.

    Raises
    ------
    InputError
        If it is none of these.
    """
    place = Path(path)
    if place.suffix.lower() in TABLE_ENDINGS and not place.is_dir():
        return replace(read_sequence_table(place), kind="table")
    if not place.is_dir():
        got = "another file" if place.exists() else "nothing of that name"
        raise InputError(
            f"{path} must be a folder in the layout of CK+, a table ({', '.join(TABLE_ENDINGS)}) "
            f"or measured sequences (.npz), got {got}"
        )
    if (place / TABLE_NAME).is_file():
        return replace(read_sequence_table(place / TABLE_NAME), kind="table")
    if is_ckplus(place):
        return replace(read_ckplus(place), kind="CK+")
    for kind, is_there, read in READERS:
        if is_there(place):
            options: dict[str, str] = {"camera": camera} if read is read_disfa else {}
            if read in FRAME_BY_FRAME:
                options["video_frames"] = video_frames
            return replace(read(place, **options), kind=kind)
    return read_ckplus(place)  # which says what is missing


def load_labelled_sequences(
    path: str | PathLike[str],
    *,
    landmarks: str = "dlib",
    frames: str = "apex",
    cache: CacheFolder = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
    landmark_model: str | PathLike[str] | LandmarkModel | None = None,
    video_frames: str = "sampled",
    camera: str = "left",
) -> tuple[LabelledSequences, Collection | None]:
    """Return measured sequences with labels, whatever the source.

    Parameters
    ----------
    path : path
        See `read_collection`; or an ``.npz`` file of sequences that are measured already, such as
        ``au-detect simulate`` writes: the other arguments then have no effect.
    landmarks, frames, cache, n_jobs, progress, landmark_model
        See `au_detect.datasets.measuring.measure_collection`.
    video_frames, camera
        See `read_collection`.

    Returns
    -------
    sequences : LabelledSequences
    collection : Collection or None
        What was read, with its problems; None for an ``.npz`` file.

    Raises
    ------
    InputError
        If the source cannot be read, or nothing in it can be measured.
    """
    if Path(path).suffix.lower() == ".npz":
        return _with_emotion(LabelledSequences.load(path)), None
    return measure_collection(
        read_collection(path, video_frames=video_frames, camera=camera),
        landmarks=landmarks,
        frames=frames,
        cache=cache,
        n_jobs=n_jobs,
        progress=progress,
        landmark_model=landmark_model,
    )


def _with_emotion(sequences: LabelledSequences) -> LabelledSequences:
    """Add the attribute `emotion` to simulated sequences whose display is one."""
    display = sequences.attributes.get("display")
    if display is not None and "emotion" not in sequences.attributes:
        is_emotion = np.isin(display.astype(str), list(EMOTIONS.values()))
        sequences.attributes["emotion"] = np.where(is_emotion, display.astype(str), "")
    return sequences
