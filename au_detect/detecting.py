"""The AUs of one input, and the neutral face of one person, each by one function."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.classifiers.storage import AUModel
from au_detect.detect import AUDetector
from au_detect.features.neutral import NeutralFace
from au_detect.features.neutral_choice import Neutral
from au_detect.frames import open_frames
from au_detect.frames.sources import Source
from au_detect.landmarks.models import LandmarkModel
from au_detect.landmarks.tracking import FaceTracker
from au_detect.results import AUResult
from au_detect.scoring.rest import rest_of_clips

MOST_FACES = 20


def detect_aus(
    source: Source | None = None,
    *,
    neutral: Neutral = "auto",
    landmarks: ArrayLike | None = None,
    smooth: str = "around",
    model: str | PathLike[str] | AUModel | None = None,
    landmark_model: str | PathLike[str] | LandmarkModel | None = None,
    max_faces: int = 1,
    smallest_face_px: float | None = None,
    experimental: bool = False,
    thresholds: Mapping[int, float] | None = None,
    mirrored: bool = False,
    focal_px: float | None = None,
    independent: bool = False,
    fps: float | None = None,
    channel_order: str = "bgr",
) -> AUResult:
    """Detect the action units of one picture, sequence or video.

    Whoever has many inputs makes one `AUDetector` and calls its `run`: there, and at
    `AUDetector`, the parameters are described in full.

    Parameters
    ----------
    source : path, int, array, or list or iterable of them
        A picture, a folder or glob pattern of pictures, a video, a URL, arrays; or `landmarks`.
    neutral : "auto", "first", "median", int, None, or a picture
        The neutral face: found in the input, its first frame, its median, a frame number (from 0),
        none, or a path or array.
    landmarks : array_like, shape (n_frames, 68, 2), optional
        Pixels, NaN where there is no face; instead of a source.
    smooth : {"around", "past", "none"}
        How the frames of a sequence steady each other.
    model : path or AUModel, optional
        A model folder instead of the shipped one.
    landmark_model : str, path or LandmarkModel, optional
        ``"open"``, ``"ibug300w"`` or the file of a dlib predictor of 68 points.
    max_faces : int
        How many faces to follow; 1 is the largest.
    smallest_face_px : float, optional
        Pixels between the eyes of the smallest face to look for.
    experimental : bool
        Whether to report AUs too that are not reliable.
    thresholds : dict of int to float, optional
        AU -> threshold in (0, 1) instead of the model's.
    mirrored : bool
        Whether the pictures are mirror images, as of selfies.
    independent : bool
        Whether the pictures of a list or folder have nothing to do with each other.
    fps : float, optional
        Frames per second instead of the input's own time stamps.
    channel_order : {"bgr", "rgb"}
        Order of the colours in arrays.

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
        focal_px=focal_px,
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
    detector: AUDetector, sources: Iterable[Source], *, name: str = "person"
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


def count_faces(detector: AUDetector, image: NDArray[np.uint8]) -> int:
    """Return how many faces a grey picture (height, width) shows, at most `MOST_FACES`.

    They are found as the detector finds its own, however many of them it follows.
    """
    tracker = detector.tracker
    counting = FaceTracker(tracker.landmark_model, MOST_FACES, tracker.smallest_face_px)
    return len(counting.track(image))
