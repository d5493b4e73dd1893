"""Pictures with emotions in files: ``fer2013.csv``, a folder for each emotion, or ``.npz``."""

from __future__ import annotations

import csv
import sys
import zipfile
from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.pictures import PARTS, SIDE_PX, SYNONYMS, LabelledPictures
from au_detect.errors import InputError
from au_detect.frames.pictures import PICTURE_ENDINGS, read_picture

FER2013_EMOTIONS = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""In the order of the numbers in ``fer2013.csv``."""
FER2013_PARTS = {"Training": "training", "PublicTest": "validation", "PrivateTest": "test"}
PART_FOLDERS = {"train": "training", "val": "validation", "valid": "validation"} | {
    name: name for name in PARTS
}


def read_labelled_pictures(path: str | PathLike[str]) -> LabelledPictures:
    """Read pictures with emotions.

    Parameters
    ----------
    path : path
        ``fer2013.csv`` (columns ``emotion``, ``pixels``, ``Usage``, which is kept as the parts);
        a folder with one folder of pictures for each emotion, or with such folders in ``train``
        and ``test``; or an ``.npz`` file with ``images`` (n, 48, 48) uint8, ``labels`` (n,) and
        ``names``, and perhaps ``part`` and ``subject`` (n,).

    Raises
    ------
    InputError
        If it is none of these, or a picture cannot be read.
    """
    place = Path(path)
    if place.is_dir():
        return _read_folder(place)
    if place.suffix.lower() == ".npz":
        return _read_npz(place)
    if place.suffix.lower() == ".csv":
        return _read_csv(place)
    got = "another file" if place.exists() else "nothing of that name"
    raise InputError(
        f"{path} must be fer2013.csv, a folder for each emotion or an .npz file, got {got}"
    )


def save_pictures(pictures: LabelledPictures, path: str | PathLike[str]) -> None:
    """Write pictures to an ``.npz`` file, without pickles."""
    more: dict[str, Any] = {} if pictures.subject is None else {"subject": pictures.subject}
    with open(path, "wb") as file:
        np.savez_compressed(
            file, images=pictures.images, labels=pictures.labels.astype(np.uint8),
            names=np.array(pictures.emotions), **more,
        )  # fmt: skip


def emotion_name(text: str) -> str:
    """Return what an emotion is called here: "happiness" for "Happy"."""
    name = text.strip().lower()
    return SYNONYMS.get(name, name)


def _read_npz(path: Path) -> LabelledPictures:
    try:
        with np.load(path, allow_pickle=False) as data:
            names = tuple(emotion_name(str(name)) for name in data["names"])
            more: dict[str, Any] = {
                name: data[name] for name in ("part", "subject") if name in data.files
            }
            return LabelledPictures(
                np.asarray(data["images"]),
                np.asarray(data["labels"]).astype(np.intp),
                names,
                **more,
            )
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} must hold images, labels and names: {error}") from error


def _read_csv(path: Path) -> LabelledPictures:
    csv.field_size_limit(min(sys.maxsize, 10**7))
    images, labels, parts = [], [], []
    try:
        with open(path, newline="", encoding="ascii") as file:
            for number, row in enumerate(csv.DictReader(file), start=2):
                labels.append(int(row["emotion"]))
                images.append(_pixels(row["pixels"], f"{path}, line {number}"))
                parts.append(FER2013_PARTS[row["Usage"]])
    except OSError as error:
        raise InputError(f"{path} must be readable: {error.strerror}") from error
    except (KeyError, TypeError, ValueError, csv.Error) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path} must have emotion, pixels and Usage: {error!r}") from error
    if not images:
        raise InputError(f"{path} must hold pictures, got none")
    return LabelledPictures(
        np.stack(images), np.array(labels, dtype=np.intp), FER2013_EMOTIONS, np.array(parts)
    )


def _pixels(text: str, place: str) -> NDArray[np.uint8]:
    values = np.array(text.split(), dtype=np.int64)
    if len(values) != SIDE_PX**2 or values.min() < 0 or values.max() > 255:
        got = f"{values.min()} to {values.max()}" if len(values) else "nothing"
        raise InputError(
            f"{place} must hold {SIDE_PX**2} values in 0-255, got {len(values)}, {got}"
        )
    return values.reshape(SIDE_PX, SIDE_PX).astype(np.uint8)


def _read_folder(root: Path) -> LabelledPictures:
    divided = {f: PART_FOLDERS[f.name.lower()] for f in _folders(root) if _is_part(f)}
    places = [
        (folder, part)
        for above, part in (divided or {root: ""}).items()
        for folder in _folders(above)
    ]
    found = [
        (file, emotion_name(folder.name), part)
        for folder, part in places
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in PICTURE_ENDINGS
    ]
    if not found:
        raise InputError(f"{root} must hold a folder of pictures for each emotion, got none")
    emotions = tuple(sorted({name for _, name, _ in found}))
    labels = np.array([emotions.index(name) for _, name, _ in found], dtype=np.intp)
    images = np.stack([as_small(read_picture(file)) for file, _, _ in found])
    if not divided:
        return LabelledPictures(images, labels, emotions)
    part = np.array([part for _, _, part in found])
    return LabelledPictures(images, labels, emotions, _with_validation(part))


def _with_validation(part: NDArray[np.str_]) -> NDArray[np.str_]:
    """Take every tenth picture of the training for validation where there is none for it."""
    if not (part == "validation").any():
        part = part.astype("U10")
        part[np.flatnonzero(part == "training")[::10]] = "validation"
    return part


def as_small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a grey picture of a face at 48 x 48 px."""
    if image.shape == (SIDE_PX, SIDE_PX):
        return image
    return cv2.resize(image, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)


def _is_part(folder: Path) -> bool:
    return folder.name.lower() in PART_FOLDERS


def _folders(root: Path) -> Iterable[Path]:
    return sorted(place for place in root.iterdir() if place.is_dir())
