"""Picture, folder, glob, video, camera, URL or arrays: all become a stream of `Frame`.

A stream holds one frame at a time, so memory does not grow with the length of a clip.
"""

from __future__ import annotations

import operator
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from glob import glob
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_option, check_positive
from au_detect.frames.camera import open_camera
from au_detect.frames.files import printable, read_head
from au_detect.frames.pictures import (
    CHANNEL_ORDERS,
    picture_format,
    read_colour_picture,
    select_pictures,
    to_colour,
    to_grey,
)
from au_detect.frames.several_pictures import n_pictures_in, read_pictures_in
from au_detect.frames.stream import USUAL_FPS, Frame, FrameStream, StreamFacts
from au_detect.frames.values import ValueScale
from au_detect.frames.video import EXPECTED, open_url, open_video

Picture = str | os.PathLike[str] | NDArray[Any] | Frame
Source = Picture | int | Sequence[Picture] | Iterable[Picture] | FrameStream
"""Anything that `open_frames` opens."""


def open_frames(
    source: Source,
    *,
    fps: float | None = None,
    channel_order: str = "bgr",
    keep_colour: bool = False,
) -> FrameStream:
    """Open anything that has pictures in it.

    Parameters
    ----------
    source : path, int, array, or list or iterable of them
        - path to a picture (see `au_detect.frames.pictures`), a folder (all pictures directly in
          it, in natural order), a glob pattern, or a video; an animated GIF, PNG or WebP is a
          video, a TIFF of several pages a sequence;
        - camera number, or URL (``http://``, ``rtsp://``, ...);
        - array of shape (height, width) or (height, width, 1 | 3 | 4), see
          `au_detect.frames.pictures.to_grey`; array of shape (n, height, width, 1 | 3 | 4);
        - list or other iterable of picture paths, arrays or `Frame` (these pass unchanged);
        - a `FrameStream`, which is returned as it is.
    fps : float, optional
        Frames per second, also of a video instead of its own time stamps. By default videos have
        their own, and other sources 30.
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
        picture is damaged or a video, camera or iterable has no frame at all. Damaged parts of a
        video are left out; a camera ends when it delivers no more.
    """
    check_option("channel_order", channel_order, CHANNEL_ORDERS)
    if fps is not None:
        check_positive("fps", fps)
        fps = float(fps)
    if isinstance(source, FrameStream):
        return source
    if isinstance(source, (str, os.PathLike)):
        return _open_text(os.fspath(source), fps, keep_colour)
    if isinstance(source, Integral) and not isinstance(source, bool):
        return open_camera(int(source), keep_colour=keep_colour)
    items = _Items(fps or USUAL_FPS, channel_order, keep_colour)
    if isinstance(source, np.ndarray) and source.ndim < 4:
        to_grey(source, channel_order=channel_order, name="source")
        return items.stream([source], "picture", "array", 1)
    if isinstance(source, (list, tuple, np.ndarray)):
        return _open_sequence(source, items)
    if isinstance(source, Iterable) and not isinstance(source, (bytes, bytearray, dict, set)):
        return items.stream(source, "stream", "stream", operator.length_hint(source) or None)
    raise InputError(
        "source must be a path, glob pattern, URL, camera number, array, or an iterable of "
        f"pictures, got {type(source).__name__}"
    )


def _open_text(text: str | bytes, fps: float | None, keep_colour: bool) -> FrameStream:
    if not isinstance(text, str) or not text or "\0" in text:
        raise InputError(f"source must be a path, glob pattern or URL, got {text!r}")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        return open_url(text, fps=fps, keep_colour=keep_colour)
    path = Path(text)
    root = path
    try:
        if path.is_dir():
            files = select_pictures(path.iterdir())
        elif is_pattern(text):
            files = select_pictures(Path(match) for match in glob(text, recursive=True))
            root = Path(os.path.dirname(re.split(r"[*?[]", text, maxsplit=1)[0]))
        else:
            return _open_file(path, fps, keep_colour)
    except OSError as error:
        raise InputError(f"{printable(path)} cannot be read: {error.strerror}") from error
    if not files:
        raise InputError(f"{printable(path)} must hold pictures, got none")
    items = _Items(fps or USUAL_FPS, keep_colour=keep_colour)
    stream = items.stream(files, "sequence", printable(path), len(files))
    stream.facts.unlike = names_that_do_not_count_on([file.stem for file in files])
    names = tuple(printable(os.path.relpath(file, root)) for file in files)
    return replace(stream, files=names)


def is_pattern(text: str) -> bool:
    """Return whether a text is a glob pattern and no file of that name."""
    return bool(re.search(r"[*?[]", text)) and not os.path.lexists(text)


def names_that_do_not_count_on(stems: Sequence[str]) -> str | None:
    """Return what is wrong with names of pictures that should differ in a number alone, or None."""
    first = next((stem for stem in stems if _uncounted(stem) != _uncounted(stems[0])), None)
    if first is None:
        return None
    return f"their names do not count on ({printable(stems[0])}, {printable(first)})"


def _uncounted(stem: str) -> str:
    return re.sub(r"\d+", "0", stem)


def _open_file(path: Path, fps: float | None, keep_colour: bool) -> FrameStream:
    name = printable(path)
    kind = picture_format(path)
    items = _Items(fps or USUAL_FPS, keep_colour=keep_colour)
    if kind is None:
        _refuse_text(path, name)
        return open_video(path, fps=fps, keep_colour=keep_colour)
    n_pictures = n_pictures_in(kind, path)
    if kind == "gif" or (kind == "png" and n_pictures > 1):
        with suppress(InputError):
            n_frames = n_pictures if kind == "png" else None
            stream = open_video(path, fps=fps, keep_colour=keep_colour, n_frames=n_frames)
            if (stream.n_frames or 0) > 1:
                return stream
            stream.close()
    elif n_pictures > 1:
        stream_kind = "video" if kind == "webp" else "sequence"
        items.timed = kind == "webp" and fps is None
        return items.stream(read_pictures_in(kind, path), stream_kind, name, n_pictures)
    return items.stream([path], "picture", name, 1)


def _refuse_text(path: Path, name: str) -> None:
    """Raise if a file that is no picture is empty or a text, which no video is."""
    head = read_head(path, 1024)
    if not re.search(rb"[^\t\n\x0b\x0c\r\x1b -\xff]", head):
        raise InputError(f"{name} must be {EXPECTED}, got {'text' if head else 'an empty file'}")


def _open_sequence(items: Sequence[Any] | NDArray, reader: _Items) -> FrameStream:
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
    stream = reader.stream(items, "sequence", name, len(items))
    return (
        replace(stream, files=tuple(map(printable, paths))) if len(paths) == len(items) else stream
    )


class _Items:
    """Make frames of picture paths, arrays and frames."""

    timed = False
    """Whether items are pairs of an array and its time."""

    def __init__(self, fps: float, channel_order: str = "bgr", keep_colour: bool = False) -> None:
        self._channel_order, self._keep_colour = channel_order, keep_colour
        self._facts = StreamFacts(fps=fps)
        self._scale = ValueScale()
        self._size: tuple[int, int] | None = None

    def stream(
        self, items: Iterable[Any], kind: str, name: str, n_frames: int | None
    ) -> FrameStream:
        """Return the stream of the items, which are read when they are asked for."""
        return FrameStream(kind, name, n_frames, self._frames(items, name), self._facts)

    def _frames(self, items: Iterable[Any], name: str) -> Iterator[Frame]:
        n_read = 0
        for index, item in enumerate(items):
            if isinstance(item, Frame):
                self._facts.fps, self._facts.time_from = None, "frames"
                yield item
            else:
                yield self._frame(item, index)
            n_read += 1
        if n_read == 0:
            raise InputError(f"{name} must give at least one picture, got none")
        if self._scale.notice:
            self._facts.notice(self._scale.notice)

    def _frame(self, item: Any, index: int) -> Frame:
        order, label, time_s = self._channel_order, f"frame {index}", None
        is_file = isinstance(item, (str, os.PathLike))
        if is_file:
            order, label = "bgr", printable(os.path.basename(item))
            item = read_colour_picture(item)
        elif isinstance(item, tuple):
            is_file = True
            order, (item, time_s) = "bgr", item
        is_deep = isinstance(item, np.ndarray) and item.dtype.kind == "u"
        scale = self._scale if is_file or (is_deep and item.dtype.itemsize == 2) else None
        grey = to_grey(item, channel_order=order, name=label, scale=scale)
        self._compare_sizes(grey.shape[1], grey.shape[0])
        colour = None
        if self._keep_colour:
            colour = to_colour(item, channel_order=order, scale=scale)
        if time_s is None or not self.timed:
            time_s = index / (self._facts.fps or USUAL_FPS)
        else:
            self._facts.fps, self._facts.time_from = None, "video"
        return Frame(grey, index, time_s, label, colour)

    def _compare_sizes(self, width: int, height: int) -> None:
        self._size = self._size or (width, height)
        if self._size != (width, height):
            first = " x ".join(map(str, self._size))
            self._facts.unlike = f"their sizes differ ({first}, {width} x {height})"
