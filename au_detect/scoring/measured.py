"""One input, measured: from pictures by a tracker, or landmarks that somebody else's found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from au_detect.errors import InputError
from au_detect.features.measurement import (
    FaceMeasurements,
    measure_faces,
    measurements_of_landmarks,
)
from au_detect.features.neutral_choice import Neutral, check_neutral_frame
from au_detect.frames import Frame, open_frames
from au_detect.frames.sources import Source
from au_detect.frames.stream import USUAL_FPS
from au_detect.landmarks.tracking import FaceTracker

Progress = Callable[[Iterable[Frame], int | None], Iterable[Frame]]
"""``progress(frames, n_frames)`` returns the frames, for example in a progress bar."""


@dataclass(frozen=True)
class MeasuredInput:
    """What was measured, and what is known of where it came from.

    Attributes
    ----------
    rows : FaceMeasurements
    kind, name : str
        As in `FrameStream`.
    known : dict
        For the settings of a result.
    tracker : FaceTracker, optional
        That followed the faces.
    """

    rows: FaceMeasurements
    kind: str
    name: str
    known: dict[str, Any]
    tracker: FaceTracker | None = None


def measure_input(
    source: Source | None,
    landmarks: ArrayLike | None,
    tracker: FaceTracker,
    *,
    neutral: Neutral,
    independent: bool,
    fps: float | None,
    channel_order: str,
    progress: Progress | None,
) -> MeasuredInput:
    """Measure one input; parameters and errors are those of `AUDetector.run`.

    `tracker` has seen no face yet. Where the input says how many frames it has, a neutral frame
    that it does not have is refused before they are read.
    """
    if landmarks is not None:
        fps = USUAL_FPS if fps is None else fps
        rows = measurements_of_landmarks(landmarks, fps)
        check_neutral_frame(neutral, int(rows.frame[-1]) + 1, "landmarks")
        kind = "sequence" if len(rows) > 1 else "picture"
        return MeasuredInput(rows, kind, "landmarks", {"fps": float(fps), "time_from": "fps"})
    if source is None:
        raise InputError("source must be given, got None")
    stream = open_frames(source, fps=fps, channel_order=channel_order)
    if stream.n_frames is not None:  # of videos, as the container says: not always exactly
        slack = 10 + stream.n_frames // 10 if stream.kind == "video" else 0
        check_neutral_frame(neutral, stream.n_frames, stream.name, slack=slack)
    frames = progress(stream, stream.n_frames) if progress else stream
    rows = measure_faces(frames, tracker, independent=independent)
    check_neutral_frame(neutral, int(rows.frame[-1]) + 1, stream.name)
    known = stream.describe(independent=independent) | tracker.describe()
    return MeasuredInput(rows, stream.kind, stream.name, known, tracker)


def without_time(rows: FaceMeasurements) -> FaceMeasurements:
    """Return the rows of pictures that have nothing to do with each other: each at its own 0 s."""
    return replace(rows, timestamp_s=np.zeros(len(rows)))
