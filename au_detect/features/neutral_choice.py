"""What a caller may ask for as the neutral face: a word, a frame number, a picture or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from typing import Any

import numpy as np

from au_detect.errors import InputError, NoFaceError
from au_detect.features.measurement import FaceMeasurements
from au_detect.features.neutral import (
    LONG_VIDEO_S,
    NeutralFace,
    mean_neutral,
    measure_neutral,
    neutral_from_rows,
)
from au_detect.landmarks import N_LANDMARKS
from au_detect.landmarks.tracking import FaceTracker

WORDS = ("auto", "first", "median")


def is_word(neutral: Any, *words: str) -> bool:
    """Say whether `neutral` is one of `words`, by default any word that is no file name."""
    return isinstance(neutral, str) and neutral in (words or WORDS)


def is_landmarks(neutral: Any) -> bool:
    """Say whether `neutral` is an array of landmarks, not a picture."""
    return isinstance(neutral, np.ndarray) and neutral.shape == (N_LANDMARKS, 2)


def in_words(neutral: Any) -> Any:
    """Return the choice as JSON can hold it."""
    if neutral is None or isinstance(neutral, (str, int)):
        return neutral
    if isinstance(neutral, np.integer):
        return int(neutral)
    if isinstance(neutral, PathLike):
        return str(neutral)
    return type(neutral).__name__


def given_neutral(neutral: Any, tracker: FaceTracker) -> NeutralFace | None:
    """Return the neutral face that does not depend on the sequence, or None.

    Raises
    ------
    NoFaceError
        If it is a picture without a face.
    InputError
        If it is a bool, a picture for several faces, or cannot be read.
    """
    if neutral is None:
        return mean_neutral()
    if isinstance(neutral, bool):
        raise InputError(f"neutral must not be a bool, got {neutral!r}")
    if isinstance(neutral, (int, np.integer)) or is_word(neutral):
        return None
    is_face = isinstance(neutral, NeutralFace)
    if is_face and not neutral.personal:
        return neutral
    if tracker.max_faces > 1:
        raise InputError(
            f"a neutral picture serves one face only: max_faces must be 1, got {tracker.max_faces}"
        )
    return neutral if is_face else measure_neutral(neutral, tracker)


def usual_neutral(kind: str, rows: FaceMeasurements) -> NeutralFace | str:
    """Return what "auto" stands for with this kind of input; see `FrameStream.kind`."""
    if kind == "picture" or rows.frame[0] == rows.frame[-1]:  # one frame has no own neutral
        return mean_neutral()
    is_long = rows.timestamp_s[-1] - rows.timestamp_s[0] > LONG_VIDEO_S
    return "median" if kind in ("video", "camera") and is_long else "first"


def neutral_of_faces(
    rows: FaceMeasurements,
    choice: NeutralFace | str | int,
    known: Mapping[int, NeutralFace],
    name: str,
) -> dict[int, NeutralFace]:
    """Return the neutral of every face, by number.

    Parameters
    ----------
    rows : FaceMeasurements
        Of all faces.
    choice : NeutralFace, "first", "median" or int
        For the faces that are not `known`: see `neutral_from_rows`.
    known : mapping of int to NeutralFace
        Kept as they are.
    name : str
        Of the input, for messages.

    Raises
    ------
    NoFaceError
        If `choice` is a frame that does not show the face.
    """
    faces = rows.faces()
    if not faces and isinstance(choice, (int, np.integer)):
        raise NoFaceError(
            f"neutral frame {choice} must show the face, but no frame of {name} shows one"
        )
    new = {
        face_id: choice
        if isinstance(choice, NeutralFace)
        else neutral_from_rows(rows.rows(mine), choice)
        for face_id, mine in faces.items()
        if face_id not in known
    }
    return dict(known) | new
