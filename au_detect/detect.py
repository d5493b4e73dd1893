"""Faces in, action units out: frames → measurements → features → probabilities → result."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from numpy.typing import ArrayLike

from au_detect.classifiers.storage import AUModel, load_model
from au_detect.errors import InputError, check_option, check_positive
from au_detect.features.measurement import FaceMeasurements, measure_faces, measure_frame
from au_detect.features.neutral import NeutralFace, mean_neutral, neutral_from_landmarks
from au_detect.features.neutral_choice import (
    Neutral,
    check_neutral_of_pictures,
    check_neutral_of_stream,
    chosen_by_face,
    given_neutral,
    in_words,
    is_landmarks,
    is_single_frame,
    is_word,
    neutral_found,
    neutral_of_faces,
    owners_of_neutral,
)
from au_detect.frames import Frame, open_frames
from au_detect.frames.sources import Source
from au_detect.landmarks.models import NAMES, LandmarkModel, find_landmark_model, shipped_networks
from au_detect.landmarks.tracking import FaceTracker
from au_detect.results import AUResult
from au_detect.results.smoothing import HOW, RunningSmoothing, in_time, smoothing_settings
from au_detect.scoring.faces import check_thresholds, score_rows
from au_detect.scoring.measured import Progress, measure_input, without_time
from au_detect.scoring.rest import Resting, RunningRests, find_rests
from au_detect.version import __version__

__all__ = ["AUDetector", "Progress"]


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
        Pixels between the eyes of the smallest face to look for, see `au_detect.landmarks.search`.
    experimental : bool
        Whether to report AUs too that the model's manifest marks as not reliable.
    thresholds : dict of int to float, optional
        AU -> threshold in (0, 1) instead of 0.5, which keeps false alarms as rare as `info` says.
    mirrored : bool
        Whether the pictures show mirror images, as those of selfies: then left is right.
    focal_px : float, optional
        Focal length of the camera, for `AUResult.translation`; by default OpenFace's.

    Raises
    ------
    ModelFileError
        If the model folder is damaged or made for other features or landmarks.
    InputError
        If a threshold is out of range or of an AU that the model does not have, no landmark model
        is found, or `focal_px` is not above 0.

    Notes
    -----
    Every `run` and `stream` follows faces for itself: threads may share a detector.
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
        mirrored: bool = False,
        focal_px: float | None = None,
    ) -> None:
        if model is None:
            landmark_model = find_landmark_model(landmark_model)
            model = shipped_networks(landmark_model.name)
        self.model = model if isinstance(model, AUModel) else load_model(Path(model))
        if landmark_model is None and self.model.manifest.landmark_model in NAMES:
            landmark_model = self.model.manifest.landmark_model
        self.tracker = FaceTracker(landmark_model, max_faces, smallest_face_px)
        self.model.check_landmark_model(self.tracker.landmark_model.name)
        self.experimental, self.focal_px = experimental, focal_px
        self.thresholds, self.mirrored = dict(thresholds or {}), mirrored
        check_thresholds(self.model, self.thresholds)
        check_positive("focal_px", 1.0 if focal_px is None else focal_px)

    def __repr__(self) -> str:
        faces = "1 face" if self.tracker.max_faces == 1 else f"{self.tracker.max_faces} faces"
        more = ", experimental AUs too" if self.experimental else ""
        own = "".join(f", AU{au} from {p:g}" for au, p in sorted(self.thresholds.items()))
        landmarks = self.tracker.landmark_model.name
        return f"AUDetector(model={self.model.name!r}, {landmarks=}, {faces}{more}{own})"

    def run(
        self,
        source: Source | None = None,
        *,
        neutral: Neutral = "auto",
        landmarks: ArrayLike | None = None,
        independent: bool = False,
        smooth: str = "around",
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
            The neutral face. "auto" finds the frames at rest (see `au_detect.features.rest`), says
            how good they are (`AUResult.neutral_quality`), and lets the networks that know no
            neutral answer too, the more the worse it is; for a single frame it is None. Else the
            first frame with a face, the median over the frames (at most 1000 of them, evenly
            spaced), a frame number (from 0), another picture or array or `NeutralFace`, or None.
            A frame or picture is that of the person in it; those of others are found.
        landmarks : array_like, shape (n_frames, 68, 2), optional
            Landmarks in pixels (NaN where there is no face) instead of a source: networks that
            know geometry alone answer. `neutral` may then be landmarks too, shape (68, 2).
        independent : bool
            Whether the pictures of a list or folder have nothing to do with each other: rows name
            their files (`AUResult.files`) and have no time.
        smooth : {"around", "past", "none"}
            Which frames of a sequence steady each other, see `au_detect.results.smoothing`.
        fps : float, optional
            Also of a video instead of its own time stamps; 30 where there are none.
        channel_order : {"bgr", "rgb"}
        progress : Progress, optional

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
        if independent:
            check_neutral_of_pictures(neutral)
        if landmarks is not None and is_landmarks(neutral):
            neutral = neutral_from_landmarks(neutral)
        check_option("smooth", smooth, HOW)
        given = given_neutral(neutral, self.tracker.anew())
        measured = measure_input(
            source, landmarks, self.tracker.anew(), neutral=neutral, independent=independent,
            fps=fps, channel_order=channel_order, progress=progress,
        )  # fmt: skip
        rows = without_time(measured.rows) if independent else measured.rows
        choice: Any = neutral if given is None else given
        if is_word(choice, "auto") and (independent or is_single_frame(measured.kind, rows)):
            choice = mean_neutral()
        settings = {"neutral": in_words(neutral), "independent": independent, **measured.known}
        owners = owners_of_neutral(choice, rows, measured.tracker)
        result = self._result(rows, choice, measured.name, settings, {}, owners=owners)
        in_order = measured.kind != "picture" and not independent
        return in_time(result, smooth) if in_order else result

    def stream(
        self,
        frames: Source,
        *,
        neutral: Neutral = "auto",
        smooth: str = "past",
        fps: float | None = None,
        channel_order: str = "bgr",
    ) -> Iterator[AUResult]:
        """Yield a result for every frame as it comes, with a row for each face in it.

        Parameters
        ----------
        frames : iterable of arrays or Frame, int (a camera), or anything `run` takes
        neutral : "auto", "first", None, or a picture
            "auto" takes the calmest frames so far and improves as frames come; "first" is the
            first frame that shows the face.
        smooth, fps, channel_order
            As in `run`; `smooth` is "past" or "none".

        Raises
        ------
        InputError
            If `neutral` is "median" or a frame number, which only a finished sequence has.
        """
        check_neutral_of_stream(neutral)
        check_option("smooth of a stream", smooth, ("past", "none"))
        given = given_neutral(neutral, self.tracker.anew())
        stream = open_frames(frames, fps=fps, channel_order=channel_order)
        settings = {"neutral": in_words(neutral), **smoothing_settings(smooth)}

        def results() -> Iterator[AUResult]:
            tracker = self.tracker.anew()
            known: dict[int, NeutralFace] = {}
            rests = RunningRests(self.model) if given is None and neutral == "auto" else None
            steady = RunningSmoothing() if smooth == "past" else None
            for frame in stream:
                rows = measure_frame(frame, tracker)
                resting = rests.add(rows) if rests else {}
                told = settings | stream.describe() | tracker.describe()
                result = self._result(rows, given or "first", stream.name, told, known, resting)
                yield steady.add(result) if steady else result

        return results()

    def score(
        self,
        measurements: FaceMeasurements,
        *,
        neutral: Neutral | Mapping[int, int | str] = "auto",
        smooth: str = "around",
        independent: bool = False,
        name: str = "measurements",
        settings: Mapping[str, Any] | None = None,
    ) -> AUResult:
        """Detect the AUs of a sequence that was measured before: measure once, score often.

        Parameters
        ----------
        measurements : FaceMeasurements
            See `au_detect.features.measurement.measure_faces`.
        neutral, smooth
            As in `run`; or frame numbers, "first" or "median" by face: the others find theirs.
        independent : bool
            Whether the frames have nothing to do with each other, or there is only one.
        name, settings
            Of the result.
        """
        check_option("smooth", smooth, HOW)
        known = chosen_by_face(neutral, measurements)
        own = None if isinstance(neutral, Mapping) else given_neutral(neutral, self.tracker.anew())
        choice: Any = "auto" if known else own or neutral
        told = {"neutral": in_words(neutral), **(settings or {})}
        owners = [*known] or owners_of_neutral(choice, measurements, None)
        result = self._result(measurements, choice, name, told, known, owners=owners)
        return result if independent else in_time(result, smooth)

    def measure(self, frames: Iterable[Frame], *, independent: bool = False) -> FaceMeasurements:
        """Measure the faces of a sequence that starts anew, or of `independent` pictures."""
        return measure_faces(frames, self.tracker.anew(), independent=independent)

    def _result(
        self,
        rows: FaceMeasurements,
        choice: NeutralFace | str | int,
        name: str,
        settings: dict[str, Any],
        known: dict[int, NeutralFace],
        resting: Mapping[int, Resting] | None = None,
        owners: list[int] | None = None,
    ) -> AUResult:
        """Score the rows; `known` remembers the neutral of every face from call to call."""
        if is_word(choice, "auto") or owners is not None:
            resting = find_rests(self.model, rows, but=owners or ())
        known.update({face: found.neutral for face, found in (resting or {}).items()})
        known.update(neutral_of_faces(rows, choice, known, name))
        personal = not isinstance(choice, NeutralFace) or choice.personal
        return score_rows(
            self.model, rows, known, uses_neutral=personal, experimental=self.experimental,
            thresholds=self.thresholds, mirrored=self.mirrored, resting=resting,
            focal_px=self.focal_px, name=name,
            settings={**self.settings(), **settings, **neutral_found(known)},
        )  # fmt: skip

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
            "mirrored": self.mirrored,
            "focal_px": self.focal_px,
        }
