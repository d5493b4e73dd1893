"""One pass over a video that is open: every frame with its time, and what was missing.

What is damaged is left out, and `StreamFacts.notices` says what is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from au_detect.errors import InputError, TooLargeError
from au_detect.frames.clock import FrameClock
from au_detect.frames.deinterlacing import deinterlaced
from au_detect.frames.formats import BARE_FORMATS, RESTARTING_FORMATS
from au_detect.frames.limits import MAX_PICTURE_PIXELS
from au_detect.frames.luma import colour_of, grey_of, shown_size, upright
from au_detect.frames.stream import USUAL_FPS, Frame, StreamFacts

if TYPE_CHECKING:
    from av import VideoFrame
    from av.container import InputContainer
    from av.video.stream import VideoStream

FAR_FEWER = 0.9
"""A video that gives a smaller share of the frames that its container promises has a notice."""
ASPECT_RATIOS = (0.1, 10.0)
"""Pixels that claim another shape are taken for square."""


class VideoReader:
    """One pass over the frames of a video.

    Parameters
    ----------
    container, stream
        As PyAV opened them; `frames` closes them.
    name : str
        What the video is called in errors.
    fps : float or None
        Frames per second instead of the video's own time stamps.
    n_frames : int or None
        How many frames it promises, where that is known better than from the container.

    Attributes
    ----------
    n_frames : int or None
        How many frames to expect.
    facts : StreamFacts
        Complete when all frames were read.
    """

    def __init__(
        self,
        container: InputContainer,
        stream: VideoStream,
        name: str,
        fps: float | None,
        n_frames: int | None,
    ) -> None:
        self._container, self._stream, self._name = container, stream, name
        format_names = set(container.format.name.split(","))
        self._counted = fps is not None or bool(format_names & BARE_FORMATS)
        self._fps = fps or _frame_rate(stream, is_bare=bool(format_names & BARE_FORMATS))
        restarts = bool(format_names & RESTARTING_FORMATS)
        self._clock = FrameClock(1 / self._fps, restarts=restarts)
        self._damaged = 0
        self.n_frames = n_frames or _promised_frames(container, stream, self._fps)
        self.facts = StreamFacts(
            fps=round(self._fps, 6),
            time_from="fps" if self._counted else "video",
            codec=stream.codec_context.codec.canonical_name,
        )
        self._set_aspect_ratio()

    def _set_aspect_ratio(self) -> None:
        ratio = self._stream.sample_aspect_ratio or self._stream.codec_context.sample_aspect_ratio
        if not ratio or ratio <= 0:
            return
        if not ASPECT_RATIOS[0] <= ratio <= ASPECT_RATIOS[1]:
            self.facts.notice(f"pixels of {ratio} by 1 are taken for square")
            return
        self.facts.pixel_aspect_ratio = float(ratio)

    def frames(self, keep_colour: bool) -> Iterator[Frame]:
        """Yield the frames, and close the video at their end."""
        import av

        index = -1
        try:
            time_base = self._stream.time_base or Fraction(1, 90_000)
            pictures = deinterlaced(self._decoded(), time_base, self.facts)
            for index, picture in enumerate(pictures):
                yield self._frame(picture, index, keep_colour)
        except MemoryError as error:
            raise InputError(f"{self._name} needs more memory than there is") from error
        except av.FFmpegError as error:
            if index < 0:
                raise InputError(f"{self._name} cannot be decoded: {error}") from error
            self._damaged += 1
        finally:
            self._container.close()
        if index < 0:
            raise InputError(f"{self._name} must give at least one frame, got none")
        self._notice_what_is_missing(index + 1)

    def _decoded(self) -> Iterator[VideoFrame]:
        """Yield the frames as they are stored; what cannot be decoded is left out."""
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self._damaged += 1
                return
            if packet is None:
                return
            try:
                yield from packet.decode()
            except av.FFmpegError:
                self._damaged += 1

    def _frame(self, picture: VideoFrame, index: int, keep_colour: bool) -> Frame:
        ratio = self.facts.pixel_aspect_ratio
        width, height = shown_size(picture.width, picture.height, ratio)
        label = f"{self._name} frame {index}"
        if width * height > MAX_PICTURE_PIXELS:
            raise TooLargeError(
                f"{label} must have at most {MAX_PICTURE_PIXELS} pixels, got {width} x {height}"
            )
        stamp_s = picture.time
        if index == 0:
            self._set_start_offset(stamp_s)
        time_s = index / self._fps if self._counted else self._clock.tick(stamp_s)
        grey = upright(grey_of(picture), picture, ratio)
        colour = upright(colour_of(picture), picture, ratio) if keep_colour else None
        return Frame(grey, index, time_s, label, colour)

    def _set_start_offset(self, stamp_s: float | None) -> None:
        start = self._container.start_time
        if stamp_s is not None and start is not None and len(self._container.streams) > 1:
            self.facts.start_offset_s = round(stamp_s - start / 1e6, 6)

    def _notice_what_is_missing(self, n_read: int) -> None:
        promised = self.n_frames or 0
        if n_read < FAR_FEWER * promised - 1:
            self.facts.notice(f"only {n_read} of {promised} frames could be read")
        elif self._damaged:
            self.facts.notice(f"{self._damaged} damaged parts were left out")


def _frame_rate(stream: VideoStream, *, is_bare: bool) -> float:
    """Return the rate that the video says it has; bare pictures hold it in their codec."""
    rates = [stream.average_rate, stream.guessed_rate, stream.base_rate]
    rates.insert(0 if is_bare else len(rates), stream.codec_context.framerate)
    return next((float(rate) for rate in rates if rate and 0 < rate < 10_000), USUAL_FPS)


def _promised_frames(container: InputContainer, stream: VideoStream, fps: float) -> int | None:
    """Return how many frames the container says there are, or by its length; None if neither."""
    promised = []
    if 0 < stream.frames < 2**31:
        promised.append(stream.frames)
    length_s = _length_s(container, stream)
    if length_s is not None and 0 < length_s * fps < 2**31:
        promised.append(round(length_s * fps))
    return min(promised, default=None)


def _length_s(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    clock = re.match(r"(\d\d):(\d\d):(\d\d\.\d{1,9})", stream.metadata.get("DURATION", ""))
    if clock:
        start_s = float((stream.start_time or 0) * (stream.time_base or 0))
        return 3600 * int(clock[1]) + 60 * int(clock[2]) + float(clock[3]) - max(start_s, 0.0)
    has_other = len(container.streams) > 1
    return container.duration / 1e6 if container.duration and not has_other else None
