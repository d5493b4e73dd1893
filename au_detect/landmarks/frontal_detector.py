"""dlib's detector of frontal faces, kept unpacked in the user's cache.

dlib unpacks it out of its own code for half a second in every process; the file it saves, 155 kB,
is read in two milliseconds and finds the same.
"""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

import dlib
import platformdirs


def frontal_detector(folder: str | os.PathLike[str] | None = None) -> dlib.fhog_object_detector:
    """Return dlib's detector of frontal faces.

    Parameters
    ----------
    folder : path, optional
        Keeps the unpacked detector, under the name of dlib's version; the user's cache by default.
        Where it cannot be written, or holds a damaged file, dlib unpacks its own.
    """
    place = Path(folder or platformdirs.user_cache_dir("au_detect"))
    kept = place / f"frontal_faces_dlib_{dlib.__version__}.svm"
    # dlib answers RuntimeError to files that are missing, cut short or not its own.
    with suppress(RuntimeError):
        return dlib.fhog_object_detector(str(kept))
    detector = dlib.get_frontal_face_detector()
    with suppress(OSError, RuntimeError):
        _keep(detector, kept)
    return detector


def _keep(detector: dlib.fhog_object_detector, path: Path) -> None:
    """Write the detector in one step: other processes may be reading or writing it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as unfinished:
        part = Path(unfinished) / path.name
        detector.save(str(part))
        part.replace(path)
