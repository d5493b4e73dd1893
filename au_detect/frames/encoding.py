"""Pictures → a video file that browsers play, encoded by PyAV (FFmpeg).

H.264 in MP4 where the build of FFmpeg has an encoder for it, else VP9 in WebM.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from types import TracebackType

    from av.video.stream import VideoStream

MP4, WEBM = ".mp4", ".webm"
_ENCODERS: dict[str, tuple[str, dict[str, str]]] = {
    # name: ending of the file, options
    "libx264": (MP4, {"crf": "20", "preset": "veryfast"}),
    "libopenh264": (MP4, {}),
    "libvpx-vp9": (WEBM, {"crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "5"}),
}
LARGEST_DENOMINATOR = 60_000
"""Of the frame rate, which containers hold as a fraction."""


@cache
def video_ending() -> str:
    """Return the ending of the files that are written here: ``".mp4"`` or ``".webm"``.

    Raises
    ------
    CannotEncodeError
        If FFmpeg has no encoder whose files browsers play.
    """
    return _ENCODERS[_encoder()][0]


@cache
def _encoder() -> str:
    from av.codec import Codec
    from av.codec.codec import UnknownCodecError

    for name in _ENCODERS:
        try:
            Codec(name, "w")
        except UnknownCodecError:
            continue
        return name
    raise CannotEncodeError(
        f"FFmpeg must have one of the encoders {', '.join(_ENCODERS)}, got none"
    )


class CannotEncodeError(OSError):
    """A video file cannot be written, or not whole."""


@contextmanager
def _told() -> Iterator[None]:
    """Turn what FFmpeg raises into an error that nothing else raises."""
    import av

    try:
        yield
    except (av.FFmpegError, OSError) as error:
        raise CannotEncodeError(str(error)) from error


class VideoEncoder:
    """Writes a video file, as a context.

    Parameters
    ----------
    file : Path
    fps : float
        Frames per second.
    size : (int, int)
        Width and height in px, both even.

    Raises
    ------
    CannotEncodeError
        When it is made, written to or left, if the file cannot be written.
    """

    def __init__(self, file: Path, fps: float, size: tuple[int, int]) -> None:
        import av

        ending, options = _ENCODERS[_encoder()]
        rate = Fraction(fps).limit_denominator(LARGEST_DENOMINATOR)
        self._time_base, self._n = 1 / rate, 0
        is_mp4 = ending == MP4
        with _told():
            self._container = av.open(
                str(file), "w", format="mp4" if is_mp4 else "webm",
                options={"movflags": "+faststart"} if is_mp4 else {},
            )  # fmt: skip
        added = self._container.add_stream(_encoder(), rate=rate, options=options)
        self._stream = cast("VideoStream", added)
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"

    def write(self, picture: NDArray[np.uint8]) -> None:
        """Add a picture, shape (height, width, 3): blue, green, red."""
        from av import VideoFrame

        frame = VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
        frame.pts, frame.time_base = self._n, self._time_base
        self._n += 1
        with _told():
            self._container.mux(self._stream.encode(frame))

    def __enter__(self) -> VideoEncoder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        with _told():
            try:
                if kind is None:
                    self._container.mux(self._stream.encode(None))
            finally:
                self._container.close()
