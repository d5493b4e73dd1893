"""Labelled sequences from whatever there is: CK+'s folders, a table, or measured sequences."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

import numpy as np

from au_detect.datasets.ckplus import EMOTIONS, read_ckplus
from au_detect.datasets.collection import Collection
from au_detect.datasets.measured_frames import CacheFolder, Progress
from au_detect.datasets.measuring import measure_collection
from au_detect.datasets.sequence_table import TABLE_NAME, read_sequence_table
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.landmarks.models import LandmarkModel

TABLE_ENDINGS = (".csv", ".tsv")


def read_collection(path: str | PathLike[str]) -> Collection:
    """Read a collection of labelled sequences, without measuring it.

    Parameters
    ----------
    path : path
        A folder in the layout of CK+ (see `au_detect.datasets.ckplus`), a table (see
        `au_detect.datasets.sequence_table`), or a folder with a table called ``sequences.csv``.

    Raises
    ------
    InputError
        If it is none of these.
    """
    place = Path(path)
    if place.suffix.lower() in TABLE_ENDINGS and not place.is_dir():
        return read_sequence_table(place)
    if not place.is_dir():
        got = "another file" if place.exists() else "nothing of that name"
        raise InputError(
            f"{path} must be a folder in the layout of CK+, a table ({', '.join(TABLE_ENDINGS)}) "
            f"or measured sequences (.npz), got {got}"
        )
    if (place / TABLE_NAME).is_file():
        return read_sequence_table(place / TABLE_NAME)
    return read_ckplus(place)


def load_labelled_sequences(
    path: str | PathLike[str],
    *,
    landmarks: str = "dlib",
    frames: str = "apex",
    cache: CacheFolder = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
    landmark_model: str | PathLike[str] | LandmarkModel | None = None,
) -> tuple[LabelledSequences, Collection | None]:
    """Return measured sequences with labels, whatever the source.

    Parameters
    ----------
    path : path
        See `read_collection`; or an ``.npz`` file of sequences that are measured already, such as
        ``au-detect simulate`` writes: the other arguments then have no effect.
    landmarks, frames, cache, n_jobs, progress, landmark_model
        See `au_detect.datasets.measuring.measure_collection`.

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
        read_collection(path),
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
