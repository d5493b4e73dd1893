"""One picture, from a file or an array, to 8-bit grey.

Files are recognised by their first bytes, never by their ending: PNG, JPEG, TIFF, BMP, WebP,
GIF and PNM, with 8 or 16 bits or floating point, grey, palette, CMYK or colour; HEIF and AVIF
with the extra ``heif``. The orientation in EXIF is respected. Alpha is ignored: the colours
stand as they are stored, because what a viewer would have put behind them is not known.

Files are decoded to colour, and :func:`to_grey` is the only place where colour becomes grey
(ITU-R BT.601 weights, ``0.299 R + 0.587 G + 0.114 B``), so that a picture and its array give the
same pixels. It leaves grey pictures as they are. How deeper values become 8 bits is said in
`au_detect.frames.values`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_option
from au_detect.frames.files import natural_key, printable, read_head, read_whole
from au_detect.frames.limits import MAX_PICTURE_BYTES
from au_detect.frames.picture_kinds import N_HEAD_BYTES, check_size, kind_of
from au_detect.frames.values import ValueScale, plain_8_bits

PICTURE_ENDINGS = frozenset(
    f".{ending}"
    for ending in (
        *("png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp", "gif", "pnm", "pgm", "ppm"),
        *("heic", "heif", "avif"),
    )
)
"""Endings that promise a picture: in a folder, such a file that is none is an error."""

CHANNEL_ORDERS = ("bgr", "rgb")

_NO_PICTURE = "must be a PNG, JPEG, TIFF, BMP, WebP, GIF, PNM, HEIF or AVIF picture"
_COLOUR = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
_AS_STORED = cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH


def to_grey(
    image: NDArray,
    *,
    channel_order: str = "bgr",
    name: str = "image",
    scale: ValueScale | None = None,
) -> NDArray[np.uint8]:
    """Return the picture as 8-bit grey, in memory of its own.

    Parameters
    ----------
    image : array, shape (height, width) or (height, width, 1 | 3 | 4)
        uint8 (taken as it is), uint16 (0-65535, divided by 257 and rounded) or floating point
        (0-1, times 255 and rounded). A fourth channel is alpha and ignored.
    channel_order : {"bgr", "rgb"}
        Order of the colours along the last axis.
    name : str
        What the picture is called in errors.
    scale : ValueScale, optional
        Looks what range the values have instead, see `au_detect.frames.values`.

    Returns
    -------
    uint8 array, shape (height, width)

    Raises
    ------
    InputError
        If `image` is no such array, is empty, or has floats outside [0, 1] or NaN.
    """
    check_option("channel_order", channel_order, CHANNEL_ORDERS)
    if not isinstance(image, np.ndarray):
        raise InputError(f"{name} must be a numpy array, got {type(image).__name__}")
    if not (image.ndim == 2 or (image.ndim == 3 and image.shape[2] in (1, 3, 4))):
        raise InputError(
            f"{name} must have shape (height, width) or (height, width, 1, 3 or 4), "
            f"got {image.shape}"
        )
    if image.size == 0:
        raise InputError(f"{name} must have at least one pixel, got shape {image.shape}")
    if image.ndim == 3:
        image = image[:, :, 0] if image.shape[2] == 1 else image[:, :, :3]
    image = np.ascontiguousarray(image)
    image = scale.to_8_bits(image, name) if scale else plain_8_bits(image, name)
    if image.ndim == 2:
        return image.copy()
    code = cv2.COLOR_BGR2GRAY if channel_order == "bgr" else cv2.COLOR_RGB2GRAY
    return cv2.cvtColor(image, code)


def to_colour(
    image: NDArray, *, channel_order: str = "bgr", scale: ValueScale | None = None
) -> NDArray[np.uint8]:
    """Return a picture that `to_grey` takes as 8-bit blue, green, red: for showing, not measuring.

    Returns
    -------
    uint8 array, shape (height, width, 3)
    """
    if image.ndim == 2 or image.shape[2] == 1:
        return cv2.cvtColor(to_grey(image, scale=scale), cv2.COLOR_GRAY2BGR)
    colour = np.ascontiguousarray(image[:, :, :3])
    colour = scale.to_8_bits(colour, "image") if scale else plain_8_bits(colour, "image")
    return colour if channel_order == "bgr" else cv2.cvtColor(colour, cv2.COLOR_RGB2BGR)


def read_picture(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read a picture file as 8-bit grey, shape (height, width); see `read_colour_picture`."""
    return to_grey(read_colour_picture(path), name=printable(path), scale=ValueScale())


def read_colour_picture(path: str | os.PathLike[str]) -> NDArray:
    """Read a picture file in colour, as it is decoded; of several pictures the first.

    Returns
    -------
    uint8, uint16 or float array, shape (height, width, 3), or (height, width) if it is grey
        Blue, green, red. 8 and 16 bits always have colours.

    Raises
    ------
    InputError
        If the file cannot be read, is no picture or a damaged one, has more than
        `MAX_PICTURE_PIXELS` pixels or `MAX_PICTURE_BYTES` bytes, or needs an extra that is not
        installed.
    """
    path = Path(path)
    if picture_format(path) is None:
        raise InputError(f"{printable(path)} {_NO_PICTURE}")
    return decode_picture(read_whole(path, MAX_PICTURE_BYTES), printable(path))


def decode_picture(data: bytes, name: str = "picture") -> NDArray:
    """Decode a picture file's content; returns and errors as in `read_colour_picture`."""
    kind = kind_of(data[:N_HEAD_BYTES])
    if kind is None:
        raise InputError(f"{name} {_NO_PICTURE}")
    if kind == "heif":
        from au_detect.frames.heif import decode_heif

        return decode_heif(data, name)
    check_size(kind, data, name)
    if kind == "png" and b"IEND\xae\x42\x60\x82" not in data:  # the last chunk and its CRC
        raise InputError(f"{name} cannot be decoded: the PNG file is cut short")
    return decode_coded(kind, np.frombuffer(data, np.uint8), name)


def decode_coded(kind: str, coded: NDArray[np.uint8], name: str) -> NDArray:
    """Decode a file that was looked at by `check_size`; as `decode_picture`."""
    with decoding(kind, name):
        image = cv2.imdecode(coded, _COLOUR)
        if image is None and kind == "tiff":  # grey floats
            image = cv2.imdecode(coded, _AS_STORED)
    if image is None:
        raise cannot_be_decoded(kind, name)
    return image


def cannot_be_decoded(kind: str, name: str) -> InputError:
    """Return the error that says so."""
    return InputError(
        f"{name} cannot be decoded as {kind.upper()}: damaged, cut short or of an unusual kind"
    )


@contextmanager
def decoding(kind: str, name: str) -> Iterator[None]:
    """Turn what OpenCV raises while it decodes a picture into an error of ours."""
    try:
        with quiet_opencv():
            yield
    except cv2.error as error:
        raise InputError(f"{name} cannot be decoded as {kind.upper()}: {error.err}") from error


def picture_format(path: Path) -> str | None:
    """Return "png", "jpeg", ... if the file's first bytes are those of a picture, else None.

    Raises
    ------
    InputError
        If the file cannot be read.
    """
    return kind_of(read_head(path, N_HEAD_BYTES))


def select_pictures(paths: Iterable[Path]) -> list[Path]:
    """Return the pictures among `paths`, in natural order (``img2`` before ``img10``).

    Folders, hidden files, and files that neither are pictures nor end like one are left out.

    Raises
    ------
    InputError
        If a file ends like a picture but is none.
    """
    pictures = []
    for path in sorted(paths, key=natural_key):
        if path.name.startswith(".") or path.is_dir():
            continue
        promised = path.suffix.lower() in PICTURE_ENDINGS
        if not promised and not path.is_file():
            continue
        if picture_format(path):
            pictures.append(path)
        elif promised:
            raise InputError(f"{printable(path)} ends like a picture but is not one")
    return pictures


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Keep OpenCV from writing to stderr; its failures become errors of ours."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)
