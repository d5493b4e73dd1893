"""One viewer's live session: frames go in, results come out, and the neutral can be taken anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from au_detect.detect import AUDetector
from au_detect.errors import NoFaceError
from au_detect.features.neutral import NeutralFace
from au_detect.frames import Frame
from au_detect.landmarks.pose import estimate_pose
from au_detect.results import AUResult
from au_detect.results.blinks import RunningBlinks


class LiveSession:
    """Detect frame by frame, as `AUDetector.stream` does, with a neutral that can change.

    Parameters
    ----------
    detector : AUDetector
        Used by this session alone, because it follows the face.
    neutral : "auto", "first", None, or a picture
        As in `AUDetector.stream`, until `take_neutral` is called.

    Raises
    ------
    InputError
        If `neutral` is something else, or a picture that shows no face.
    """

    def __init__(self, detector: AUDetector, neutral: Any = "auto") -> None:
        self._detector = detector
        self._next: Frame | None = None
        self._last: AUResult | None = None
        self._blinks = RunningBlinks()
        self._start(neutral)

    def detect(self, frame: Frame) -> AUResult:
        """Return the result of the next frame: the row that `AUDetector.stream` gives."""
        self._next = frame
        self._last = next(self._results)
        self._blinks.add(self._last)
        return self._last

    @property
    def n_blinks(self) -> int:
        """How many blinks (AU45) were seen so far; they show only when they are over."""
        return self._blinks.n_blinks

    def take_neutral(self) -> str:
        """Compare the frames that follow with the face in the last one.

        They give what ``detector.stream(frames, neutral=that face)`` gives: the face is looked
        for anew.

        Returns
        -------
        str
            What the neutral is now, in words.

        Raises
        ------
        NoFaceError
            If no frame came yet, or the last one shows no face; the old neutral is kept.
        """
        last = self._last
        if last is None or last.evidence is None or not last.face_found[0]:
            raise NoFaceError("the neutral frame must show the face, but none was found in it")
        pose = estimate_pose(last.points[:1])
        frame = int(last.frame[0])
        neutral = NeutralFace(pose, last.evidence.furrows[0], f"frame {frame}", frames=(frame,))
        self._start(neutral)
        return neutral.description

    def _start(self, neutral: Any) -> None:
        self._results = self._detector.stream(self._frames(), neutral=neutral)

    def _frames(self) -> Iterator[Frame]:
        while self._next is not None:
            yield self._next
