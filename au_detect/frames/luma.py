"""From a decoded frame of a video to 8-bit grey, upright and with square pixels.

The grey of a video is its luma, which the codec keeps as a plane of its own; colours are not
computed. It is expanded from the range of the video to 0-255: limited range (16 is black and 235
white, times 4 for each 2 bits more than 8), or full range (0 to the largest value), and rounded.
The weights of red, green and blue in it are those of the video's own matrix (BT.601 or BT.709),
which differ from those of pictures (BT.601) by a few grey values in strong colours. Videos of
grey or RGB (FFV1, PNG, GIF) go the way of pictures and give the same grey.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.frames.pictures import to_grey

if TYPE_CHECKING:
    from av import VideoFrame

FULL_RANGE, LIMITED_RANGE = 2, 1
"""FFmpeg's numbers."""

SQUARE_WITHIN = 0.01
"""Pixels that are longer or wider than square by less are left as they are."""

_LUMA_FIRST = re.compile(r"(?:yuvj?a?4\d\dp|gray)(\d\d?)?(le|be)?|nv(?:12|16|21|24|42)")


def grey_of(frame: VideoFrame) -> NDArray[np.uint8]:
    """Return the frame as 8-bit grey, as it is stored, in memory of its own.

    Returns
    -------
    uint8 array, shape (height, width)
    """
    found = _LUMA_FIRST.fullmatch(frame.format.name)
    if not found:
        components = frame.format.components
        is_luma = len(components) >= 3 and not (frame.format.is_rgb or frame.format.has_palette)
        if not is_luma:
            return to_grey(frame.to_ndarray(format="bgr24"))
        frame = frame.reformat(format="yuv444p16le" if components[0].bits > 8 else "yuv444p")
        found = _LUMA_FIRST.fullmatch(frame.format.name)
        assert found  # both formats are such
    plane, bits = frame.planes[0], int(found[1] or 8)
    number = np.dtype(np.uint8) if bits == 8 else np.dtype(">u2" if found[2] == "be" else "<u2")
    rows = np.frombuffer(memoryview(plane), number).reshape(-1, plane.line_size // number.itemsize)
    luma = rows[: frame.height, : frame.width]
    name = frame.format.name
    is_full = frame.color_range == FULL_RANGE or name.startswith("yuvj")
    is_full |= name.startswith("gray") and frame.color_range != LIMITED_RANGE
    if is_full and bits == 8:
        return np.array(luma, np.uint8)
    black, white = (0, 2**bits - 1) if is_full else (16 << (bits - 8), 235 << (bits - 8))
    times = 255 / (white - black)
    luma = luma.astype(luma.dtype.newbyteorder("="), copy=False)
    # luma * times - black * times, rounded and kept in 0-255; faster than a table
    return cv2.addWeighted(luma, times, luma, 0, -black * times, dtype=cv2.CV_8U)


def colour_of(frame: VideoFrame) -> NDArray[np.uint8]:
    """Return the frame as blue, green, red, for showing; shape (height, width, 3)."""
    return np.ascontiguousarray(frame.to_ndarray(format="bgr24"))


def upright(
    image: NDArray[np.uint8], frame: VideoFrame, pixel_aspect_ratio: float
) -> NDArray[np.uint8]:
    """Return `image` of `frame` with square pixels, turned and mirrored as the video asks for.

    Sides grow, never shrink, until pixels are square.
    """
    width, height = shown_size(image.shape[1], image.shape[0], pixel_aspect_ratio)
    if (height, width) != image.shape[:2]:
        image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    matrix = display_matrix(frame)
    if matrix is None:
        return image
    (a, b), (c, d) = matrix
    if abs(b) > abs(a):  # rows become columns
        image, a, d = image.swapaxes(0, 1), c, b
    image = image[:, ::-1] if a < 0 else image
    image = image[::-1] if d < 0 else image
    return np.ascontiguousarray(image)


def shown_size(width: int, height: int, pixel_aspect_ratio: float) -> tuple[int, int]:
    """Return width and height with square pixels."""
    if abs(pixel_aspect_ratio - 1) <= SQUARE_WITHIN:
        return width, height
    if pixel_aspect_ratio > 1:
        return round(width * pixel_aspect_ratio), height
    return width, round(height / pixel_aspect_ratio)


def display_matrix(frame: VideoFrame) -> list[tuple[int, int]] | None:
    """Return how x and y of a frame become x and y of the screen; None if they stay."""
    known = frame.side_data
    found: Any = known.get("DISPLAYMATRIX") if len(known) else None  # most frames have none
    if found is None:
        return None
    m = np.frombuffer(memoryview(found), np.int32)
    return [(int(m[0]), int(m[1])), (int(m[3]), int(m[4]))] if len(m) == 9 else None
