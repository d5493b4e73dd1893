"""Which kind of picture a file is, how large it is, and how many pictures it holds.

All this is read from headers, as strictly as the decoders read them: a header that cannot be
followed is refused, since nobody would know what the decoder makes of it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from au_detect.errors import InputError, TooLargeError
from au_detect.frames.limits import MAX_PICTURE_PIXELS

N_HEAD_BYTES = 32
"""So many first bytes tell the kind."""

Bytes = bytes | memoryview
_Sizes = list[tuple[int, int]]

_SIGNATURES: dict[str, re.Pattern[bytes]] = {
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "jpeg": re.compile(rb"\xff\xd8\xff"),
    "tiff": re.compile(rb"II\*\0|MM\0\*"),
    "bmp": re.compile(rb"BM.{12}[\x0c-\x7c]\0\0\0", re.DOTALL),
    "webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "gif": re.compile(rb"GIF8[79]a"),
    "pnm": re.compile(rb"P[1-6]\s+[#\d]"),
    "heif": re.compile(rb"....ftyp(hei[cxms]|hev[cx]|mif1|msf1|avi[fs])", re.DOTALL),
}

_TIFF_NUMBERS = {1: "B", 3: "H", 4: "I"}  # BYTE, SHORT, LONG
_TIFF_TAGS = {254: "kind", 256: "width", 257: "height", 322: "tile_width", 323: "tile_height"}
_REDUCED_OR_MASK = 0b101
_MOST_PAGES = 100_000


@dataclass(frozen=True)
class TiffPage:
    """One page of a TIFF file: where its directory is, its size, and whether it is a picture."""

    at_byte: int
    width: int
    height: int
    is_picture: bool
    """Not a thumbnail or a mask."""


def kind_of(head: bytes) -> str | None:
    """Return "png", "jpeg", ... if the first bytes are those of a picture, else None."""
    return next((kind for kind, start in _SIGNATURES.items() if start.match(head)), None)


def check_size(kind: str, data: bytes, name: str) -> None:
    """Raise unless the header says how large the picture is, and it is not too large.

    Raises
    ------
    InputError
        If not; of a TIFF file, for any page.
    """
    try:
        sizes = _SIZE_READERS[kind](data)
    except (struct.error, ValueError) as error:
        raise InputError(
            f"{name} cannot be decoded as {kind.upper()}: damaged, cut short or of an unusual kind"
        ) from error
    for width, height in sizes:
        if width * height > MAX_PICTURE_PIXELS:
            raise TooLargeError(
                f"{name} must have at most {MAX_PICTURE_PIXELS} pixels, got {width} x {height}"
            )


def n_animated_png(data: Bytes) -> int:
    """Return how many frames an animated PNG file has; 0 for one that stands still."""
    for name, at in _png_chunks(data):
        if name == b"acTL":
            return int(struct.unpack_from(">I", data, at)[0])
        if name == b"IDAT":
            break
    return 0


def webp_durations_s(data: Bytes) -> list[float]:
    """Return how long each frame of an animated WebP file is shown; empty if it stands still."""
    durations, at = [], 12
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        if name == b"ANMF" and at + 24 <= len(data):
            durations.append(int.from_bytes(data[at + 20 : at + 23], "little") / 1000)
        at += 8 + size + size % 2
    return durations


def webp_size(data: bytes) -> _Sizes:
    """Return width and height of a WebP file, from its first 30 bytes."""
    if data[12:16] == b"VP8X":  # canvas, 24 bits each, less one
        struct.unpack_from("<24x6s", data)
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return [(width, height)]
    if data[12:16] == b"VP8L":  # lossless, 14 bits each, less one
        (bits,) = struct.unpack_from("<I", data, 21)
        return [((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)]
    width, height = struct.unpack_from("<HH", data, 26)
    return [(width & 0x3FFF, height & 0x3FFF)]


def tiff_pages(data: Bytes) -> list[TiffPage]:
    """Return the pages of a TIFF file, up to the first that is damaged.

    Raises
    ------
    ValueError, struct.error
        If the first is damaged.
    """
    order = "<" if bytes(data[:2]) == b"II" else ">"
    (at,) = struct.unpack_from(order + "4xI", data)
    pages: list[TiffPage] = []
    seen: set[int] = set()
    while at and at not in seen and len(pages) < _MOST_PAGES:
        seen.add(at)
        try:
            page, at = _tiff_page(data, order, at)
        except (struct.error, ValueError):
            if not pages:
                raise
            break
        pages.append(page)
    if not pages:
        raise ValueError("no page")
    return pages


def _tiff_page(data: Bytes, order: str, start: int) -> tuple[TiffPage, int]:
    """Return a page and where the next one is."""
    (n_entries,) = struct.unpack_from(order + "H", data, start)
    fields: dict[str, int] = {}
    for at in range(start + 2, start + 2 + 12 * n_entries, 12):
        tag, number_type, n_values = struct.unpack_from(order + "HHI", data, at)
        name = _TIFF_TAGS.get(tag)
        if name is None:
            continue
        if name in fields or n_values != 1 or number_type not in _TIFF_NUMBERS:
            raise ValueError(f"tag {tag} is given twice or is no number")
        (fields[name],) = struct.unpack_from(order + _TIFF_NUMBERS[number_type], data, at + 8)
    width, height = fields.get("width", 0), fields.get("height", 0)
    if not width or not height:
        raise ValueError("no size")
    if fields.get("tile_width", 1) * fields.get("tile_height", 1) > 4 * MAX_PICTURE_PIXELS:
        raise ValueError("tiles larger than any picture")
    (following,) = struct.unpack_from(order + "I", data, start + 2 + 12 * n_entries)
    is_picture = not fields.get("kind", 0) & _REDUCED_OR_MASK
    return TiffPage(start, width, height, is_picture), following


def _png_chunks(data: Bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the name of each chunk and where its content begins."""
    at = 8
    while at + 12 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        yield name, at + 8
        at += 12 + length


def _png_size(data: bytes) -> _Sizes:
    width, height, name = (*struct.unpack_from(">II", data, 16), data[12:16])
    if name != b"IHDR":
        raise ValueError("the header must be the first chunk")
    return [(width, height)]


def _jpeg_size(data: bytes) -> _Sizes:
    """Follow the markers as libjpeg does: it skips what stands between them."""
    at = 2
    while True:
        at = data.index(b"\xff", at)
        while data[at : at + 1] == b"\xff":  # fill bytes
            at += 1
        (marker,) = struct.unpack_from("B", data, at)
        at += 1
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD7:  # no content
            continue
        if marker in (0xD8, 0xD9, 0xDA):  # a second start, the end, or data before the size
            raise ValueError("no size")
        (length,) = struct.unpack_from(">H", data, at)
        if length < 2:
            raise ValueError("a length below 2")
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):  # start of frame
            height, width = struct.unpack_from(">HH", data, at + 3)
            return [(width, height)]
        at += length


def _tiff_sizes(data: bytes) -> _Sizes:
    return [(page.width, page.height) for page in tiff_pages(data)]


def _bmp_size(data: bytes) -> _Sizes:
    (header_size,) = struct.unpack_from("<14xI", data)
    width, height = struct.unpack_from("<HH" if header_size == 12 else "<ii", data, 18)
    return [(abs(width), abs(height))]


def _gif_size(data: bytes) -> _Sizes:
    width, height = struct.unpack_from("<HH", data, 6)
    return [(width, height)]


def _pnm_size(data: bytes) -> _Sizes:
    gap = rb"(?:[ \t\n\v\f\r]|#[^\r\n]*\r?\n)+"
    sides = re.match(rb"P\d" + gap + rb"(\d{1,9})" + gap + rb"(\d{1,9})(?!\d)", data)
    if not sides:
        raise ValueError("no size")
    return [(int(sides[1]), int(sides[2]))]


_SIZE_READERS: dict[str, Callable[[bytes], _Sizes]] = {
    "png": _png_size,
    "jpeg": _jpeg_size,
    "tiff": _tiff_sizes,
    "bmp": _bmp_size,
    "webp": webp_size,
    "gif": _gif_size,
    "pnm": _pnm_size,
}
