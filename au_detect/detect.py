"""Faces in, action units out: frames → measurements → features → probabilities → result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from au_detect.classifiers.storage import AUModel, load_model
from au_detect.errors import InputError, check_option
from au_detect.features.measurement import (
    FaceMeasurements,
    measure_faces,
    measure_frame,
    measurements_of_landmarks,
)
from au_detect.features.neutral import NeutralFace, mean_neutral, neutral_from_landmarks
from au_detect.features.neutral_choice import (
    given_neutral,
    in_words,
    is_landmarks,
    is_word,
    neutral_of_faces,
    usual_neutral,
)
from au_detect.frames import Frame, open_frames
from au_detect.frames.stream import USUAL_FPS
from au_detect.landmarks.models import NAMES, LandmarkModel, find_landmark_model, shipped_networks
from au_detect.landmarks.tracking import FaceTracker
from au_detect.results import AUResult
from au_detect.results.blinks import with_blinks
from au_detect.scoring import score_rows
from au_detect.version import __version__

Progress = Callable[[Iterable[Frame], int | None], Iterable[Frame]]
"""``progress(frames, n_frames)`` returns the frames, for example in a progress bar."""


class AUDetector:
    """Detect action units in pictures, sequences, videos and live frames.

    Parameters
    ----------
    model : path or AUModel, optional
        A model folder; by default the one that is shipped for the landmark model.
    landmark_model : str, path or LandmarkModel, optional
        ``"open"``, ``"ibug300w"`` or the file of a dlib predictor of 68 points, see
        `find_landmark_model`; by default the one that `model` was made for, or the installed one.
    max_faces : int
        How many faces to follow; 1 is the largest.
    smallest_face_px : float, optional
        Pixels between the eyes of the smallest face to look for; by default 32 px in pictures of
        up to 1920 x 1080 px, less in small ones. Half of it takes four times as long.
    experimental : bool
        Whether to report AUs too that the model's manifest marks as not reliable.
    thresholds : dict of int to float, optional
        AU -> threshold in (0, 1) instead of the model's.

    Raises
    ------
    ModelFileError
        If the model folder is damaged or made for other features or landmarks.
    InputError
        If a threshold is out of range or of an AU that the model does not have, or no landmark
        model is found.
    """

    def __init__(
        self,
        model: str | PathLike[str] | AUModel | None = None,
        *,
        landmark_model: str | PathLike[str] | LandmarkModel | None = None,
        max_faces: int = 1,
        smallest_face_px: float | None = None,
        experimental: bool = False,
        thresholds: Mapping[int, float] | None = None,
    ) -> None:
        if model is None:
            landmark_model = find_landmark_model(landmark_model)
            model = shipped_networks(landmark_model.name)
        self.model = model if isinstance(model, AUModel) else load_model(Path(model))
        if landmark_model is None and self.model.manifest.landmark_model in NAMES:
            landmark_model = self.model.manifest.landmark_model
        self.tracker = FaceTracker(landmark_model, max_faces, smallest_face_px)
        self.model.check_landmark_model(self.tracker.landmark_model.name)
        self.experimental = experimental
        self.thresholds = dict(thresholds or {})
        known = {au for entry in self.model.manifest.networks for au in entry.aus}
        for au, threshold in self.thresholds.items():
            check_option("each AU of thresholds", au, sorted(known))
            if not 0 < threshold < 1:
                raise InputError(f"the threshold of AU{au} must be in (0, 1), got {threshold!r}")

    def run(
        self,
        source: Any = None,
        *,
        neutral: Any = "auto",
        landmarks: ArrayLike | None = None,
        independent: bool = False,
        fps: float | None = None,
        channel_order: str = "bgr",
        progress: Progress | None = None,
    ) -> AUResult:
        """Detect the AUs of every frame of one input.

        Parameters
        ----------
        source : path, int, array, or list or iterable of them
            See `au_detect.frames.sources.open_frames`.
        neutral : "auto", "first", "median", int, None, or a picture
            The neutral face: the first frame with a face, the median over the frames (at most
            1000 of them, evenly spaced), a frame number (from 0), another picture or array or
            `NeutralFace`, or None if there is none. "auto" is None for a single frame, "median" for
            videos longer than 10 s, else "first".
        landmarks : array_like, shape (n_frames, 68, 2), optional
            Landmarks in pixels (NaN where there is no face) instead of a source. Furrows are
            then left out: the networks that know geometry alone answer. `neutral` may then be
            landmarks too, shape (68, 2).
        independent : bool
            Whether the pictures of a list or folder have nothing to do with each other.
        fps : float, optional
            Frames per second, also of a video instead of its own time stamps. By default 30 where
            there are no time stamps.
        channel_order : {"bgr", "rgb"}
            Order of the colours in arrays.
        progress : callable, optional
            ``progress(frames, n_frames)`` returns the frames, for example in a progress bar.

        Returns
        -------
        AUResult
            A row for each frame and face; a row without a face where there is none.

        Raises
        ------
        NoFaceError
            If a neutral was asked for that shows no face.
        InputError
            If the source or an option is not as above.
        """
        if (source is None) == (landmarks is None):
            raise InputError("give either a source or landmarks, got both or neither")
        if independent and (
            isinstance(neutral, (int, np.integer)) or is_word(neutral, "first", "median")
        ):
            raise InputError(
                f"neutral of independent pictures must be another picture or None, got {neutral!r}"
            )
        if landmarks is not None and is_landmarks(neutral):
            neutral = neutral_from_landmarks(neutral)
        given = given_neutral(neutral, self.tracker)
        if landmarks is not None:
            fps = USUAL_FPS if fps is None else fps
            rows = measurements_of_landmarks(landmarks, fps)
            kind, name = "sequence" if len(rows) > 1 else "picture", "landmarks"
            known: dict[str, Any] = {"fps": float(fps), "time_from": "fps"}
        else:
            stream = open_frames(source, fps=fps, channel_order=channel_order)
            frames = progress(stream, stream.n_frames) if progress else stream
            self.tracker.reset()
            rows = measure_faces(frames, self.tracker, independent=independent)
            kind, name = stream.kind, stream.name
            known = stream.describe() | {"searched_face_px": self._searched_face_px()}
        choice = neutral if given is None else given
        if is_word(choice, "auto"):
            choice = mean_neutral() if independent else usual_neutral(kind, rows)
        settings = {"neutral": in_words(neutral), "independent": independent, **known}
        has_time = kind != "picture" and not independent
        return self._result(rows, choice, name, settings, has_time=has_time)

    def stream(
        self,
        frames: Any,
        *,
        neutral: Any = "first",
        fps: float | None = None,
        channel_order: str = "bgr",
    ) -> Iterator[AUResult]:
        """Yield a result for every frame as it comes, with a row for each face in it.

        Parameters
        ----------
        frames : iterable of arrays or Frame, int (a camera), or anything `run` takes
        neutral : "first", None, or a picture
            "first" is the first frame that shows the face.
        fps, channel_order
            As in `run`.

        Raises
        ------
        InputError
            If `neutral` is "median" or a frame number, which only a finished sequence has.
        """
        if isinstance(neutral, (int, np.integer)) or is_word(neutral, "median"):
            raise InputError(
                f'neutral of a stream must be "first", None or a picture, got {neutral!r}'
            )
        given = given_neutral(neutral, self.tracker)
        stream = open_frames(frames, fps=fps, channel_order=channel_order)
        settings = {"neutral": in_words(neutral)}

        def results() -> Iterator[AUResult]:
            self.tracker.reset()
            known: dict[int, NeutralFace] = {}
            for frame in stream:
                rows = measure_frame(frame, self.tracker)
                seen = stream.describe() | {"searched_face_px": self._searched_face_px()}
                yield self._result(rows, given or "first", stream.name, settings | seen, known)

        return results()

    def _result(
        self,
        rows: FaceMeasurements,
        choice: NeutralFace | str | int,
        name: str,
        settings: dict[str, Any],
        known: dict[int, NeutralFace] | None = None,
        *,
        has_time: bool = False,
    ) -> AUResult:
        """Score the rows; `known` remembers the neutral of every face from call to call."""
        known = {} if known is None else known
        known.update(neutral_of_faces(rows, choice, known, name))
        result = score_rows(
            self.model,
            rows,
            known,
            uses_neutral=not isinstance(choice, NeutralFace) or choice.personal,
            experimental=self.experimental,
            thresholds=self.thresholds,
            name=name,
            settings={**self.settings(), **settings},
        )
        return with_blinks(result) if has_time else result

    def settings(self) -> dict[str, Any]:
        """Return version, model and options, for the side-car file of a result."""
        return {
            "au_detect_version": __version__,
            "model": self.model.name,
            "model_sha256": self.model.sha256,
            "landmark_model": self.tracker.landmark_model.name,
            "max_faces": self.tracker.max_faces,
            "smallest_face_px": self.tracker.smallest_face_px,
            "experimental": self.experimental,
        }

    def _searched_face_px(self) -> float | None:
        searched = self.tracker.searched_face_px
        return None if searched is None else round(searched, 1)


def detect_aus(
    source: Any = None,
    *,
    neutral: Any = "auto",
    landmarks: ArrayLike | None = None,
    model: str | PathLike[str] | AUModel | None = None,
    landmark_model: str | PathLike[str] | LandmarkModel | None = None,
    max_faces: int = 1,
    smallest_face_px: float | None = None,
    experimental: bool = False,
    thresholds: Mapping[int, float] | None = None,
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
    )
    return detector.run(
        source,
        neutral=neutral,
        landmarks=landmarks,
        independent=independent,
        fps=fps,
        channel_order=channel_order,
    )
