"""What a caller may ask for as the neutral face: a word, a frame number, a picture or nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from os import PathLike
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, NoFaceError
from au_detect.features.measurement import FaceMeasurements
from au_detect.features.neutral import (
    NeutralFace,
    mean_neutral,
    measure_neutral,
    neutral_from_rows,
)
from au_detect.landmarks import N_LANDMARKS
from au_detect.landmarks.tracking import FaceTracker

WORDS = ("auto", "first", "median")

Neutral = str | int | PathLike[str] | NDArray[Any] | NeutralFace | None
"""One of `WORDS`, a frame number, a picture (path or array), a `NeutralFace`, or none."""


def is_word(neutral: Any, *words: str) -> bool:
    """Say whether `neutral` is one of `words`, by default any word that is no file name."""
    return isinstance(neutral, str) and neutral in (words or WORDS)


def is_landmarks(neutral: Any) -> TypeGuard[NDArray[Any]]:
    """Say whether `neutral` is an array of landmarks, not a picture."""
    return isinstance(neutral, np.ndarray) and neutral.shape == (N_LANDMARKS, 2)


def check_neutral_frame(neutral: Any, n_frames: int, name: str, *, slack: int = 0) -> None:
    """Raise if the neutral is the number of a frame that an input does not have.

    Parameters
    ----------
    neutral
        Any choice.
    n_frames : int
        That the input has.
    name : str
        Of the input.
    slack : int
        So many more frames it may have.

    Raises
    ------
    NoFaceError
        If so.
    """
    is_number = isinstance(neutral, (int, np.integer)) and not isinstance(neutral, bool)
    if is_number and not 0 <= neutral < n_frames + slack:
        raise NoFaceError(
            f"neutral must be a frame of {name}, 0 to {n_frames - 1}, got {int(neutral)}"
        )


def check_neutral_of_pictures(neutral: Any) -> None:
    """Raise unless the neutral fits pictures that have nothing to do with each other.

    Raises
    ------
    InputError
        If it is a frame of theirs.
    """
    if isinstance(neutral, (int, np.integer)) or is_word(neutral, "first", "median"):
        raise InputError(
            f"neutral of independent pictures must be another picture or None, got {neutral!r}"
        )


def check_neutral_of_stream(neutral: Any) -> None:
    """Raise unless the neutral fits frames that are still to come.

    Raises
    ------
    InputError
        If only a finished sequence has it.
    """
    if isinstance(neutral, (int, np.integer)) or is_word(neutral, "median"):
        raise InputError(
            f'neutral of a stream must be "auto", "first", None or a picture, got {neutral!r}'
        )


def in_words(neutral: Any) -> Any:
    """Return the choice as JSON can hold it."""
    if neutral is None or isinstance(neutral, (str, int)):
        return neutral
    if isinstance(neutral, np.integer):
        return int(neutral)
    if isinstance(neutral, Mapping):
        return {str(face): in_words(choice) for face, choice in neutral.items()}
    if isinstance(neutral, PathLike):
        return str(neutral)
    return type(neutral).__name__


def given_neutral(neutral: Neutral, tracker: FaceTracker) -> NeutralFace | None:
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
    _check_is_no_misspelt_word(neutral)
    if isinstance(neutral, NeutralFace) and not neutral.personal:
        return neutral
    if tracker.max_faces > 1:
        raise InputError(
            f"a neutral picture serves one face only: max_faces must be 1, got {tracker.max_faces}"
        )
    return neutral if isinstance(neutral, NeutralFace) else measure_neutral(neutral, tracker)


def _check_is_no_misspelt_word(neutral: Any) -> None:
    """Raise if a text is no file, and looks more like a word than like a path."""
    if isinstance(neutral, str) and neutral.isalpha() and not os.path.lexists(neutral):
        close = get_close_matches(neutral.lower(), [*WORDS, "none", "person"], 1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise InputError(
            'neutral must be "auto", "first", "median", a frame number, a picture or None, got '
            f"{neutral!r}, and there is no such file{hint}"
        )


def is_single_frame(kind: str, rows: FaceMeasurements) -> bool:
    """Say whether an input has no neutral of its own; see `FrameStream.kind`."""
    return kind == "picture" or bool(rows.frame[0] == rows.frame[-1])


def owners_of_neutral(
    choice: NeutralFace | str | int, rows: FaceMeasurements, tracker: FaceTracker | None
) -> list[int] | None:
    """Return who a neutral belongs to where there are other people too, else None.

    Parameters
    ----------
    choice : NeutralFace, str or int
        A neutral face that was given belongs to who looks most like it (to who is seen longest
        where its picture is not known); a frame's to the people in it.
    rows : FaceMeasurements
        Of all faces.
    tracker : FaceTracker, optional
        That followed them.
    """
    faces = rows.faces()
    if len(faces) < 2:
        return None
    if isinstance(choice, NeutralFace) and choice.personal:
        known = tracker is not None and choice.portrait is not None
        likest = tracker.most_like(choice.portrait) if known else None  # type: ignore
        longest = max(faces, key=lambda face: len(faces[face]))
        return [longest if likest is None else likest]
    if isinstance(choice, (int, np.integer)):
        there = rows.face_id[(rows.frame == choice) & rows.face_found]
        return there.tolist() or None
    return None


def chosen_by_face(neutral: Any, rows: FaceMeasurements) -> dict[int, NeutralFace]:
    """Return the neutrals of the faces that a mapping gives one; of anything else none.

    Parameters
    ----------
    neutral
        Any choice, or a mapping of face numbers to "first", "median" or a frame number.
    rows : FaceMeasurements
        Of all faces.

    Raises
    ------
    InputError
        If a mapping names no face, one that is not there, or something else for it.
    NoFaceError
        If a frame does not show its face.
    """
    if not isinstance(neutral, Mapping):
        return {}
    faces = rows.faces()
    if not neutral or not faces.keys() >= neutral.keys():
        known, named = (", ".join(map(str, sorted(some))) or "none" for some in (faces, neutral))
        raise InputError(f"neutral must be given for some of the faces {known}, got {named}")
    return {
        face: neutral_from_rows(rows.rows(faces[face]), choice) for face, choice in neutral.items()
    }


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


def neutral_found(neutral: Mapping[int, NeutralFace]) -> dict[str, Any]:
    """Return the setting ``neutral_found``: where in the sequence each face's neutral was found.

    For each face the ``frames``; where they were found to be at rest, ``quality`` and ``doubt``
    too, and the frames of its ``others``. Empty where pictures or nothing are compared with.
    """
    found = {
        str(face_id): _found(face)
        for face_id, face in sorted(neutral.items())
        if face.frames or face.quality is not None
    }
    return {"neutral_found": found} if found else {}


def _found(neutral: NeutralFace) -> dict[str, Any]:
    found: dict[str, Any] = {"frames": list(neutral.frames)}
    if neutral.quality is not None:
        found |= {"quality": neutral.quality, "doubt": neutral.doubt}
    if neutral.others:
        found["others"] = {other.description: list(other.frames) for other in neutral.others}
    return found
