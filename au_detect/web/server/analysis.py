"""One analysis: pictures are measured once, and the measurements scored as often as one likes.

What comes out is that of `AUDetector.run`. Measurements (landmarks and furrows, no pictures) stay,
so that another neutral face needs no picture again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from au_detect.classifiers.storage import AUModel
from au_detect.detect import AUDetector
from au_detect.errors import InputError, TooLargeError
from au_detect.features.measurement import NO_FACE, FaceMeasurements, measure_faces
from au_detect.features.neutral import measure_neutral
from au_detect.frames import Frame, FrameStream, open_frames
from au_detect.landmarks.models import LandmarkModel
from au_detect.results import AUResult
from au_detect.scoring.measured import without_time
from au_detect.web.server.options import AnalysisOptions, parse_frames, parse_thresholds
from au_detect.web.server.settings import Limits

_OF_FRAMES = ("frame", "timestamp_s", "picture_px")
"""What is known of a frame also when nobody is looked at in it."""

Report = Callable[[int, int | None], None]
"""``report(n_done, n_frames)`` is told how far the reading is."""


@dataclass(frozen=True)
class Measured:
    """What was measured of one input.

    Attributes
    ----------
    rows : FaceMeasurements
    kind : {"picture", "sequence", "video"}
    size : (int, int)
        Width and height of the first frame in px.
    described : dict
        What is known of the source.
    """

    rows: FaceMeasurements
    kind: str
    size: tuple[int, int]
    described: dict[str, Any]


@lru_cache(maxsize=8)
def detector_of(
    model: AUModel,
    landmark_model: LandmarkModel,
    experimental: bool,
    max_faces: int,
    min_face: float | None,
    threshold: str | None,
) -> AUDetector:
    """Return a detector; those asked for last are remembered."""
    aus = tuple(sorted({au for network in model.manifest.networks for au in network.aus}))
    return AUDetector(
        model,
        landmark_model=landmark_model,
        experimental=experimental,
        max_faces=max_faces,
        smallest_face_px=min_face,
        thresholds=parse_thresholds(threshold, aus),
    )


def open_inputs(files: list[Path], fps: float | None, *, keep_colour: bool = False) -> FrameStream:
    """Open one picture or video, or several pictures.

    Raises
    ------
    InputError
        If a file is none of these.
    """
    if not files:
        raise InputError("a picture or video must be given, got none")
    source: Any = files[0] if len(files) == 1 else files
    return open_frames(source, fps=fps, keep_colour=keep_colour)


def check_promises(stream: FrameStream, limits: Limits) -> None:
    """Raise if a source says that it is longer than is taken.

    Raises
    ------
    TooLargeError
        If so.
    """
    n_frames = stream.n_frames or 0
    if n_frames > limits.n_frames:
        raise TooLargeError(f"the input must have at most {limits.n_frames} frames, got {n_frames}")
    seconds = n_frames / (stream.facts.fps or np.inf) if stream.kind == "video" else 0.0
    if seconds > limits.duration_s:
        raise TooLargeError(
            f"the video must last at most {limits.duration_s:g} s, got {seconds:.0f} s"
        )


def measure(
    detector: AUDetector,
    files: list[Path],
    options: AnalysisOptions,
    limits: Limits,
    report: Report,
) -> Measured:
    """Measure the faces of one input.

    Raises
    ------
    InputError
        If it cannot be read or is too long.
    """
    stream = open_inputs(files, options.fps)
    check_promises(stream, limits)
    sizes: list[tuple[int, int]] = []

    def frames() -> Iterator[Frame]:
        for frame in stream:
            if frame.index >= limits.n_frames or frame.timestamp_s > limits.duration_s:
                raise TooLargeError(
                    f"the input must have at most {limits.n_frames} frames and last at most "
                    f"{limits.duration_s:g} s, but it goes on"
                )
            if not sizes:
                sizes.append((frame.image.shape[1], frame.image.shape[0]))
            yield frame
            report(frame.index + 1, stream.n_frames)

    tracker = detector.tracker.anew()
    rows = measure_faces(frames(), tracker, independent=options.independent)
    known = stream.describe(independent=options.independent) | tracker.describe()
    rows = without_time(rows) if options.independent else rows
    return Measured(rows, stream.kind, sizes[0], known)


def score(
    detector: AUDetector, measured: Measured, options: AnalysisOptions, neutral: Path, name: str
) -> AUResult:
    """Score what was measured.

    Parameters
    ----------
    detector : AUDetector
    measured : Measured
    options : AnalysisOptions
    neutral : Path
        A neutral picture, if it is there.
    name : str
        Of the result.

    Raises
    ------
    NoFaceError
        If a neutral was asked for that shows no face.
    """
    choice = _choice(options, measured.rows)
    alone = measured.kind == "picture" or options.independent
    if neutral.exists():
        found = measure_neutral(neutral, detector.tracker.anew())
        choice = replace(found, description="neutral picture")
    elif options.independent and choice not in ("auto", None):
        raise InputError(
            "neutral of independent pictures must be another picture, 'auto' or 'none', "
            f"got {options.neutral!r}"
        )
    elif choice == "auto" and (alone or measured.rows.frame[0] == measured.rows.frame[-1]):
        choice = None
    return detector.score(
        without_frames(measured.rows, parse_frames(options.leave_out)),
        neutral=choice,
        smooth=options.smooth,
        independent=alone,
        name=name,
        settings={"independent": options.independent, **measured.described},
    )


def _choice(options: AnalysisOptions, rows: FaceMeasurements) -> Any:
    """Return the neutral as `AUDetector.score` takes it: for all faces, or by face."""
    for_all, by_face = options.neutral_choice(), options.neutral_by_face()
    if not by_face:
        return for_all
    chosen = dict.fromkeys(rows.faces(), for_all) | by_face
    return {face: choice for face, choice in chosen.items() if choice != "auto"} or "auto"


def without_frames(rows: FaceMeasurements, ranges: list[tuple[int, int]]) -> FaceMeasurements:
    """Return measurements in which nobody is seen in some frames; ends are included.

    Raises
    ------
    InputError
        If no frame with a face would be left.
    """
    if not ranges:
        return rows
    inside = np.any([(rows.frame >= a) & (rows.frame <= b) for a, b in ranges], axis=0)
    first_of_frame = np.append(True, np.diff(rows.frame) > 0)
    kept = rows.rows(~inside | first_of_frame)
    gone = inside[~inside | first_of_frame]
    changes: dict[str, Any] = {}
    for field in fields(rows):
        values = getattr(kept, field.name)
        if isinstance(values, np.ndarray) and field.name not in _OF_FRAMES:
            blank = {"f": np.nan, "b": False}.get(values.dtype.kind, NO_FACE)
            blank = 0.0 if field.name == "confidence" else blank
            shaped = gone.reshape(-1, *[1] * (values.ndim - 1))
            changes[field.name] = np.where(shaped, np.asarray(blank, values.dtype), values)
    left = replace(kept, **changes)
    if rows.face_found.any() and not left.face_found.any():
        raise InputError("leave_out must leave a frame with a face, but none is left")
    return left
