"""The manifest of a model folder: what it holds, what its networks need, and how it was made."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import numpy as np

from au_detect.classifiers.intensity import LEVELS
from au_detect.errors import ModelFileError
from au_detect.facs import ACTION_UNITS, Face

FORMAT_VERSION = 1
MANIFEST_NAME = "manifest.json"

IntensityScale = tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True)
class NetworkKind:
    """What a network's features are made of.

    Attributes
    ----------
    uses_neutral : bool
        Whether they are changes against the person's own neutral face.
    uses_furrows : bool
        Whether furrow features are among them, after those of the landmarks.
    """

    uses_neutral: bool
    uses_furrows: bool


@dataclass(frozen=True)
class NetworkEntry:
    """One network of a model, as the manifest describes it.

    Attributes
    ----------
    name : str
        For example ``"upper_neutral"``.
    face : {"upper", "lower"}
        Whose features it takes.
    uses_neutral, uses_furrows : bool
        Its kind, see `NetworkKind`.
    files, sha256 : tuple of str
        ``.tflite`` files in the model folder, whose probabilities are averaged, and their sums.
    feature_names : tuple of str
        The input columns, in order: landmarks first, furrows last.
    inputs : tuple of int
        How many leading columns each file reads; by default all of them. Networks that know
        landmarks alone may so be averaged with those that see furrows too.
    aus : tuple of int
        FACS numbers of the output columns, in order.
    thresholds : tuple of float
        An AU is present where its probability is at least this; in (0, 1).
    metrics : dict of int to dict
        Per AU, what was measured on held-out subjects (``auc``, ``tpr``, ``fpr``,
        ``n_positive``, ...); None where undefined.
    experimental : tuple of int
        AUs that are not reliable enough to build on.
    intensity_scale : tuple, shape (n_aus, 5, 2), or ()
        From the log-odds of a probability to intensities, see `intensity.intensity_of`.
    """

    name: str
    face: Face
    uses_neutral: bool
    uses_furrows: bool
    files: tuple[str, ...]
    sha256: tuple[str, ...]
    feature_names: tuple[str, ...]
    aus: tuple[int, ...]
    thresholds: tuple[float, ...]
    metrics: dict[int, dict[str, float | None]] = field(default_factory=dict)
    experimental: tuple[int, ...] = ()
    inputs: tuple[int, ...] = ()
    intensity_scale: IntensityScale = ()

    def __post_init__(self) -> None:
        if self.face not in ("upper", "lower"):
            raise ModelFileError(f"{self.name}: face must be 'upper' or 'lower', got {self.face!r}")
        if not self.files or len(self.files) != len(self.sha256):
            raise ModelFileError(
                f"{self.name}: files and sha256 must be equally many and at least one, "
                f"got {len(self.files)} and {len(self.sha256)}"
            )
        for file in self.files:
            _check_file_name(self.name, file)
        if not self.inputs:
            object.__setattr__(self, "inputs", (len(self.feature_names),) * len(self.files))
        if len(self.inputs) != len(self.files) or max(self.inputs) > len(self.feature_names):
            raise ModelFileError(
                f"{self.name}: inputs must be {len(self.files)} numbers up to "
                f"{len(self.feature_names)}, got {list(self.inputs)}"
            )
        unknown = [au for au in self.aus if au not in ACTION_UNITS]
        if unknown or not self.aus or len(set(self.aus)) != len(self.aus):
            raise ModelFileError(
                f"{self.name}: aus must be known action units, each once, got {list(self.aus)}"
            )
        if len(self.thresholds) != len(self.aus) or not all(0 < t < 1 for t in self.thresholds):
            raise ModelFileError(
                f"{self.name}: thresholds must be {len(self.aus)} numbers in (0, 1), "
                f"got {list(self.thresholds)}"
            )

        if self.intensity_scale:
            _check_scale(self.name, self.intensity_scale, len(self.aus))

    @property
    def kind(self) -> NetworkKind:
        """What its features are made of."""
        return NetworkKind(uses_neutral=self.uses_neutral, uses_furrows=self.uses_furrows)


@dataclass(frozen=True)
class Manifest:
    """What a model folder holds, and how it was made.

    Attributes
    ----------
    landmark_model : str
        Name of the landmark model that the features stand on.
    networks : tuple of NetworkEntry
        At most one for each face and kind of features.
    training : dict
        Recipe and origin of the training data; JSON-able.
    pose_range_deg : tuple of float or None
        Largest absolute head rotation (Rx, Ry, Rz) of the training faces, degrees.
    au_detect_version : str
        Version of the package that wrote it.
    """

    landmark_model: str
    networks: tuple[NetworkEntry, ...]
    training: dict[str, Any] = field(default_factory=dict)
    pose_range_deg: tuple[float, float, float] | None = None
    au_detect_version: str = "unknown"
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        if self.format_version != FORMAT_VERSION:
            raise ModelFileError(
                f"format_version must be {FORMAT_VERSION}, got {self.format_version}"
            )
        if not self.networks:
            raise ModelFileError("networks must name at least one network, got none")
        names = [entry.name for entry in self.networks]
        if len(set(names)) != len(names):
            raise ModelFileError(f"networks must have different names, got {names}")
        places = [(entry.face, entry.kind) for entry in self.networks]
        if len(set(places)) != len(places):
            raise ModelFileError(
                f"networks must differ in face, uses_neutral or uses_furrows, got {places}"
            )
        for kind in {entry.kind for entry in self.networks}:
            aus = [au for entry in self.networks if entry.kind == kind for au in entry.aus]
            if len(set(aus)) != len(aus):
                raise ModelFileError(f"each AU must come from one network, got {sorted(aus)}")
        limits = self.pose_range_deg
        if limits is not None and not (len(limits) == 3 and all(angle > 0 for angle in limits)):
            raise ModelFileError(f"pose_range_deg must be three positive angles, got {limits}")
        try:  # as it will be read again: tuples become lists
            object.__setattr__(self, "training", json.loads(json.dumps(self.training)))
        except TypeError as error:
            raise ModelFileError(f"training must be JSON-able: {error}") from error


def sha256_of(content: bytes) -> str:
    """Return the SHA-256 sum of `content`, 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def manifest_text(manifest: Manifest) -> str:
    """Return the manifest as strict JSON, the content of ``manifest.json``.

    Raises
    ------
    ModelFileError
        If a number in it is NaN or infinite.
    """
    try:
        return json.dumps(manifest, default=vars, indent=1, allow_nan=False) + "\n"
    except ValueError as error:
        raise ModelFileError(f"a manifest must hold finite numbers: {error}") from error


def read_manifest(folder: str | Path) -> Manifest:
    """Read the manifest of a model folder, without opening its networks.

    Raises
    ------
    ModelFileError
        If it is missing, damaged, or of another format version.
    """
    path = Path(folder) / MANIFEST_NAME
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelFileError(f"{path} must be readable: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"{path} must be JSON: {error}") from error
    try:
        return _manifest_from_json(data)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise ModelFileError(f"{path} must be a manifest of a model: {error!r}") from error


def _check_file_name(network: str, file: Any) -> None:
    """Refuse what is not a plain file name, on any system, so that no path leaves the folder."""
    plain = (
        isinstance(file, str)
        and file not in ("", ".", "..")
        and PurePosixPath(file).name == file
        and PureWindowsPath(file).name == file
    )
    if not plain:
        raise ModelFileError(f"{network}: files must be plain file names, got {file!r}")


def _check_scale(network: str, scale: IntensityScale, n_aus: int) -> None:
    steps = np.asarray(scale, dtype=float)
    expected = (n_aus, len(LEVELS), 2)
    if steps.shape != expected or not np.isfinite(steps).all() or (steps[..., 0] < 0).any():
        raise ModelFileError(
            f"{network}: intensity_scale must be finite numbers of shape {expected}, slopes at "
            f"least 0, got shape {steps.shape}"
        )


def _manifest_from_json(data: Any) -> Manifest:
    if not isinstance(data, dict):
        raise ModelFileError(f"a manifest must be a JSON object, got {type(data).__name__}")
    if data.get("format_version") != FORMAT_VERSION:
        raise ModelFileError(
            f"format_version must be {FORMAT_VERSION}, got {data.get('format_version')!r}"
        )
    pose = data.get("pose_range_deg")
    values = data | {
        "networks": tuple(_entry_from_json(entry) for entry in data["networks"]),
        "pose_range_deg": None if pose is None else tuple(float(angle) for angle in pose),
    }
    return Manifest(**values)


def _entry_from_json(data: dict[str, Any]) -> NetworkEntry:
    metrics = {int(au): values for au, values in data.get("metrics", {}).items()}
    lists = ("files", "sha256", "feature_names", "aus", "thresholds", "experimental", "inputs")
    tuples = {name: tuple(data[name]) for name in lists if name in data}
    levels = data.get("intensity_scale", ())
    tuples["intensity_scale"] = tuple(tuple(map(tuple, of_au)) for of_au in levels)
    return NetworkEntry(**data | tuples | {"metrics": metrics})
