"""Labelled sequences with the pixels of their faces: what networks of pixels and time learn from.

Pixels stand among the attributes of `LabelledSequences`, so that whatever chooses rows chooses
them too: ``crop`` and ``neutral_crop`` (n, 96, 96), ``flow`` (n, 20, 96, 96, see `flow_stack`),
``step_crop`` (n, n_steps, 96, 96), ``step_points`` and ``step_furrows`` (n, n_steps, ...).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.crops import aligned_crop
from au_detect.appearance.flow import REACH, flow_stack
from au_detect.appearance.neighbours import around, frame_file, on_the_way, read_frames
from au_detect.datasets.frame_files import FrameFile
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.features.measurement import measure_frame
from au_detect.frames import Frame
from au_detect.landmarks.models import find_landmark_model
from au_detect.landmarks.tracking import FaceTracker

KINDS = {
    "frame": ("crop", "neutral_crop"),
    "flow": ("flow",),
    "steps": ("step_crop",),
    "features": ("step_points", "step_furrows"),
}
"""Crops of the labelled and the neutral face; movement about it; crops, or what is measured, on
the way from the neutral to the labelled face; and the attributes that hold them."""
Progress = Callable[[Iterable[Any], int], Iterable[Any]]


def with_pixels(
    sequences: LabelledSequences,
    kinds: Iterable[str],
    n_steps: int = 8,
    progress: Progress | None = None,
) -> LabelledSequences:
    """Read the pictures of sequences and add what networks need of them.

    Parameters
    ----------
    sequences : LabelledSequences
        With the attributes ``picture`` and ``neutral_picture``.
    kinds : iterable of str
        Of `KINDS`.
    n_steps : int
        How many frames "steps" and "features" have.
    progress : callable, optional
        ``progress(rows, n)`` returns the rows, for example in a progress bar.

    Raises
    ------
    InputError
        If the sequences do not say where their pictures are, or one cannot be read.
    """
    if not has_pictures(sequences):
        raise InputError(
            "sequences must say where their pictures are: measure the collection itself "
            "(landmarks alone have no pixels)"
        )
    wanted = set(kinds)
    tracker = None
    if "features" in wanted:
        tracker = FaceTracker(find_landmark_model(sequences.landmark_model))
    rows: Iterable[Any] = range(len(sequences))
    found = [
        _pixels_of(sequences, row, wanted, n_steps, tracker)
        for row in (progress(rows, len(sequences)) if progress else rows)
    ]
    columns = {name: np.stack([row[name] for row in found]) for name in (found[0] if found else ())}
    return replace(sequences, attributes=sequences.attributes | columns)


def has_pictures(sequences: LabelledSequences) -> bool:
    """Return whether sequences say where their pictures are."""
    return {"picture", "neutral_picture"} <= sequences.attributes.keys()


def has_pixels(sequences: LabelledSequences, kinds: Iterable[str]) -> bool:
    """Return whether `with_pixels` added all these kinds already."""
    return all(name in sequences.attributes for kind in kinds for name in KINDS[kind])


def at_rest(sequences: LabelledSequences) -> LabelledSequences:
    """Return one row for each person in which the neutral face is compared with itself.

    Nothing is present in it. People without a neutral face have none.
    """
    known = np.flatnonzero(sequences.has_neutral)
    _, first = np.unique(sequences.subject[known].astype(str), return_index=True)
    rest = sequences.rows(known[first])
    still = {"crop": "neutral_crop"}
    attributes = {name: rest.attributes[still.get(name, name)] for name in rest.attributes}
    if "flow" in attributes:
        attributes["flow"] = np.zeros_like(attributes["flow"])
    for name in ("step_crop", "step_points", "step_furrows"):
        if name in attributes:
            steps = attributes[name]
            attributes[name] = np.repeat(steps[:, :1], steps.shape[1], axis=1)
    return replace(
        rest,
        points=rest.neutral_points,
        furrows=rest.neutral_furrows,
        intensity=np.where(np.isnan(rest.intensity), rest.intensity, 0.0).astype(np.float32),
        attributes=attributes,
    )


def _pixels_of(
    sequences: LabelledSequences,
    row: int,
    kinds: set[str],
    n_steps: int,
    tracker: FaceTracker | None,
) -> dict[str, NDArray[Any]]:
    apex = frame_file(str(sequences.attributes["picture"][row]))
    neutral_name = str(sequences.attributes["neutral_picture"][row])
    neutral = frame_file(neutral_name) if neutral_name else None
    points, neutral_points = sequences.points[row], sequences.neutral_points[row]
    window = around(neutral, apex, REACH) if "flow" in kinds else []
    steps = on_the_way(neutral, apex, n_steps) if kinds & {"steps", "features"} else []
    needed = {apex, *window, *steps, *([neutral] if neutral else [])}
    pictures = read_frames(needed)
    found: dict[str, NDArray[Any]] = {"crop": aligned_crop(pictures[apex], points)}
    found["neutral_crop"] = (
        aligned_crop(pictures[neutral], neutral_points) if neutral else 0 * found["crop"]
    )
    if window:
        found["flow"] = flow_stack(
            np.stack([aligned_crop(pictures[file], points) for file in window])
        )
    if "steps" in kinds:
        start = neutral_points if neutral else points
        shares = np.linspace(0, 1, n_steps)
        found["step_crop"] = np.stack(
            [
                aligned_crop(pictures[file], start + share * (points - start))
                for file, share in zip(steps, shares, strict=True)
            ]
        )
    if tracker is not None:
        measured = _measured(pictures, steps, sequences, row, neutral, tracker)
        found["step_points"], found["step_furrows"] = measured
    return found


def _measured(
    pictures: dict[FrameFile, NDArray[np.uint8]],
    steps: list[FrameFile],
    sequences: LabelledSequences,
    row: int,
    neutral: FrameFile | None,
    tracker: FaceTracker,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what is measured on the way; a frame without a face is like the one before it."""
    known = {steps[-1]: (sequences.points[row], _furrows(sequences.furrows, row))}
    if neutral is not None:
        known.setdefault(
            neutral, (sequences.neutral_points[row], _furrows(sequences.neutral_furrows, row))
        )
    found = []
    last = known[steps[0]] if steps[0] in known else known[steps[-1]]
    for file in steps:
        if file not in known:
            tracker.reset()
            faces = measure_frame(Frame(pictures[file], 0, 0.0, str(file)), tracker)
            seen = faces.face_found[0]
            known[file] = (faces.points[0], faces.furrows[0]) if seen else last
        last = known[file]
        found.append(last)
    points, furrows = zip(*found, strict=True)
    return np.stack(points).astype(np.float32), np.stack(furrows).astype(np.float32)


def _furrows(furrows: NDArray[np.float32] | None, row: int) -> NDArray[np.float32]:
    if furrows is None:
        raise InputError("networks of time over features need sequences with furrows, got none")
    return furrows[row]
