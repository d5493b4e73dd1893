"""The labelled-sequence table that training and evaluation use, whatever its source.

One row is one pair of a face and its neutral (or one face alone): its features, the
intensity of every coded action unit, and whose face it is. Simulation, CK+ and private
collections all end in this type.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.errors import InputError, check_option, check_shape
from au_detect.facs import ACTION_UNITS
from au_detect.features.columns import chosen_rows

FORMAT_VERSION = 1
MAX_INTENSITY = 5.0
PRESENT = float(np.nextafter(np.float32(1), np.float32(2)))
"""Intensity that stands for "present, intensity not coded" in tables: a value of its own.

`LabelledFeatures.labels` then takes such an AU as present at its default minimum intensity, A, and
as neither present nor absent at any higher one: exactly what is known about it. What learns or
measures intensities leaves it out, see `graded`.
"""
FAINT = ("ignore", "absent")
"""What becomes of AUs fainter than the least intensity that counts as present."""
_ARRAYS = ("upper", "lower", "intensity", "subject")


@dataclass(frozen=True)
class LabelledFeatures:
    """Features of faces with the action units that were coded for them.

    Attributes
    ----------
    upper, lower : ndarray, float32, shape (n, n_upper), (n, n_lower)
        Features of the two halves of the face; all finite.
    upper_names, lower_names : tuple of str
        Names of their columns.
    aus : tuple of int
        FACS numbers of the columns of `intensity`, each once.
    intensity : ndarray, float32, shape (n, n_aus)
        FACS intensity in [0, 5]: 0 absent, 1-5 for A-E; NaN = not coded, which the loss and
        every metric ignore.
    subject : ndarray of str or int, shape (n,)
        Whose face it is. Folds never share a subject.
    uses_neutral : bool
        Whether the features are changes against the person's own neutral face.
    uses_furrows : bool
        Whether furrow features are among them, after those of the landmarks.
    landmark_model : str
        Name of the landmark model that the features stand on, for example ``"open"``.
    source : dict
        Where the rows came from; must be JSON-able.

    Raises
    ------
    InputError
        If the shapes, names or values do not fit each other.
    """

    upper: NDArray[np.float32]
    lower: NDArray[np.float32]
    upper_names: tuple[str, ...]
    lower_names: tuple[str, ...]
    aus: tuple[int, ...]
    intensity: NDArray[np.float32]
    subject: NDArray[Any]
    uses_neutral: bool
    uses_furrows: bool
    landmark_model: str
    source: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("upper", "lower", "intensity"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=np.float32))
        for name in ("upper_names", "lower_names", "aus"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "subject", _as_subjects(self.subject))
        n_rows = len(self.upper)
        check_shape("upper", self.upper, (n_rows, len(self.upper_names)))
        check_shape("lower", self.lower, (n_rows, len(self.lower_names)))
        check_shape("intensity", self.intensity, (n_rows, len(self.aus)))
        check_shape("subject", self.subject, (n_rows,))
        _check_names("upper_names", self.upper_names)
        _check_names("lower_names", self.lower_names)
        _check_aus(self.aus)
        _check_finite("upper", self.upper)
        _check_finite("lower", self.lower)
        _check_intensity(self.intensity)

    def __len__(self) -> int:
        return len(self.upper)

    @property
    def n_subjects(self) -> int:
        """Number of different subjects."""
        return len(np.unique(self.subject))

    def labels(self, minimum_intensity: float = 1.0, faint: str = "ignore") -> NDArray[np.float32]:
        """Return what a classifier learns: 1 present, 0 absent, NaN ignored.

        An AU is present at `minimum_intensity` or above and absent at exactly 0. In between
        lie traces that coders themselves disagree about: `faint` says what they are.

        Parameters
        ----------
        minimum_intensity : float, optional
            In (0, 5]; the default, 1, is FACS intensity A.
        faint : {"ignore", "absent"}
            "ignore": neither present nor absent (NaN), like cells that were not coded.
            "absent": absent, as studies of DISFA count what is below 2.

        Returns
        -------
        ndarray, float32, shape (n, n_aus)

        Raises
        ------
        InputError
            If `minimum_intensity` is outside (0, 5], or `faint` is another word.
        """
        return labels_of_intensity(self.intensity, minimum_intensity, faint)

    def select(self, rows: ArrayLike) -> LabelledFeatures:
        """Return the table of `rows` (a mask or indices), in that order."""
        return replace(self, **chosen_rows(self, _ARRAYS, np.asarray(rows)))

    def save(self, path: str | Path) -> None:
        """Write the table to one ``.npz`` file, without pickles; an older file is replaced whole.

        Raises
        ------
        InputError
            If `source` is not JSON-able.
        """
        header = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in _ARRAYS}
        try:
            text = json.dumps({"format_version": FORMAT_VERSION} | header)
        except (TypeError, ValueError) as error:
            raise InputError(f"source must be JSON-able: {error}") from error
        content = io.BytesIO()
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        np.savez_compressed(content, allow_pickle=False, header=np.array(text), **arrays)
        partial = Path(f"{path}.part")
        partial.write_bytes(content.getbuffer())
        os.replace(partial, path)

    @classmethod
    def load(cls, path: str | Path) -> LabelledFeatures:
        """Read a table that `save` wrote.

        Raises
        ------
        InputError
            If `path` is missing, damaged, of another kind or of another format version.
        """
        try:
            with np.load(path, allow_pickle=False) as content:
                header = json.loads(str(content["header"]))
                arrays = {name: content[name] for name in _ARRAYS}
            version = header.pop("format_version")
        except (
            *(OSError, EOFError, KeyError, ValueError, TypeError, RecursionError),
            zipfile.BadZipFile,
        ) as error:
            raise InputError(
                f"{path} must be a table of labelled features (.npz): {error}"
            ) from error
        if version != FORMAT_VERSION:
            raise InputError(f"{path} must have format version {FORMAT_VERSION}, got {version}")
        try:
            return cls(**header, **arrays)
        except (TypeError, InputError) as error:
            raise InputError(f"{path}: {error}") from error


def labels_of_intensity(
    intensity: NDArray[np.float32], minimum_intensity: float, faint: str = "ignore"
) -> NDArray[np.float32]:
    """Return the labels of FACS intensities, in their shape; see `LabelledFeatures.labels`."""
    check_option("faint", faint, FAINT)
    if not 0 < minimum_intensity <= MAX_INTENSITY:
        raise InputError(f"minimum_intensity must be in (0, 5], got {minimum_intensity}")
    labels = np.full(intensity.shape, np.nan, dtype=np.float32)
    labels[intensity < minimum_intensity if faint == "absent" else intensity == 0] = 0
    labels[intensity >= minimum_intensity] = 1
    return labels


def graded(intensity: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return intensities with NaN where only presence was coded."""
    return np.where(intensity == PRESENT, np.nan, intensity).astype(np.float32)


def _as_subjects(subject: ArrayLike) -> NDArray[Any]:
    subjects = np.asarray(subject)
    if subjects.dtype.kind not in "iuU":  # objects and bytes would need a pickle
        subjects = subjects.astype(str)
    return subjects


def _check_names(argument: str, names: tuple[str, ...]) -> None:
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InputError(f"{argument} must be different from each other, got twice: {twice}")


def _check_aus(aus: tuple[int, ...]) -> None:
    unknown = [au for au in aus if au not in ACTION_UNITS]
    if unknown or len(set(aus)) != len(aus):
        raise InputError(f"aus must be known action units, each once, got {aus}")


def _check_finite(argument: str, values: NDArray[np.float32]) -> None:
    bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if len(bad):
        raise InputError(f"{argument} must be finite, got NaN or infinity in row {bad[0]}")


def _check_intensity(intensity: NDArray[np.float32]) -> None:
    outside = intensity[(intensity < 0) | (intensity > MAX_INTENSITY)]
    if len(outside):
        raise InputError(f"intensity must be in [0, 5] or NaN, got {outside[0]:g}")
