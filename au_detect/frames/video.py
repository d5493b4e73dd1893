"""Videos, from files and URLs, opened and decoded by PyAV (FFmpeg).

Grey comes from the luma (`au_detect.frames.luma`), interlaced frames are deinterlaced, time
stamps are those of the video from its first frame on (`au_detect.frames.clock`).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from au_detect.errors import InputError, TooLargeError
from au_detect.frames.files import printable
from au_detect.frames.formats import (
    FILE_OPTIONS,
    PICTURE_FORMATS,
    URL_OPTIONS,
    URL_SCHEMES,
)
from au_detect.frames.limits import MAX_PICTURE_PIXELS
from au_detect.frames.stream import USUAL_FPS, FrameStream, in_bursts
from au_detect.frames.video_reader import VideoReader

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.video.stream import VideoStream

EXPECTED = "a picture (PNG, JPEG, TIFF, BMP, WebP, GIF, PNM, HEIF, AVIF) or a video"
DECODER_OPTIONS = {"max_pixels": str(MAX_PICTURE_PIXELS)}
URL_TIMEOUT_S = 20.0
MOST_PIXELS_AHEAD = 16_000_000
"""Frames of more pixels are not decoded ahead by several threads, each of which holds one."""


def open_video(
    path: Path, *, fps: float | None = None, keep_colour: bool = False, n_frames: int | None = None
) -> FrameStream:
    """Open a video file.

    Parameters
    ----------
    path : Path
    fps : float, optional
        Frames per second, instead of the video's own time stamps.
    keep_colour : bool
    n_frames : int, optional
        How many frames it promises, where the caller knows that.

    Raises
    ------
    InputError
        If the file is no video that can be decoded, or its pictures are too large; while
        reading, if it has no frame at all.
    """
    name = printable(path)
    address = f"file:{os.path.abspath(path)}"  # the prefix: a name is never a protocol
    if printable(address) != address:
        raise InputError(f"{name} must have a file name in valid UTF-8 to be read as video")
    container = _opened(address, FILE_OPTIONS, None)
    if container is None:
        raise InputError(f"{name} must be {EXPECTED}, got one of another kind or damaged")
    is_picture = container.format.name in PICTURE_FORMATS
    if is_picture:
        return _stream(container, "picture", name, fps or USUAL_FPS, keep_colour, 1)
    return _stream(container, "video", name, fps, keep_colour, n_frames)


def open_url(url: str, *, fps: float | None = None, keep_colour: bool = False) -> FrameStream:
    """Open what a URL delivers; errors as in `open_video`. Its password is not kept."""
    name = re.sub(r"//[^/]*@", "//", url)
    scheme = url.partition("://")[0].lower()
    if scheme not in URL_SCHEMES:
        raise InputError(f"source must be a path or a URL of {', '.join(URL_SCHEMES)}, got {name}")
    container = _opened(url, URL_OPTIONS, URL_TIMEOUT_S)
    if container is None:
        raise InputError(f"{name} must deliver pictures, but it could not be opened")
    return _stream(container, "camera", name, fps, keep_colour, None)


def _opened(
    address: str, options: dict[str, str], timeout_s: float | None
) -> InputContainer | None:
    import av

    try:
        return av.open(address, options=options | DECODER_OPTIONS, timeout=timeout_s)
    except (av.FFmpegError, OSError, ValueError, UnicodeError):
        return None


def _stream(
    container: InputContainer,
    kind: str,
    name: str,
    fps: float | None,
    keep_colour: bool,
    n_frames: int | None,
) -> FrameStream:
    try:
        stream = _pictures_in(container, name)
        _check_size(stream, name)
        reader = VideoReader(container, stream, name, fps, n_frames)
        stream.codec_context.options = DECODER_OPTIONS
        n_pixels = stream.codec_context.width * stream.codec_context.height
        ahead = kind != "camera" and n_pixels <= MOST_PIXELS_AHEAD
        stream.thread_type = "AUTO" if ahead else "SLICE"
    except BaseException:
        container.close()
        raise
    frames = reader.frames(keep_colour)
    if kind == "video":
        frames = in_bursts(frames)
    return FrameStream(kind, name, reader.n_frames, frames, reader.facts)


def _pictures_in(container: InputContainer, name: str) -> VideoStream:
    """Return the best video stream that is no cover picture and can be decoded."""
    from av.stream import Disposition

    videos = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not videos:
        raise InputError(f"{name} must be {EXPECTED}, got one without pictures")
    best = container.streams.best("video")
    stream = next((s for s in videos if s is best), videos[0])
    if stream.codec_context is None:
        raise InputError(
            f"{name} must have a video codec that FFmpeg decodes, got {_codec_name(container)}"
        )
    return stream


def _codec_name(container: InputContainer) -> str:
    """Return what FFmpeg calls the codec of the pictures, such as ``none (zzzz / 0x7A7A7A7A)``."""
    from av import logging

    level = logging.get_level()
    try:
        logging.set_level(logging.INFO)  # the only way to be told
        text = container.dumps_format()  # type: ignore[attr-defined]
    finally:
        logging.set_level(level)
    found = re.search(r"Video: ([ -+\--~]+)", text)
    return found[1] if found else "unknown"


def _check_size(stream: VideoStream, name: str) -> None:
    n_pixels = stream.codec_context.width * stream.codec_context.height
    if n_pixels <= 0:
        raise InputError(f"{name} must be {EXPECTED}, got one of another kind or damaged")
    if n_pixels > MAX_PICTURE_PIXELS:
        raise TooLargeError(
            f"{name} must have at most {MAX_PICTURE_PIXELS} pixels a frame, got {n_pixels}"
        )
