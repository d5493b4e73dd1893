"""Measurements that are kept on disk, so that no face is tracked twice.

A measurement is found again by the SHA-256 of

- what the frame's file holds (for a video, and the number of the frame), and its own landmark
  file where that is used;
- the landmark model's file;
- the source of every module that takes part in measuring, and the versions of the libraries that
  decode, detect and filter.

Names and dates of files play no part. So what is found is always what measuring would give
now; what cannot be read whole is measured again. There is one small ``.npz`` file, without pickles,
for the frames that are measured together, and it is written aside and then moved to its place.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files as files_of_package
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.frame_files import FrameFile
from au_detect.datasets.frame_measurement import MeasuredFace
from au_detect.features.furrows import N_FURROWS
from au_detect.landmarks import N_LANDMARKS

MEASURING_MODULES = (
    "datasets.frame_files",
    "datasets.frame_measurement",
    "errors",
    "features.columns",
    "features.furrows",
    "features.looks",
    "features.measurement",
    "frames",
    "frames.camera",
    "frames.clock",
    "frames.deinterlacing",
    "frames.files",
    "frames.formats",
    "frames.heif",
    "frames.limits",
    "frames.luma",
    "frames.picture_kinds",
    "frames.pictures",
    "frames.several_pictures",
    "frames.sources",
    "frames.stream",
    "frames.values",
    "frames.video",
    "frames.video_reader",
    "landmarks",
    "landmarks.crop",
    "landmarks.crop_fit",
    "landmarks.detection",
    "landmarks.fit",
    "landmarks.frontal_detector",
    "landmarks.models",
    "landmarks.network",
    "landmarks.points",
    "landmarks.portrait",
    "landmarks.search",
    "landmarks.tracking",
    "landmarks.trees",
    "landmarks.two_fits",
    "landmarks.visibility",
    "landmarks.windows",
    "networks.litert",
    "networks.network_file",
    "networks.numpy_network",
    "paths",
)
"""Modules of this package that decide what is measured: `frame_measurement` and all it imports."""

MEASURING_LIBRARIES = (
    "numpy", "opencv-python-headless", "av", "dlib-bin", "dlib", "ai-edge-litert",
)  # fmt: skip


def default_cache_folder() -> Path:
    """Return where measurements are kept unless another folder is named: the user's cache."""
    from platformdirs import user_cache_path

    return user_cache_path("au_detect", appauthor=False) / "measurements"


@cache
def measuring_code_sha256() -> str:
    """Return a hash of the code that measures, as it is when a process first asks.

    Raises
    ------
    OSError
        If the package was installed without its source.
    """
    digest = hashlib.sha256()
    for name in MEASURING_MODULES:
        path = name.replace(".", "/")
        package = files_of_package("au_detect")
        room = package.joinpath(path).is_dir()
        source = package.joinpath(f"{path}/__init__.py" if room else f"{path}.py")
        digest.update(name.encode() + b"\0" + source.read_bytes() + b"\0")
    for library in MEASURING_LIBRARIES:
        digest.update(f"{library} {_version(library)}\0".encode())
    return digest.hexdigest()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "none"


def sha256_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's content.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def content_of(files: Iterable[FrameFile]) -> dict[FrameFile, str]:
    """Return what each frame is known by; frames that cannot be read are left out."""
    hashed: dict[Path, str | None] = {}

    def sha256(path: Path) -> str | None:
        if path not in hashed:
            try:
                hashed[path] = sha256_of_file(path)
            except OSError:
                hashed[path] = None
        return hashed[path]

    content = {}
    for file in files:
        parts = [sha256(file.path), "" if file.landmarks is None else sha256(file.landmarks)]
        if None not in parts:
            content[file] = f"{parts[0]} {file.number} {parts[1]}"
    return content


class MeasurementCache:
    """Measurements of one landmark model by the present code, in a folder.

    Parameters
    ----------
    folder : Path
        Made when something is written.
    landmark_model : str
        SHA-256 of the landmark model's file, or what stands in for it.
    """

    def __init__(self, folder: Path, landmark_model: str) -> None:
        self.folder = folder
        self.landmark_model = landmark_model

    def read(self, anchor: str, content: Mapping[FrameFile, str]) -> dict[FrameFile, MeasuredFace]:
        """Return what is known of the frames.

        Parameters
        ----------
        anchor : str
            What the frames that are measured together have in common.
        content : mapping of FrameFile to str
            See `content_of`.
        """
        known = self._read(anchor)
        return {file: known[text] for file, text in content.items() if text in known}

    def write(self, anchor: str, measured: Mapping[str, MeasuredFace]) -> None:
        """Add measurements, by their frames' content, to those of an anchor.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        entries = self._read(anchor) | dict(measured)
        if entries:
            _write_whole(
                self._path(anchor),
                content=np.array(list(entries)),
                points=np.stack([face.points for face in entries.values()]),
                furrows=np.stack([face.furrows for face in entries.values()]),
            )

    def read_length(self, video: str) -> int | None:
        """Return how many frames the video with this SHA-256 has, if that is known."""
        try:
            with np.load(self._path(f"{video} length"), allow_pickle=False) as data:
                return int(data["length"])
        except Exception:  # as in _read
            return None

    def write_length(self, video: str, n_frames: int) -> None:
        """Keep how many frames a video has.

        Raises
        ------
        OSError
            If the folder cannot be written.
        """
        _write_whole(self._path(f"{video} length"), length=np.array(n_frames))

    def _path(self, anchor: str) -> Path:
        text = json.dumps([anchor, self.landmark_model, measuring_code_sha256()])
        key = hashlib.sha256(text.encode()).hexdigest()
        return self.folder / key[:2] / f"{key}.npz"

    def _read(self, anchor: str) -> dict[str, MeasuredFace]:
        """Return everything known about an anchor; nothing if the file is missing or damaged."""
        try:
            with np.load(self._path(anchor), allow_pickle=False) as data:
                content, points, furrows = data["content"], data["points"], data["furrows"]
            n = len(content)
            if points.shape != (n, N_LANDMARKS, 2) or furrows.shape != (n, N_FURROWS):
                return {}
            faces = zip(points.astype(np.float32), furrows.astype(np.float32), strict=True)
            return dict(zip(content.tolist(), map(MeasuredFace._make, faces), strict=True))
        except Exception:  # whatever a damaged file makes zipfile and numpy raise
            return {}


def _write_whole(path: Path, **arrays: NDArray[Any]) -> None:
    """Write an ``.npz`` file, which is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
