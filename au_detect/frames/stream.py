"""What every source becomes: a `FrameStream` of `Frame`, and what is known about it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError

USUAL_FPS = 30.0
"""Of sources that have no time stamps."""
BURST_FRAMES, BURST_PIXELS = 16, 8_000_000
"""A burst of frames ends at the first of these."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One grey picture with its place in a sequence.

    Attributes
    ----------
    image : uint8 array, shape (height, width)
        Grey values, rows next to each other in memory.
    index : int
        Number of the frame, from 0.
    timestamp_s : float
        Seconds since the start, rounded to microseconds: a container's 33.3333 ms and
        ``1 / 30`` are then the same number.
    name : str
        What the frame is called in errors: a file name, or the clip and the number.
    colour : uint8 array, shape (height, width, 3), optional
        Blue, green, red, for showing; only where `open_frames` was asked to keep it.

    Raises
    ------
    InputError
        If the picture is no such array, or `index` or `timestamp_s` is negative or not finite.
    """

    image: NDArray[np.uint8]
    index: int
    timestamp_s: float
    name: str
    colour: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        image = self.image
        if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 2:
            is_array = isinstance(image, np.ndarray)
            got = f"{image.dtype} {image.shape}" if is_array else type(image).__name__
            raise InputError(f"image must be a uint8 array of shape (height, width), got {got}")
        if image.size == 0:
            raise InputError(f"image must have at least one pixel, got shape {image.shape}")
        if isinstance(self.index, bool) or not isinstance(self.index, Integral) or self.index < 0:
            raise InputError(f"index must be a whole number from 0, got {self.index!r}")
        if not (math.isfinite(self.timestamp_s) and self.timestamp_s >= 0):
            raise InputError(f"timestamp_s must be 0 or more seconds, got {self.timestamp_s!r}")
        object.__setattr__(self, "image", np.ascontiguousarray(image))
        object.__setattr__(self, "index", int(self.index))
        object.__setattr__(self, "timestamp_s", round(float(self.timestamp_s), 6))


@dataclass
class StreamFacts:
    """What is known about a source; some of it only once its frames were read.

    Attributes
    ----------
    fps : float or None
        Frames per second: as given, or else as the source says or is taken to have.
    time_from : {"fps", "video", "arrival", "frames"}
        Where time stamps come from: the number of the frame and `fps`; the video's own time
        stamps; the clock when the frame came; the `Frame` objects that were given.
    start_offset_s : float or None
        How long after its container (its sound, say) a video starts.
    codec : str or None
    is_interlaced : bool
        Whether frames were interlaced, and so deinterlaced.
    pixel_aspect_ratio : float
        Width of a pixel by its height, as stored; frames have square pixels.
    notices : list of str
        What the user should know, a sentence without a full stop each.
    unlike : str or None
        Why pictures may not belong together, where they are taken for a sequence.
    """

    fps: float | None = None
    time_from: str = "fps"
    start_offset_s: float | None = None
    codec: str | None = None
    is_interlaced: bool = False
    pixel_aspect_ratio: float = 1.0
    notices: list[str] = field(default_factory=list)
    unlike: str | None = None

    def notice(self, text: str) -> None:
        """Add a notice, once."""
        if text not in self.notices:
            self.notices.append(text)


@dataclass(frozen=True, eq=False)
class FrameStream:
    """Frames, one after the other, and where they come from.

    Like a file it can be read once: a second loop goes on where the first one stopped.

    Attributes
    ----------
    kind : {"picture", "sequence", "video", "camera", "stream"}
        One picture; pictures that belong together; a video file; a camera or URL; an iterable.
    name : str
        The source in words, for results: the path as given, ``camera 0``, a URL without
        password, ``array``, ``arrays`` or ``stream``.
    n_frames : int or None
        How many frames to expect, where that is known. Exact for pictures and arrays; for
        videos it is what the container says, which may be a few frames off.
    facts : StreamFacts
        Complete when all frames were read.
    files : tuple of str
        The picture files, in order, where each frame is one; else empty.
    """

    kind: str
    name: str
    n_frames: int | None
    _frames: Iterator[Frame] = field(repr=False)
    facts: StreamFacts = field(default_factory=StreamFacts)
    files: tuple[str, ...] = field(default=(), repr=False)

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def close(self) -> None:
        """Release the camera or file before the end; afterwards there are no more frames."""
        close = getattr(self._frames, "close", None)
        if close is not None:
            close()

    def describe(self, *, independent: bool = False) -> dict[str, Any]:
        """Return what is known about the source so far, as JSON can hold it.

        ``fps`` and ``time_from`` are always there; the rest only where there is something to
        say: ``start_offset_s``, ``codec``, ``deinterlaced``, ``pixel_aspect_ratio``, ``notices``.
        `independent` pictures have no time; their ``files`` are there instead.
        """
        facts = self.facts
        notices = list(facts.notices)
        known: dict[str, Any] = {"fps": facts.fps, "time_from": facts.time_from}
        if independent:
            known = {"fps": None, "time_from": "none"}
            known |= {"files": list(self.files)} if self.files else {}
        elif facts.unlike:
            notices.append(
                f"read as one sequence, though {facts.unlike}: use independent (--independent) if "
                "the pictures have nothing to do with each other"
            )
        if facts.start_offset_s is not None:
            known["start_offset_s"] = facts.start_offset_s
        if facts.codec is not None:
            known["codec"] = facts.codec
        if facts.is_interlaced:
            known["deinterlaced"] = True
        if facts.pixel_aspect_ratio != 1:
            known["pixel_aspect_ratio"] = round(facts.pixel_aspect_ratio, 6)
        if notices:
            known["notices"] = notices
        return known


def in_bursts(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Yield frames that are read several at a time, in memory of their own.

    Decoding a frame and measuring it push each other out of the processor's caches: a tenth of all
    time is saved where they take turns less often.
    """
    burst: list[Frame] = []
    try:
        for frame in frames:
            burst.append(frame)
            if len(burst) * frame.image.size >= BURST_PIXELS or len(burst) == BURST_FRAMES:
                yield from burst
                burst = []
    except InputError:  # what was read before is given before
        yield from burst
        raise
    yield from burst
