"""Whether others are seen beside the one face that ``au-detect run`` follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from au_detect.detect import AUDetector, Progress
    from au_detect.frames import Frame


class Company:
    """Keeps two frames of an input, its first and one beyond its middle, to count faces in.

    Nothing is kept or counted where all faces are followed, or pictures are independent.
    """

    def __init__(self, detector: AUDetector, independent: bool) -> None:
        self._detector = detector
        self._is_needed = detector.tracker.max_faces == 1 and not independent
        self._kept: list[Frame] = []

    def watching(self, progress: Progress) -> Progress:
        """Return `progress`, which keeps the frames as they come by."""
        if not self._is_needed:
            return progress

        def keep(frames: Any, n_frames: int | None) -> Iterable[Frame]:
            return _Watched(frames, progress(frames, n_frames), self._keep)

        return keep

    def _keep(self, frame: Frame) -> None:
        if frame.index & (frame.index - 1) == 0:  # 0, 1, 2, 4, 8, ...
            self._kept[1 if self._kept else 0 :] = [frame]

    def notices(self, result: Any) -> list[str]:
        """Say that one of several was followed, if so."""
        if not result.face_found.any():
            return []
        from au_detect.detecting import count_faces

        n = max((count_faces(self._detector, frame.image) for frame in self._kept), default=1)
        if n < 2:
            return []
        return [
            f"{result.input}: {n} people are seen, and the largest was followed: --max-faces {n} "
            "follows all"
        ]


class _Watched:
    """Frames that are shown to somebody else as they come by; can be closed as their stream."""

    def __init__(self, stream: Any, frames: Iterable[Frame], seen: Any) -> None:
        self.close, self._frames, self._seen = stream.close, frames, seen

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._frames:
            self._seen(frame)
            yield frame
