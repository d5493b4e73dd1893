"""Whether a single input is done and whole: what ``au-detect run --resume`` looks at."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from au_detect.batch.inputs import BatchInput
from au_detect.batch.records import file_state, recipe_of
from au_detect.results.checks import json_copy


def marks_of_run(
    source: str, neutral: Any, recipe: Mapping[str, Any], files: Iterable[Path]
) -> dict[str, Any]:
    """Return what a side-car keeps so that a later run can tell whether to do it again.

    Parameters
    ----------
    source : str
        The input.
    neutral
        As in `AUDetector.run`, or a `Person`.
    recipe : mapping
        All else that its files depend on.
    files : iterable of Path
        Its files, which are there; the first is the table.
    """
    written = list(files)
    return {
        "recipe": json_copy(recipe_of(BatchInput(source, source, neutral), recipe)),
        "files": [file.name for file in written],
        "result_sha256": hashlib.sha256(written[0].read_bytes()).hexdigest(),
    }


def is_done(side_car: Path, source: str, neutral: Any, recipe: Mapping[str, Any]) -> bool:
    """Return whether the files of an input are there and whole, of the same input and recipe."""
    try:
        document = json.loads(side_car.read_bytes())
        marks = document["run"]
        wanted = json_copy(recipe_of(BatchInput(source, source, neutral), recipe))
        files = [side_car.parent / name for name in marks["files"]]
        return bool(
            marks["recipe"] == wanted
            and document["input_state"] == file_state(source) is not None
            and all(file.is_file() for file in files)
            and hashlib.sha256(files[0].read_bytes()).hexdigest() == marks["result_sha256"]
        )
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
        return False
