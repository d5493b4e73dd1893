"""Faces in, action units out: frames → measurements → features → probabilities → result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from au_detect.classifiers.storage import AUModel, NetworkKind, load_model
from au_detect.errors import InputError, NoFaceError, check_option
from au_detect.features.measurement import (
    FaceMeasurements,
    measure_faces,
    measure_frame,
    measurements_of_landmarks,
)
from au_detect.features.neutral import (
    LONG_VIDEO_S,
    NeutralFace,
    mean_neutral,
    measure_neutral,
    neutral_from_landmarks,
    neutral_from_rows,
)
from au_detect.frames import Frame, open_frames
from au_detect.landmarks import N_LANDMARKS
from au_detect.landmarks.models import (
    NAMES,
    LandmarkModel,
    find_landmark_model,
    shipped_networks,
)
from au_detect.landmarks.tracking import FaceTracker
from au_detect.results import AUResult
from au_detect.results.blinks import with_blinks
from au_detect.results.evidence import Evidence
from au_detect.scoring import FaceScores, score_face
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
        experimental: bool = False,
        thresholds: Mapping[int, float] | None = None,
    ) -> None:
        if model is None:
            landmark_model = find_landmark_model(landmark_model)
            model = shipped_networks(landmark_model.name)
        self.model = model if isinstance(model, AUModel) else load_model(Path(model))
        if landmark_model is None and self.model.manifest.landmark_model in NAMES:
            landmark_model = self.model.manifest.landmark_model
        self.tracker = FaceTracker(landmark_model, max_faces)
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
        fps: float = 30.0,
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
            `NeutralFace`, or None if there is none. "auto" is None for one picture, "median" for
            videos longer than 10 s, else "first".
        landmarks : array_like, shape (n_frames, 68, 2), optional
            Landmarks in pixels (NaN where there is no face) instead of a source. Furrows are
            then left out: the networks that know geometry alone answer. `neutral` may then be
            landmarks too, shape (68, 2).
        independent : bool
            Whether the pictures of a list or folder have nothing to do with each other.
        fps : float
            Frames per second of sources that have no time stamps.
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
            isinstance(neutral, (int, np.integer)) or _is_word(neutral, "first", "median")
        ):
            raise InputError(
                f"neutral of independent pictures must be another picture or None, got {neutral!r}"
            )
        if landmarks is not None and _is_shape(neutral):
            neutral = neutral_from_landmarks(neutral)
        given = self._given_neutral(neutral)
        if landmarks is not None:
            rows = measurements_of_landmarks(landmarks, fps)
            kind, name = "sequence" if len(rows) > 1 else "picture", "landmarks"
        else:
            stream = open_frames(source, fps=fps, channel_order=channel_order)
            frames = progress(stream, stream.n_frames) if progress else stream
            rows = self._measure(frames, independent)
            kind, name = stream.kind, stream.name
        choice = neutral if given is None else given
        if _is_word(choice, "auto"):
            choice = mean_neutral() if independent else _usual_choice(kind, rows)
        settings = {"neutral": _in_words(neutral), "independent": independent, "fps": float(fps)}
        has_time = kind != "picture" and not independent
        return self._result(rows, choice, name, settings, has_time=has_time)

    def stream(
        self,
        frames: Any,
        *,
        neutral: Any = "first",
        fps: float = 30.0,
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
        if isinstance(neutral, (int, np.integer)) or _is_word(neutral, "median"):
            raise InputError(
                f'neutral of a stream must be "first", None or a picture, got {neutral!r}'
            )
        given = self._given_neutral(neutral)
        stream = open_frames(frames, fps=fps, channel_order=channel_order)
        settings = {"neutral": _in_words(neutral), "fps": float(fps)}

        def results() -> Iterator[AUResult]:
            self.tracker.reset()
            known: dict[int, NeutralFace] = {}
            for frame in stream:
                rows = measure_frame(frame, self.tracker)
                yield self._result(rows, given or "first", stream.name, settings, known)

        return results()

    def _measure(self, frames: Iterable[Frame], independent: bool) -> FaceMeasurements:
        self.tracker.reset()
        return measure_faces(frames, self.tracker, independent=independent)

    def _given_neutral(self, neutral: Any) -> NeutralFace | None:
        """Return the neutral that does not depend on the sequence, or None."""
        if neutral is None:
            return mean_neutral()
        if isinstance(neutral, bool):
            raise InputError(f"neutral must not be a bool, got {neutral!r}")
        if isinstance(neutral, (int, np.integer)) or _is_word(neutral):
            return None
        is_face = isinstance(neutral, NeutralFace)
        if is_face and not neutral.personal:
            return neutral
        if self.tracker.max_faces > 1:
            raise InputError(
                "a neutral picture serves one face only: max_faces must be 1, "
                f"got {self.tracker.max_faces}"
            )
        return neutral if is_face else measure_neutral(neutral, self.tracker)

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
        found = rows.face_found
        faces = {int(i): np.flatnonzero(found & (rows.face_id == i)) for i in rows.face_id[found]}
        if not faces and isinstance(choice, (int, np.integer)):
            raise NoFaceError(
                f"neutral frame {choice} must show the face, but no frame of {name} shows one"
            )
        for face_id in faces.keys() - known.keys():
            known[face_id] = (
                choice
                if isinstance(choice, NeutralFace)
                else neutral_from_rows(rows.rows(faces[face_id]), choice)
            )
        neutral_furrows = [known[face_id].furrows for face_id in faces]
        kind = NetworkKind(
            uses_neutral=not isinstance(choice, NeutralFace) or choice.personal,
            uses_furrows=bool(rows.has_furrows[found].all() and np.isfinite(neutral_furrows).all()),
        )
        aus = self.model.aus(kind, experimental=self.experimental)
        scores = FaceScores.empty(len(rows), len(aus))
        for face_id, mine in faces.items():
            scores.put(mine, score_face(self.model, aus, kind, rows.rows(mine), known[face_id]))
        scores.finish()
        thresholds = [
            self.thresholds.get(au, t) for au, t in self.model.thresholds(kind, aus).items()
        ]
        result = AUResult(
            aus=aus,
            probabilities=scores.probabilities,
            side=scores.side,
            thresholds=np.array(thresholds),
            frame=rows.frame,
            timestamp_s=rows.timestamp_s,
            face_id=np.maximum(rows.face_id, 0),
            face_found=found,
            confidence=rows.confidence,
            points=rows.points,
            pose=scores.angles,
            reliable=found & self.model.is_within_pose_range(scores.angles),
            neutral={face: known[face].description for face in sorted(known)},
            input=name,
            settings={**self.settings(), **settings},
            evidence=Evidence(kind, rows.furrows, dict(known), self.model),
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
            "experimental": self.experimental,
        }


def detect_aus(
    source: Any = None,
    *,
    neutral: Any = "auto",
    landmarks: ArrayLike | None = None,
    model: str | PathLike[str] | AUModel | None = None,
    landmark_model: str | PathLike[str] | LandmarkModel | None = None,
    max_faces: int = 1,
    experimental: bool = False,
    thresholds: Mapping[int, float] | None = None,
    independent: bool = False,
    fps: float = 30.0,
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


def _is_shape(neutral: Any) -> bool:
    return isinstance(neutral, np.ndarray) and neutral.shape == (N_LANDMARKS, 2)


def _is_word(neutral: Any, *words: str) -> bool:
    """Say whether `neutral` is one of `words`, by default any word that is no file name."""
    return isinstance(neutral, str) and neutral in (words or ("auto", "first", "median"))


def _usual_choice(kind: str, rows: FaceMeasurements) -> NeutralFace | str:
    """Return what "auto" stands for with this kind of input."""
    if kind == "picture":
        return mean_neutral()
    is_long = rows.timestamp_s[-1] - rows.timestamp_s[0] > LONG_VIDEO_S
    return "median" if kind in ("video", "camera") and is_long else "first"


def _in_words(neutral: Any) -> Any:
    """Return the neutral option as JSON can hold it."""
    if neutral is None or isinstance(neutral, (str, int)):
        return neutral
    if isinstance(neutral, np.integer):
        return int(neutral)
    if isinstance(neutral, PathLike):
        return str(neutral)
    return type(neutral).__name__
