"""The work folder of a training: what it was asked to be, and the epochs that are over."""

from __future__ import annotations

import csv
import hashlib
import json
from os import PathLike
from pathlib import Path
from typing import Any

from au_detect.appearance.pictures import LabelledPictures
from au_detect.errors import InputError
from au_detect.results.files import write_atomically

PROGRESS, ASKED = "progress.csv", "asked.json"


def read_progress(folder: str | PathLike[str]) -> list[dict[str, float]]:
    """Return the epochs of a training: loss and accuracy on both parts, seconds, learning rate."""
    try:
        with open(Path(folder) / PROGRESS, newline="", encoding="ascii") as file:
            return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]
    except OSError:
        return []


def claim_work_folder(
    folder: str | PathLike[str], asked: dict[str, Any], pictures: LabelledPictures
) -> None:
    """Make a training's folder, or make sure that what was begun in it is this training.

    Parameters
    ----------
    folder : path
    asked : dict
        What must not change when a run that was cut off goes on; JSON-able.
    pictures : LabelledPictures
        They must be the same, too.

    Raises
    ------
    InputError
        If epochs of another training are over there.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    now = json.loads(json.dumps(asked | {"pictures": _sum_of(pictures)}))
    before = _read_asked(place) if read_progress(place) else now
    for name, value in now.items():
        if before.get(name, value) != value:
            raise InputError(
                f"work must be the folder of this training, got {place}, which was begun with "
                f"another value of {name}: remove it, or choose another folder"
            )
    write_atomically(place / ASKED, (json.dumps(now, indent=1) + "\n").encode())


def _read_asked(place: Path) -> dict[str, Any]:
    try:
        asked: dict[str, Any] = json.loads((place / ASKED).read_text(encoding="utf-8"))
        return asked
    except FileNotFoundError:
        return {}


def _sum_of(pictures: LabelledPictures) -> str:
    sum_ = hashlib.sha256(pictures.images.tobytes())
    sum_.update(pictures.labels.tobytes() + " ".join(pictures.emotions).encode())
    return sum_.hexdigest()
