import struct
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.frames import open_frames
from au_detect.frames.files import natural_key
from au_detect.frames.limits import MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS
from au_detect.frames.picture_kinds import tiff_pages
from au_detect.frames.pictures import decode_picture, read_picture

PICTURE = np.arange(24 * 32, dtype=np.uint8).reshape(24, 32)
SIDE = 40_000


def encode(ending, image=PICTURE):
    found, data = cv2.imencode(ending, image)
    assert found
    return data.tobytes()


def jpeg_of_size(between, side=SIDE):
    """Return a JPEG file that says it is large, after bytes that are no segment."""
    data = encode(".jpg")
    at = data.index(b"\xff\xc0")
    large = data[: at + 5] + struct.pack(">HH", side, side) + data[at + 9 :]
    if between.startswith(b"\xff"):
        return large[:2] + between + large[2:]
    return large[:20] + between + large[20:]  # after the JFIF segment


@pytest.mark.parametrize(
    "between",
    [b"\xff\x01", b"\xff\xd0", b"\xff\xff\xff\x01", b"\xff\x00", b"\x11\x22", b""],
)
def test_a_large_jpeg_is_refused_whatever_stands_before_its_size(between):
    with pytest.raises(InputError, match=f"at most {MAX_PICTURE_PIXELS} pixels"):
        decode_picture(jpeg_of_size(between))


@pytest.mark.parametrize("marker", [b"\xff\x01", b"\xff\xd0", b"\xff\xff"])
def test_a_small_jpeg_with_such_markers_is_read_as_without(marker):
    data = encode(".jpg")
    np.testing.assert_array_equal(
        decode_picture(data[:2] + marker + data[2:]), decode_picture(data)
    )


def tiff(*tags, following=0):
    """Return a TIFF file of nothing but these tags (number, type, count, value)."""
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + struct.pack("<I", following)


@pytest.mark.parametrize(
    "tags",
    [
        [(256, 4, 1, SIDE), (256, 4, 1, 1), (257, 4, 1, SIDE)],  # which one is it?
        [(256, 4, 1, 1), (256, 4, 1, SIDE), (257, 4, 1, SIDE)],
        [(256, 4, 2, 8), (257, 4, 1, SIDE)],  # two widths, elsewhere
        [(256, 16, 1, 1), (257, 4, 1, SIDE)],  # 64 bits
        [(257, 4, 1, SIDE)],
        [(256, 4, 1, 9), (257, 4, 1, 9), (322, 4, 1, SIDE), (323, 4, 1, SIDE)],  # tiles
    ],
)
def test_a_tiff_that_does_not_clearly_say_its_size_is_refused(tags):
    with pytest.raises(InputError, match="cannot be decoded as TIFF"):
        decode_picture(tiff(*tags))


def test_every_page_of_a_tiff_must_be_small_enough():
    size = [(256, 4, 1, 9), (257, 4, 1, 9)]
    first = tiff(*size, following=8 + 2 + 24 + 4)
    large = tiff((256, 4, 1, SIDE), (257, 4, 1, SIDE))[8:]
    with pytest.raises(InputError, match=f"got {SIDE} x {SIDE}"):
        decode_picture(first + large)


def test_a_tiff_whose_pages_run_in_a_circle_ends():
    assert len(tiff_pages(tiff((256, 4, 1, 9), (257, 4, 1, 9), following=8))) == 1


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def test_a_png_must_begin_with_its_header():
    whole = encode(".png")
    text = png_chunk(b"tEXt", b"Software\0x")
    with pytest.raises(InputError, match="cannot be decoded as PNG"):
        decode_picture(whole[:8] + text + whole[8:])


@pytest.mark.parametrize(
    "head",
    [
        b"P5 #\r1 1\n40000 40000\n255\n",  # does a comment end here or there?
        b"P5 " + b"9" * 5000 + b" 1\n255\n",
    ],
)
def test_a_pnm_that_does_not_clearly_say_its_size_is_refused(head):
    with pytest.raises(InputError, match="cannot be decoded as PNM"):
        decode_picture(head + bytes(100))


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.webp"])
def test_a_file_too_large_to_be_a_picture_is_not_read(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(encode({"x.tif": ".tiff"}.get(name, name[1:])))
    with path.open("r+b") as file:
        file.truncate(40 << 30)  # sparse: it takes no place on the disk
    for read in (read_picture, open_frames):
        with pytest.raises(InputError, match=f"at most {MAX_PICTURE_BYTES} bytes, got {40 << 30}"):
            read(path)


@pytest.mark.parametrize(
    ("data", "ending"),
    [(jpeg_of_size(b"\xff\x01"), ".jpg"), (tiff((256, 4, 1, SIDE), (256, 4, 1, 1)), ".tiff")],
)
def test_bombs_take_no_memory(tmp_path, data, ending):
    path = tmp_path / f"bomb{ending}"
    path.write_bytes(data)
    code = (
        "import resource, sys\n"
        "from au_detect.errors import InputError\n"
        "from au_detect.frames.pictures import read_picture\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try: read_picture(sys.argv[1])\n"
        "except InputError: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, check=True)
    assert int(done.stdout) < 50_000  # kB


def test_a_name_of_5000_digits_has_its_place():
    names = [Path(f"{'9' * 5000}.png"), Path("10.png"), Path("2.png")]
    assert sorted(names, key=natural_key) == names[::-1]
