"""Errors of the package, and the checks that raise them.

Every message names the argument, what was expected and what came, for example
``points must have shape (n_frames, 68, 2), got (68, 2)``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from numbers import Real
from typing import Any

import numpy as np


class AUDetectError(Exception):
    """Base class of every error that the package raises on purpose."""


class InputError(AUDetectError, ValueError):
    """An argument, picture, video or table is not what was expected."""


class TooLargeError(InputError):
    """A picture or file is larger than is read: see `au_detect.frames.limits`."""


class NoFaceError(InputError):
    """A picture that must show a face (the neutral) shows none."""


class ModelFileError(AUDetectError):
    """A model folder is missing, damaged, or made for another version of the features."""


def check_shape(name: str, array: np.ndarray, shape: Sequence[int | str]) -> None:
    """Raise unless `array` has `shape`; names in `shape` stand for any length.

    Raises
    ------
    InputError
        If the number of axes or a fixed length differs.
    """
    fits = array.ndim == len(shape) and all(
        isinstance(expected, str) or expected == got
        for expected, got in zip(shape, array.shape, strict=True)
    )
    if not fits:
        listed = ", ".join(str(length) for length in shape)
        expected_text = f"({listed},)" if len(shape) == 1 else f"({listed})"
        raise InputError(f"{name} must have shape {expected_text}, got {array.shape}")


def check_option(name: str, value: Any, options: Collection[Any]) -> None:
    """Raise unless `value` is one of `options`.

    Raises
    ------
    InputError
        If it is not; the message lists the options.
    """
    if value not in options:
        listed = ", ".join(repr(option) for option in options)
        raise InputError(f"{name} must be one of {listed}, got {value!r}")


def check_positive(name: str, value: Any) -> None:
    """Raise unless `value` is a finite number above 0.

    Raises
    ------
    InputError
        If it is not.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < math.inf:
        raise InputError(f"{name} must be a positive number, got {value!r}")
