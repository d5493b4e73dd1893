"""Files of pictures that hold several: pages of a TIFF file, frames of an animated WebP."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.frames.files import printable, read_whole
from au_detect.frames.limits import MAX_PICTURE_BYTES
from au_detect.frames.picture_kinds import (
    N_HEAD_BYTES,
    TiffPage,
    check_size,
    n_animated_png,
    tiff_pages,
    webp_durations_s,
    webp_size,
)
from au_detect.frames.pictures import cannot_be_decoded, decode_coded, decoding

AT_ONCE_BYTES = 256 * 2**20
"""So much of a WebP animation, which is decoded from its start each time, is held at once."""

Picture = tuple[NDArray, float | None]
"""As `au_detect.frames.pictures.decode_picture` returns it, and its time in s."""


def n_pictures_in(kind: str, path: Path) -> int:
    """Return how many pictures a file of this kind holds that follow each other; 1 for most.

    Raises
    ------
    InputError
        If it is too large to be looked at.
    """
    if kind not in ("png", "webp", "tiff"):
        return 1
    data = memoryview(read_whole(path, MAX_PICTURE_BYTES))
    if kind == "png":
        return n_animated_png(data)
    return len(webp_durations_s(data)) if kind == "webp" else len(_frame_pages(data))


def read_pictures_in(kind: str, path: Path) -> Iterator[Picture]:
    """Yield the pictures of a TIFF file or an animated WebP file.

    Raises
    ------
    InputError
        If one is damaged or too large.
    """
    data, name = read_whole(path, MAX_PICTURE_BYTES), printable(path)
    check_size(kind, data, name)
    yield from _tiff(data, name) if kind == "tiff" else _webp(data, name)


def _frame_pages(data: bytes | memoryview) -> list[TiffPage]:
    """Return the pages of a TIFF file that are no thumbnails, masks or smaller copies."""
    try:
        pages = tiff_pages(data)
    except (ValueError, struct.error):
        return []
    size = (pages[0].width, pages[0].height)
    return [page for page in pages if page.is_picture and (page.width, page.height) == size]


def _tiff(data: bytes, name: str) -> Iterator[Picture]:
    """Yield each page as if it were the first; OpenCV's own way hides damage."""
    byte_order = "<u4" if data[:2] == b"II" else ">u4"
    coded = np.frombuffer(data, np.uint8).copy()
    for number, page in enumerate(_frame_pages(data), 1):
        coded[4:8] = np.array([page.at_byte], byte_order).view(np.uint8)
        yield decode_coded("tiff", coded, f"page {number} of {name}"), None


def _webp(data: bytes, name: str) -> Iterator[Picture]:
    durations_s, coded = webp_durations_s(data), np.frombuffer(data, np.uint8)
    ((width, height),) = webp_size(data[:N_HEAD_BYTES])
    n_at_once = max(1, AT_ONCE_BYTES // (4 * width * height))
    time_s = 0.0
    for first in range(0, len(durations_s), n_at_once):
        with decoding("webp", name):
            found, animation = cv2.imdecodeanimation(coded, first, n_at_once)
        if not found or not animation.frames:
            raise cannot_be_decoded("webp", f"frame {first} of {name}")
        for image, duration_s in zip(animation.frames, durations_s[first:], strict=False):
            yield image, time_s
            time_s += duration_s
