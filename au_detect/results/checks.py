"""What the fields of an `AUResult` must be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.classifiers.intensity import LEVELS
from au_detect.errors import InputError, check_option, check_shape
from au_detect.facs import ACTION_UNITS
from au_detect.features.columns import Columns, check_columns, filled
from au_detect.features.halves import reliable_aus
from au_detect.landmarks import N_LANDMARKS


def result_columns(n_aus: int) -> Columns:
    """Return the arrays of an `AUResult` that have a row for each of its rows."""
    return {
        "probabilities": (np.float32, (n_aus,)),
        "left": (np.float32, (n_aus,)),
        "right": (np.float32, (n_aus,)),
        "frame": (np.int64, ()),
        "timestamp_s": (np.float64, ()),
        "face_id": (np.int64, ()),
        "face_found": (np.bool_, ()),
        "confidence": (np.float32, ()),
        "points": (np.float32, (N_LANDMARKS, 2)),
        "pose": (np.float32, (3,)),
        "reliable": (np.bool_, ()),
        "upper_reliable": (np.bool_, ()),
        "lower_reliable": (np.bool_, ()),
        "translation": (np.float32, (3,)),
        "gaze": (np.float32, (2,)),
    }


PER_ROW = tuple(result_columns(0))
BY_AU = ("probabilities", "left", "right")
HALVES = ("upper_reliable", "lower_reliable")
_OPTIONAL = {"translation": (3,), "gaze": (2,)}


def checked_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an `AUResult` in their types, arrays read-only.

    Parameters
    ----------
    given : mapping of str to object
        All fields, by name.

    Raises
    ------
    InputError
        If one is not as `AUResult` says.
    """
    if not isinstance(given["input"], str):
        raise InputError(f"input must be a str, got {type(given['input']).__name__}")
    fields: dict[str, Any] = {
        "aus": checked_aus(given["aus"]),
        "neutral": checked_neutral(given["neutral"]),
        "settings": json_copy(given["settings"]),
    }
    n_rows, n_aus = np.size(given["face_found"]), len(fields["aus"])
    if n_rows == 0:
        raise InputError("a result must have at least one row, got 0")
    columns = result_columns(n_aus)
    halves = {name: given[name] for name in HALVES if given[name] is not None}
    given = {**given, **dict.fromkeys(HALVES, given["face_found"]), **halves}
    given = {**given, **filled(given, _OPTIONAL, n_rows)}
    fields |= {name: checked_array(name, given[name], of) for name, (of, _) in columns.items()}
    check_columns(fields, columns, n_rows)
    fields["thresholds"] = checked_array("thresholds", given["thresholds"], np.float64)
    check_shape("thresholds", fields["thresholds"], (n_aus,))
    fields["intensity_scale"] = checked_scale(given["intensity_scale"], n_aus)
    check_order(fields["frame"], fields["face_id"])
    check_missing(fields)
    check_ranges(fields)
    evidence = given["evidence"]
    if evidence is not None and len(evidence.furrows) != n_rows:
        raise InputError(f"evidence must have {n_rows} rows, got {len(evidence.furrows)}")
    return fields


def checked_aus(aus: Iterable[int]) -> tuple[int, ...]:
    """Return `aus` as a tuple, or raise unless they are known FACS numbers, ascending."""
    numbers = tuple(aus)
    for number in numbers:
        check_option("each of aus", number, ACTION_UNITS)
    if not numbers or list(numbers) != sorted(set(numbers)):
        raise InputError(f"aus must be ascending FACS numbers without repeats, got {numbers}")
    return tuple(int(number) for number in numbers)


def checked_array(name: str, values: ArrayLike, dtype: type) -> NDArray[Any]:
    """Return `values` as `dtype`, read-only, unless that would change their meaning.

    It is a copy where somebody could still write to `values`.
    """
    try:
        array = np.asarray(values)
    except ValueError as error:  # rows of different lengths
        raise InputError(f"{name} must be an array, got {error}") from error
    wanted = np.dtype(dtype)
    allowed = {"f": "fiu", "i": "iu", "b": "b"}[wanted.kind]
    if array.dtype.kind not in allowed:
        raise InputError(f"{name} must be of type {wanted}, got {array.dtype}")
    if array.dtype != wanted or _can_change(array):
        array = array.astype(wanted)
        array.flags.writeable = False
    return array


def _can_change(array: NDArray[Any]) -> bool:
    """Return whether the array or what it is a view of can be written to."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return True
        owner = owner.base
    return owner is not None


def check_order(frame: NDArray[np.int64], face_id: NDArray[np.int64]) -> None:
    """Raise unless rows are ordered by `frame`, then `face_id`, both from 0."""
    for name, numbers in (("frame", frame), ("face_id", face_id)):
        if numbers.min() < 0:
            raise InputError(f"{name} must count from 0, got {numbers.min()}")
    step = np.diff(frame)
    ordered = (step > 0) | ((step == 0) & (np.diff(face_id) > 0))
    if not ordered.all():
        row = int(np.flatnonzero(~ordered)[0]) + 1
        raise InputError(
            "rows must be ordered by frame, then face_id, without repeats, "
            f"got frame {frame[row]}, face {face_id[row]} in row {row}"
        )


def check_missing(columns: Mapping[str, Any]) -> None:
    """Raise unless NaN stands in all numbers of the rows without a face, and nowhere else.

    Points (and pose) may be NaN in all rows: then they were not kept. Probabilities and sides are
    NaN, too, for the AUs of a half of the face that cannot be trusted.
    """
    no_face = ~columns["face_found"]
    seen = reliable_aus(columns["aus"], *(columns[half] for half in HALVES))
    for name in (*BY_AU, "points", "pose"):
        missing = np.isnan(columns[name]).reshape(len(no_face), -1)
        if name in BY_AU:
            missing = missing & (seen | no_face[:, None])
        if name in ("points", "pose") and missing.all():
            continue
        wrong = np.where(no_face, ~missing.all(axis=1), missing.any(axis=1))
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            got = "a number" if no_face[row] else "NaN"
            where = "without" if no_face[row] else "with"
            raise InputError(
                f"{name} must be NaN exactly where no face was found, "
                f"got {got} in row {row}, which is {where} a face"
            )
    for name in _OPTIONAL:
        if np.isfinite(columns[name][no_face]).any():
            row = int(np.flatnonzero(no_face & np.isfinite(columns[name]).any(axis=1))[0])
            raise InputError(
                f"{name} must be NaN where no face was found, got a number in row {row}"
            )
    for name in ("confidence", "reliable", *HALVES):
        if columns[name][no_face].any():
            row = int(np.flatnonzero(no_face & (columns[name] != 0))[0])
            raise InputError(
                f"{name} must be {0 if name == 'confidence' else False} where no face was found, "
                f"got {columns[name][row]} in row {row}"
            )
    for name in BY_AU:
        wrong = (np.isnan(columns[name]) == seen).any(axis=1)
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            upper, lower = (columns[half][row] for half in HALVES)
            raise InputError(
                f"{name} must be NaN exactly for the AUs of halves of the face that are not "
                f"reliable, got {columns[name][row]} in row {row}, upper_reliable {upper}, "
                f"lower_reliable {lower}"
            )


def check_ranges(columns: Mapping[str, NDArray[Any]]) -> None:
    """Raise unless every number is in its range."""
    for name in (*BY_AU, "confidence"):
        values = columns[name]
        outside = (values < 0) | (values > 1)
        if outside.any():
            raise InputError(f"{name} must be in [0, 1], got {values[outside][0]}")
    thresholds = columns["thresholds"]
    inside = (thresholds > 0) & (thresholds < 1)
    if not inside.all():
        raise InputError(f"thresholds must be in (0, 1), got {thresholds[~inside][0]}")
    for name in ("points", "pose", *_OPTIONAL):
        if np.isinf(columns[name]).any():
            raise InputError(f"{name} must be finite or NaN, got infinity")
    for name in ("timestamp_s", "confidence"):
        values = columns[name]
        if not np.isfinite(values).all():
            raise InputError(f"{name} must be finite, got {values[~np.isfinite(values)][0]}")


def checked_scale(scale: ArrayLike | None, n_aus: int) -> NDArray[np.float64] | None:
    """Return what makes intensities of probabilities, or raise unless it is as in `AUResult`."""
    if scale is None:
        return None
    steps = checked_array("intensity_scale", scale, np.float64)
    check_shape("intensity_scale", steps, (n_aus, len(LEVELS), 2))
    if not np.isfinite(steps).all() or (steps[..., 0] < 0).any():
        raise InputError("intensity_scale must be finite, its slopes at least 0")
    return steps


def checked_neutral(neutral: Mapping[int, str]) -> dict[int, str]:
    """Return a copy of `neutral`, or raise unless it maps face numbers to texts."""
    if not isinstance(neutral, Mapping):
        raise InputError(f"neutral must map int to str, got {neutral!r}")
    for face_id, text in neutral.items():
        if not isinstance(face_id, (int, np.integer)) or not isinstance(text, str):
            raise InputError(f"neutral must map int to str, got {{{face_id!r}: {text!r}}}")
    return {int(face_id): text for face_id, text in neutral.items()}


def json_copy(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return `settings` as JSON would give them back: a copy, tuples as lists."""
    if not isinstance(settings, Mapping):
        raise InputError(f"settings must be a dict, got {type(settings).__name__}")
    try:
        return json.loads(json.dumps(settings, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"settings must be possible to write as JSON, got {error}") from error
