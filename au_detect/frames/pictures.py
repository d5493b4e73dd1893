"""One picture, from a file or an array, to 8-bit grey.

Files are recognised by their first bytes, never by their ending: PNG, JPEG, TIFF, BMP, WebP,
GIF and PNM, with 8 or 16 bits, grey, palette, CMYK or colour. The orientation in EXIF is
respected. Of a file with several pictures the first is read. Alpha is ignored: the colours
stand as they are stored, because what a viewer would have put behind them is not known.

Files are decoded to colour, and :func:`to_grey` is the only place where colour becomes grey
(ITU-R BT.601 weights, ``0.299 R + 0.587 G + 0.114 B``), so that a clip, its lossless pictures
and their arrays give the same pixels. It leaves grey pictures as they are.
"""

from __future__ import annotations

import os
import re
import stat
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_option

MAX_PICTURE_PIXELS = 150_000_000
"""Larger pictures are refused before they are decoded (12,000 x 12,000 px still fits)."""

PICTURE_ENDINGS = frozenset(
    f".{ending}"
    for ending in ("png", "jpg", "jpeg", "tif", "tiff", "bmp", "webp", "gif", "pnm", "pgm", "ppm")
)
"""Endings that promise a picture: in a folder, such a file that is none is an error."""

CHANNEL_ORDERS = ("bgr", "rgb")

_N_HEAD_BYTES = 32
_NO_PICTURE = "must be a PNG, JPEG, TIFF, BMP, WebP, GIF or PNM picture"
_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif", b"avis")


def to_grey(
    image: NDArray, *, channel_order: str = "bgr", name: str = "image"
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
    image = _to_8_bits(np.ascontiguousarray(image), name)
    if image.ndim == 2:
        return image.copy()
    code = cv2.COLOR_BGR2GRAY if channel_order == "bgr" else cv2.COLOR_RGB2GRAY
    return cv2.cvtColor(image, code)


def to_colour(image: NDArray, *, channel_order: str = "bgr") -> NDArray[np.uint8]:
    """Return a picture that `to_grey` takes as 8-bit blue, green, red: for showing, not measuring.

    Returns
    -------
    uint8 array, shape (height, width, 3)
    """
    if image.ndim == 2 or image.shape[2] == 1:
        return cv2.cvtColor(to_grey(image), cv2.COLOR_GRAY2BGR)
    colour = _to_8_bits(np.ascontiguousarray(image[:, :, :3]), "image")
    return colour if channel_order == "bgr" else cv2.cvtColor(colour, cv2.COLOR_RGB2BGR)


def _to_8_bits(image: NDArray, name: str) -> NDArray[np.uint8]:
    if image.dtype == np.uint8:
        return image
    if image.dtype.kind == "u" and image.dtype.itemsize == 2:
        return cv2.convertScaleAbs(image.astype(np.uint16, copy=False), alpha=1 / 257)
    if image.dtype.kind == "f":
        lowest, highest = float(image.min()), float(image.max())
        if not (lowest >= 0 and highest <= 1):  # also true of NaN
            raise InputError(
                f"{name} must lie in [0, 1] if its type is {image.dtype}, "
                f"got {lowest:g} to {highest:g}"
            )
        return cv2.convertScaleAbs(image.astype(np.float32, copy=False), alpha=255)
    raise InputError(f"{name} must be of type uint8, uint16 or float, got {image.dtype}")


def read_picture(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Read a picture file as 8-bit grey, shape (height, width); see `read_colour_picture`."""
    return to_grey(read_colour_picture(path), name=printable(path))


def read_colour_picture(path: str | os.PathLike[str]) -> NDArray:
    """Read a picture file in colour, as it is decoded.

    Returns
    -------
    uint8 or uint16 array, shape (height, width, 3)
        Blue, green, red.

    Raises
    ------
    InputError
        If the file cannot be read, is no picture or a damaged one, or has more than
        `MAX_PICTURE_PIXELS` pixels.
    """
    path, name = Path(path), printable(path)
    if picture_format(path) is None:
        raise InputError(f"{name} {_NO_PICTURE}")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}") from error
    return decode_picture(data, name)


def decode_picture(data: bytes, name: str = "picture") -> NDArray:
    """Decode a picture file's content; returns and errors as in `read_colour_picture`."""
    kind = _format_of(data[:_N_HEAD_BYTES])
    if kind is None:
        raise InputError(f"{name} {_NO_PICTURE}")
    _check_size(kind, data, name)
    if kind == "png" and b"IEND\xae\x42\x60\x82" not in data:  # the last chunk and its CRC
        raise InputError(f"{name} cannot be decoded: the PNG file is cut short")
    try:
        with quiet_opencv():
            image = cv2.imdecode(
                np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH
            )
    except cv2.error as error:
        raise InputError(f"{name} cannot be decoded as {kind.upper()}: {error.err}") from error
    if image is None:
        raise InputError(
            f"{name} cannot be decoded as {kind.upper()}: damaged, cut short or of an unusual kind"
        )
    return image


def _check_size(kind: str, data: bytes, name: str) -> None:
    try:
        width, height = _SIZE_READERS[kind](data)
    except struct.error:
        return  # a damaged header: left to the decoder
    if width * height > MAX_PICTURE_PIXELS:
        raise InputError(
            f"{name} must have at most {MAX_PICTURE_PIXELS} pixels, got {width} x {height}"
        )


def picture_format(path: Path) -> str | None:
    """Return "png", "jpeg", ... if the file's first bytes are those of a picture, else None.

    Raises
    ------
    InputError
        If the file cannot be read, or is a HEIF or AVIF picture, which are not supported.
    """
    head = read_head(path, _N_HEAD_BYTES)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        raise InputError(
            f"{printable(path)} must be PNG, JPEG, TIFF, BMP, WebP, GIF or PNM, got HEIF or AVIF: "
            "convert it"
        )
    return _format_of(head)


def _format_of(head: bytes) -> str | None:
    return next((kind for kind, start in _SIGNATURES.items() if start.match(head)), None)


def read_head(path: Path, n_bytes: int) -> bytes:
    """Return the first bytes of a regular file (a pipe or device could block for ever).

    Raises
    ------
    InputError
        If there is no such file or it cannot be read.
    """
    if "\0" in str(path):
        raise InputError(f"a path must have no zero characters, got {str(path)!r}")
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise InputError(f"{printable(path)} must be a file, got a folder, pipe or device")
        with path.open("rb") as file:
            return file.read(n_bytes)
    except FileNotFoundError as error:
        raise InputError(f"{printable(path)} does not exist") from error
    except OSError as error:
        raise InputError(f"{printable(path)} cannot be read: {error.strerror}") from error


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


def natural_key(path: Path) -> list[tuple[list[str | int], str]]:
    """Return a sort key under which numbers in names count by value."""
    return [
        ([int(t) if t.isdecimal() else t.casefold() for t in re.split(r"(\d+)", part)], part)
        for part in path.parts
    ]


def printable(path: str | os.PathLike[str]) -> str:
    """Return the path as text that can be written, also if its name is not valid UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Keep OpenCV from writing to stderr; its failures become errors of ours."""
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    position = 2
    while True:
        marker, length = struct.unpack_from(">xBH", data, position)
        if marker == 0xFF:  # a fill byte
            position += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # start of frame
            height, width = struct.unpack_from(">HH", data, position + 5)
            return width, height
        else:
            position += 2 + length


def _tiff_size(data: bytes) -> tuple[int, int]:
    order = "<" if data[:2] == b"II" else ">"
    (start,) = struct.unpack_from(order + "4xI", data)
    (n_entries,) = struct.unpack_from(order + "H", data, start)
    sides = {}
    for entry in range(n_entries):
        at = start + 2 + 12 * entry
        tag, number_type = struct.unpack_from(order + "HH", data, at)
        if tag in (256, 257):  # ImageWidth, ImageLength; type 3 is SHORT, 4 is LONG
            (sides[tag],) = struct.unpack_from(
                order + ("H" if number_type == 3 else "I"), data, at + 8
            )
    return sides.get(256, 0), sides.get(257, 0)


def _bmp_size(data: bytes) -> tuple[int, int]:
    (header_size,) = struct.unpack_from("<14xI", data)
    width, height = struct.unpack_from("<HH" if header_size == 12 else "<ii", data, 18)
    return abs(width), abs(height)


def _webp_size(data: bytes) -> tuple[int, int]:
    if data[12:16] == b"VP8X":  # canvas, 24 bits each, less one
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":  # lossless, 14 bits each, less one
        (bits,) = struct.unpack_from("<I", data, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return width & 0x3FFF, height & 0x3FFF


def _pnm_size(data: bytes) -> tuple[int, int]:
    gap = rb"(?:\s|#[^\n]*\n)+"
    sides = re.match(rb"P\d" + gap + rb"(\d{1,9})" + gap + rb"(\d{1,9})", data)
    return (int(sides[1]), int(sides[2])) if sides else (0, 0)


_SIGNATURES: dict[str, re.Pattern[bytes]] = {
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "jpeg": re.compile(rb"\xff\xd8\xff"),
    "tiff": re.compile(rb"II\*\0|MM\0\*"),
    "bmp": re.compile(rb"BM.{12}[\x0c-\x7c]\0\0\0", re.DOTALL),
    "webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "gif": re.compile(rb"GIF8[79]a"),
    "pnm": re.compile(rb"P[1-6]\s+[#\d]"),
}
_SIZE_READERS: dict[str, Callable[[bytes], tuple[int, int]]] = {
    "png": lambda data: struct.unpack_from(">II", data, 16),
    "jpeg": _jpeg_size,
    "tiff": _tiff_size,
    "bmp": _bmp_size,
    "webp": _webp_size,
    "gif": lambda data: struct.unpack_from("<HH", data, 6),
    "pnm": _pnm_size,
}
