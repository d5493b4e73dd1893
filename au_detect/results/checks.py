"""The checks that an `AUResult` makes of its fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, check_option
from au_detect.facs import ACTION_UNITS
from au_detect.landmarks import N_LANDMARKS

if TYPE_CHECKING:
    from au_detect.results.result import AUResult


def array_columns(n_rows: int, n_aus: int) -> dict[str, tuple[type, tuple[int, ...]]]:
    """Return type and shape of every array in an `AUResult`."""
    return {
        "probabilities": (np.float32, (n_rows, n_aus)),
        "side": (np.float32, (n_rows, n_aus)),
        "thresholds": (np.float64, (n_aus,)),
        "frame": (np.int64, (n_rows,)),
        "timestamp_s": (np.float64, (n_rows,)),
        "face_id": (np.int64, (n_rows,)),
        "face_found": (np.bool_, (n_rows,)),
        "confidence": (np.float32, (n_rows,)),
        "points": (np.float32, (n_rows, N_LANDMARKS, 2)),
        "pose": (np.float32, (n_rows, 3)),
        "reliable": (np.bool_, (n_rows,)),
    }


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


def check_missing(result: AUResult) -> None:
    """Raise unless NaN stands in all numbers of the rows without a face, and nowhere else.

    Points (and pose) may be NaN in all rows: then they were not kept.
    """
    no_face = ~result.face_found
    for name in ("probabilities", "side", "points", "pose"):
        missing = np.isnan(getattr(result, name)).reshape(len(result), -1)
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
    for name in ("confidence", "reliable"):
        if getattr(result, name)[no_face].any():
            row = int(np.flatnonzero(no_face & (getattr(result, name) != 0))[0])
            raise InputError(
                f"{name} must be {'False' if name == 'reliable' else 0} where no face was found, "
                f"got {getattr(result, name)[row]} in row {row}"
            )


def check_ranges(result: AUResult) -> None:
    """Raise unless every number is in its range."""
    limits = {"probabilities": (0, 1), "side": (-1, 1), "confidence": (0, 1)}
    for name, (low, high) in limits.items():
        values = getattr(result, name)
        outside = (values < low) | (values > high)
        if outside.any():
            raise InputError(f"{name} must be in [{low}, {high}], got {values[outside][0]}")
    inside = (result.thresholds > 0) & (result.thresholds < 1)
    if not inside.all():
        raise InputError(f"thresholds must be in (0, 1), got {result.thresholds[~inside][0]}")
    for name in ("points", "pose"):
        if np.isinf(getattr(result, name)).any():
            raise InputError(f"{name} must be finite or NaN, got infinity")
    for name in ("timestamp_s", "confidence"):
        values = getattr(result, name)
        if not np.isfinite(values).all():
            raise InputError(f"{name} must be finite, got {values[~np.isfinite(values)][0]}")


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
    try:
        return json.loads(json.dumps(settings, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InputError(f"settings must be possible to write as JSON, got {error}") from error
