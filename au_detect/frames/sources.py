"""Picture, folder, glob, video, camera, URL or arrays: all become a stream of `Frame`.

A stream holds one frame at a time, so memory does not grow with the length of a clip.
"""

from __future__ import annotations

import math
import operator
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from glob import glob
from itertools import count
from numbers import Integral
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_option, check_positive
from au_detect.frames.pictures import (
    CHANNEL_ORDERS,
    MAX_PICTURE_PIXELS,
    picture_format,
    printable,
    quiet_opencv,
    read_colour_picture,
    read_head,
    select_pictures,
    to_colour,
    to_grey,
)

_EXPECTED = "a picture (PNG, JPEG, TIFF, BMP, WebP, GIF, PNM) or a video"


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
    """

    kind: str
    name: str
    n_frames: int | None
    _frames: Iterator[Frame] = field(repr=False)

    def __iter__(self) -> Iterator[Frame]:
        return self._frames

    def close(self) -> None:
        """Release the camera or file before the end; afterwards there are no more frames."""
        close = getattr(self._frames, "close", None)
        if close is not None:
            close()


def open_frames(
    source: Any, *, fps: float = 30.0, channel_order: str = "bgr", keep_colour: bool = False
) -> FrameStream:
    """Open anything that has pictures in it.

    Parameters
    ----------
    source : path, int, array, or list or iterable of them
        - path to a picture (see `au_detect.frames.pictures`), a folder (all pictures directly in
          it, in natural order), a glob pattern, or a video; an animated GIF is a video;
        - camera number, or URL (``http://``, ``rtsp://``, ...);
        - array of shape (height, width) or (height, width, 1 | 3 | 4), see
          `au_detect.frames.pictures.to_grey`; array of shape (n, height, width, 1 | 3 | 4);
        - list or other iterable of picture paths, arrays or `Frame` (these pass unchanged);
        - a `FrameStream`, which is returned as it is.
    fps : float
        Frames per second of sources without time stamps (pictures, arrays, some videos).
    channel_order : {"bgr", "rgb"}
        Order of the colours in arrays; OpenCV's is "bgr". Files are not affected.
    keep_colour : bool
        Whether frames hold their colours too.

    Returns
    -------
    FrameStream
        Its frames are read when they are asked for.

    Raises
    ------
    InputError
        If the source does not exist, cannot be read, or holds no picture; while reading, if a
        picture is damaged or a video, camera or iterable has no frame at all. A damaged video
        ends at the damage; a camera ends when it delivers no more.
    """
    check_option("channel_order", channel_order, CHANNEL_ORDERS)
    check_positive("fps", fps)
    fps = float(fps)
    if isinstance(source, FrameStream):
        return source
    if isinstance(source, (str, os.PathLike)):
        return _open_text(os.fspath(source), fps, keep_colour)
    if isinstance(source, Integral) and not isinstance(source, bool):
        return _open_camera(int(source), fps, keep_colour)
    if isinstance(source, np.ndarray) and source.ndim < 4:
        to_grey(source, channel_order=channel_order, name="source")
        items = _read_items([source], "array", fps, channel_order, keep_colour)
        return FrameStream("picture", "array", 1, items)
    if isinstance(source, (list, tuple, np.ndarray)):
        return _open_sequence(source, fps, channel_order, keep_colour)
    if isinstance(source, Iterable) and not isinstance(source, (bytes, bytearray, dict, set)):
        frames = _read_items(source, "stream", fps, channel_order, keep_colour)
        return FrameStream("stream", "stream", operator.length_hint(source) or None, frames)
    raise InputError(
        "source must be a path, glob pattern, URL, camera number, array, or an iterable of "
        f"pictures, got {type(source).__name__}"
    )


def _open_text(text: str | bytes, fps: float, keep_colour: bool) -> FrameStream:
    if not isinstance(text, str) or not text or "\0" in text:
        raise InputError(f"source must be a path, glob pattern or URL, got {text!r}")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        name = re.sub(r"//[^/]*@", "//", text)
        return _open_capture("camera", name, text, cv2.CAP_FFMPEG, fps, keep_colour)
    path = Path(text)
    try:
        if path.is_dir():
            files = select_pictures(path.iterdir())
        elif re.search(r"[*?[]", text) and not os.path.lexists(path):
            files = select_pictures(Path(match) for match in glob(text, recursive=True))
        else:
            return _open_file(path, fps, keep_colour)
    except OSError as error:
        raise InputError(f"{printable(path)} cannot be read: {error.strerror}") from error
    if not files:
        raise InputError(f"{printable(path)} must hold pictures, got none")
    name = printable(path)
    frames = _read_items(files, name, fps, keep_colour=keep_colour)
    return FrameStream("sequence", name, len(files), frames)


def _open_file(path: Path, fps: float, keep_colour: bool) -> FrameStream:
    name = printable(path)
    kind = picture_format(path)
    if kind == "gif":
        with suppress(InputError):
            stream = _open_video(path, name, fps, keep_colour)
            if (stream.n_frames or 0) > 1:
                return stream
    if kind:
        frames = _read_items([path], name, fps, keep_colour=keep_colour)
        return FrameStream("picture", name, 1, frames)
    head = read_head(path, 1024)
    # FFmpeg would draw a text as a film of letters, or follow the addresses in a play list.
    if not re.search(rb"[^\t\n\x0b\x0c\r\x1b -\xff]", head):
        got = "text" if head else "an empty file"
        raise InputError(f"{name} must be {_EXPECTED}, got {got}")
    return _open_video(path, name, fps, keep_colour)


def _open_video(path: Path, name: str, fps: float, keep_colour: bool) -> FrameStream:
    address = os.path.abspath(path)  # a leading "/" keeps FFmpeg from seeing a protocol in "a:b"
    if printable(address) != address:  # OpenCV crashes on such names
        raise InputError(f"{name} must have a file name in valid UTF-8 to be read as video")
    return _open_capture("video", name, address, cv2.CAP_FFMPEG, fps, keep_colour)


def _open_camera(number: int, fps: float, keep_colour: bool) -> FrameStream:
    if number < 0:
        raise InputError(f"source must be a camera number from 0, got {number}")
    return _open_capture("camera", f"camera {number}", number, cv2.CAP_ANY, fps, keep_colour)


def _open_sequence(
    items: Sequence[Any] | NDArray, fps: float, channel_order: str, keep_colour: bool
) -> FrameStream:
    if len(items) == 0:
        raise InputError("source must hold at least one picture, got an empty list or array")
    if isinstance(items, np.ndarray) and items.ndim != 4:
        raise InputError(
            "source must have shape (height, width[, channels]) or (n, height, width, channels), "
            f"got {items.shape}"
        )
    name = "arrays"
    paths = [os.fspath(item) for item in items if isinstance(item, (str, os.PathLike))]
    for path in paths:
        if not picture_format(Path(path)):
            raise InputError(f"{printable(path)} in the list must be a picture, got something else")
    if paths:
        name = printable(paths[0] if len(paths) == 1 else f"{paths[0]} to {paths[-1]}")
    frames = _read_items(items, name, fps, channel_order, keep_colour)
    return FrameStream("sequence", name, len(items), frames)


def _read_items(
    items: Iterable[Any],
    name: str,
    fps: float,
    channel_order: str = "bgr",
    keep_colour: bool = False,
) -> Iterator[Frame]:
    """Yield a frame for each picture path, array or frame."""
    n_read = 0
    for index, item in enumerate(items):
        if isinstance(item, Frame):
            yield item
            n_read += 1
            continue
        order, label = channel_order, f"frame {index}"
        if isinstance(item, (str, os.PathLike)):
            order, label = "bgr", printable(os.path.basename(item))
            item = read_colour_picture(item)
        grey = to_grey(item, channel_order=order, name=label)
        colour = to_colour(item, channel_order=order) if keep_colour else None
        yield Frame(grey, index, index / fps, label, colour)
        n_read += 1
    if n_read == 0:
        raise InputError(f"{name} must give at least one picture, got none")


def _open_capture(
    kind: str, name: str, address: str | int, backend: int, fps: float, keep_colour: bool
) -> FrameStream:
    # Read by OpenCV when it first uses FFmpeg: no libav messages on stderr.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    with quiet_opencv():
        capture = cv2.VideoCapture(address, backend)
    n_pixels = capture.get(cv2.CAP_PROP_FRAME_WIDTH) * capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if not capture.isOpened() or (kind == "video" and n_pixels <= 0):
        capture.release()
        if kind == "video":
            raise InputError(f"{name} must be {_EXPECTED}, got one of another kind or damaged")
        raise InputError(f"{name} must deliver pictures, but it could not be opened")
    if n_pixels > MAX_PICTURE_PIXELS:
        capture.release()
        raise InputError(
            f"{name} must have at most {MAX_PICTURE_PIXELS} pixels a frame, got {n_pixels:.0f}"
        )
    n_frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
    return FrameStream(
        kind,
        name,
        int(n_frames) if 0 < n_frames < 2**53 else None,
        _capture_frames(
            capture, name, fps, has_clock=isinstance(address, str), keep_colour=keep_colour
        ),
    )


def _capture_frames(
    capture: cv2.VideoCapture, name: str, fps: float, *, has_clock: bool, keep_colour: bool
) -> Iterator[Frame]:
    """Yield frames until there are no more; cameras (no clock in them) are timed on arrival."""
    container_fps = capture.get(cv2.CAP_PROP_FPS)
    fps = container_fps if has_clock and 0 < container_fps < math.inf else fps
    timestamp_s = start_s = 0.0
    try:
        for index in count():
            with quiet_opencv():
                found, image = capture.read()
            if not found or image is None:
                break
            if has_clock:
                now_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                if not math.isfinite(now_s) or (index > 0 and now_s <= 0):
                    now_s = index / fps
            else:
                start_s = start_s or time.monotonic()
                now_s = time.monotonic() - start_s
            timestamp_s = max(timestamp_s, now_s)
            label = f"{name} frame {index}"
            colour = to_colour(image) if keep_colour else None
            yield Frame(to_grey(image, name=label), index, timestamp_s, label, colour)
    finally:
        capture.release()
    if index == 0:
        raise InputError(f"{name} must give at least one frame, got none")
