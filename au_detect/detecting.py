"""The AUs of one input, and the neutral face of one person, each by one function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from typing import Any

from numpy.typing import ArrayLike

from au_detect.classifiers.storage import AUModel
from au_detect.detect import AUDetector
from au_detect.features.neutral import NeutralFace
from au_detect.frames import open_frames
from au_detect.landmarks.models import LandmarkModel
from au_detect.results import AUResult
from au_detect.scoring.rest import rest_of_clips


def detect_aus(
    source: Any = None,
    *,
    neutral: Any = "auto",
    landmarks: ArrayLike | None = None,
    smooth: str = "around",
    model: str | PathLike[str] | AUModel | None = None,
    landmark_model: str | PathLike[str] | LandmarkModel | None = None,
    max_faces: int = 1,
    smallest_face_px: float | None = None,
    experimental: bool = False,
    thresholds: Mapping[int, float] | None = None,
    mirrored: bool = False,
    independent: bool = False,
    fps: float | None = None,
    channel_order: str = "bgr",
) -> AUResult:
    """Detect the action units of one picture, sequence or video.

    Parameters are those of `AUDetector` and `AUDetector.run`; whoever has many inputs makes one
    `AUDetector` and calls its `run`.

    Returns
    -------
    AUResult
        A row for each frame and face.

    Raises
    ------
    InputError, NoFaceError, ModelFileError
        See `AUDetector` and `AUDetector.run`.

    Examples
    --------
    >>> from au_detect import detect_aus, sample_sequences
    >>> result = detect_aus(sample_sequences()["happiness"])
    >>> bool(result.active[-1, result.aus.index(12)])
    True
    """
    detector = AUDetector(
        model,
        landmark_model=landmark_model,
        max_faces=max_faces,
        smallest_face_px=smallest_face_px,
        experimental=experimental,
        thresholds=thresholds,
        mirrored=mirrored,
    )
    return detector.run(
        source,
        neutral=neutral,
        landmarks=landmarks,
        smooth=smooth,
        independent=independent,
        fps=fps,
        channel_order=channel_order,
    )


def find_neutral(
    detector: AUDetector, sources: Iterable[Any], *, name: str = "person"
) -> NeutralFace:
    """Return the neutral face of one person from several clips, sequences and pictures.

    It serves as the `neutral` of `AUDetector.run` and `AUDetector.stream`.

    Parameters
    ----------
    detector : AUDetector
    sources : iterable of what `AUDetector.run` takes
        Each shows that person, or that person as the largest face.
    name : str
        Of the person, for the result.

    Raises
    ------
    NoFaceError
        If none shows a face.
    InputError
        If one cannot be read.
    """
    measured = (detector.measure(open_frames(source)) for source in sources)
    return rest_of_clips(detector.model, measured, name)
