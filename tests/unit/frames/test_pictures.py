import base64
import errno
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.frames.limits import MAX_PICTURE_PIXELS
from au_detect.frames.pictures import read_picture, to_grey

GRADIENT = np.arange(256, dtype=np.uint8).reshape(16, 16)
COLOR = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
COLOR_GREY = cv2.cvtColor(COLOR, cv2.COLOR_BGR2GRAY)

# 8 x 8 px, one ink mix everywhere (cyan 1, magenta 55/255, yellow 0, black 0.2), which is
# red 0, green 0.8 * 200, blue 0.8 * 255.
CMYK_JPEG = base64.b64decode(
    "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwADAgIDAgIDAwMDBAMDBAUIBQUEBAUKBwcGCAwKDAwLCgsLDQ4SEA0OEQ4L"
    "CxAWEBETFBUVFQwPFxgWFBgSFBUU/8AAFAgACAAIBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAgJ"
    "/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwCVRgKpmW//2Q=="
)


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(header: tuple[int, int, int, int], rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG with the given width, height, bit depth, color type, raw rows, other chunks."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", *header, 0, 0, 0)), *chunks]
    parts += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(png_chunk(*part) for part in parts)


def gif(grey: np.ndarray) -> bytes:
    """A GIF with 256 grey levels; clearing the code table before each pixel keeps 9-bit codes."""
    codes = [code for value in grey.ravel().tolist() for code in (256, value)] + [257]
    bits = sum(code << (9 * place) for place, code in enumerate(codes))
    data = bits.to_bytes(9 * len(codes) // 8 + 1, "little")
    blocks = [data[at : at + 255] for at in range(0, len(data), 255)]
    height, width = grey.shape
    return (
        b"GIF87a"
        + struct.pack("<HHBBB", width, height, 0xF7, 0, 0)
        + np.repeat(np.arange(256, dtype=np.uint8), 3).tobytes()
        + struct.pack("<cHHHHBB", b",", 0, 0, width, height, 0, 8)
        + b"".join(bytes([len(block)]) + block for block in blocks)
        + b"\0;"
    )


def encode(ending: str, image: np.ndarray) -> bytes:
    found, data = cv2.imencode(ending, image)
    assert found
    return data.tobytes()


def jpeg_with_orientation(image: np.ndarray, orientation: int) -> bytes:
    tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, orientation, 0, 0)
    data = encode(".jpg", image)
    return data[:2] + struct.pack(">HH", 0xFFE1, 8 + len(tiff)) + b"Exif\0\0" + tiff + data[2:]


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_grey_values_stay_as_they_are_in_every_number_of_channels():
    for image in (
        GRADIENT,
        GRADIENT[..., None],
        np.repeat(GRADIENT[..., None], 3, axis=2),
        np.repeat(GRADIENT[..., None], 4, axis=2),
    ):
        np.testing.assert_array_equal(to_grey(image), GRADIENT)


def test_colors_are_weighted_by_channel_order():
    pure = np.zeros((1, 3, 3), np.uint8)
    pure[0, [0, 1, 2], [0, 1, 2]] = 255
    np.testing.assert_array_equal(to_grey(pure), [[29, 150, 76]])  # blue, green, red
    np.testing.assert_array_equal(to_grey(pure, channel_order="rgb"), [[76, 150, 29]])


def test_rgb_of_reversed_channels_is_bgr():
    np.testing.assert_array_equal(to_grey(COLOR[..., ::-1], channel_order="rgb"), COLOR_GREY)


def test_alpha_is_ignored():
    for alpha in (0, 128, 255):
        image = np.dstack([COLOR, np.full(COLOR.shape[:2], alpha, np.uint8)])
        np.testing.assert_array_equal(to_grey(image), COLOR_GREY)


def test_sixteen_bits_are_divided_by_257_and_rounded():
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    expected = np.rint(every / 257)
    np.testing.assert_array_equal(to_grey(every), expected)
    np.testing.assert_array_equal(to_grey(every.astype(">u2")), expected)
    np.testing.assert_array_equal(to_grey(COLOR.astype(np.uint16) * 257), COLOR_GREY)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f8"])
def test_floats_from_0_to_1_are_times_255(dtype):
    np.testing.assert_array_equal(to_grey((GRADIENT / 255).astype(dtype)), GRADIENT)


def test_memory_order_does_not_matter_and_the_input_is_not_shared():
    fortran = np.asfortranarray(COLOR)
    every_second = np.repeat(COLOR, 2, axis=1)[:, ::2]
    for image in (fortran, every_second):
        image.flags.writeable = False
        np.testing.assert_array_equal(to_grey(image), COLOR_GREY)
    grey = GRADIENT.copy()
    taken = to_grey(grey)
    grey[:] = 0
    np.testing.assert_array_equal(taken, GRADIENT)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (np.full((2, 2), np.nan), r"must lie in \[0, 1\].*nan"),
        (np.array([[0.0, 1.5]]), r"must lie in \[0, 1\].*got 0 to 1.5"),
        (np.array([[-0.1, 0.5]]), r"must lie in \[0, 1\]"),
        (np.array([[0.0, np.inf]]), r"must lie in \[0, 1\]"),
        (np.ones((2, 2), bool), "uint8, uint16 or float, got bool"),
        (np.ones((2, 2), np.int64), "uint8, uint16 or float, got int64"),
        (np.ones((2, 2), complex), "uint8, uint16 or float, got complex128"),
        (np.ones((2, 2), object), "uint8, uint16 or float, got object"),
        (np.ones(5, np.uint8), r"must have shape .* got \(5,\)"),
        (np.ones((5, 5, 2), np.uint8), r"must have shape .* got \(5, 5, 2\)"),
        (np.ones((3, 5, 5), np.uint8), r"must have shape .* got \(3, 5, 5\)"),
        (np.ones((0, 5), np.uint8), r"at least one pixel, got shape \(0, 5\)"),
        (np.ones((5, 0, 3), np.uint8), "at least one pixel"),
        ([[1, 2]], "must be a numpy array, got list"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(image, message):
    with pytest.raises(InputError, match=message):
        to_grey(image)


def test_unknown_channel_order_is_refused():
    with pytest.raises(InputError, match="channel_order must be one of 'bgr', 'rgb', got 'gbr'"):
        to_grey(COLOR, channel_order="gbr")


@pytest.mark.parametrize("ending", [".png", ".tiff", ".bmp", ".ppm"])
@pytest.mark.parametrize("name", ["subject01.happy", "wrong.jpg", "none"])
def test_lossless_files_equal_their_arrays_whatever_their_name(tmp_path, ending, name):
    path = write(tmp_path / name, encode(ending, COLOR))
    np.testing.assert_array_equal(read_picture(path), COLOR_GREY)


@pytest.mark.parametrize("ending", [".jpg", ".webp"])
def test_lossy_files_are_read(tmp_path, ending):
    smooth = np.repeat(np.linspace(20, 220, 64).astype(np.uint8)[None], 48, axis=0)
    path = write(tmp_path / "x", encode(ending, smooth))
    assert np.abs(read_picture(path).astype(int) - smooth).max() <= 3


def test_grey_gif_without_known_ending_is_read_exactly(tmp_path):
    path = write(tmp_path / "subject01.happy", gif(GRADIENT))
    np.testing.assert_array_equal(read_picture(path), GRADIENT)


@pytest.mark.parametrize("ending", [".png", ".tiff"])
@pytest.mark.parametrize("n_channels", [1, 3, 4])
def test_sixteen_bit_files_equal_eight_bit_ones(tmp_path, ending, n_channels):
    image = np.dstack([COLOR, COLOR[..., :1]])[..., :n_channels].squeeze()
    path = write(tmp_path / "x", encode(ending, image.astype(np.uint16) * 257))
    expected = image if n_channels == 1 else COLOR_GREY
    np.testing.assert_array_equal(read_picture(path), expected)


@pytest.mark.parametrize("ending", [".png", ".tiff"])
def test_every_sixteen_bit_value_in_a_file_is_rounded(tmp_path, ending):
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    path = write(tmp_path / "x", encode(ending, every))
    np.testing.assert_array_equal(read_picture(path), np.rint(every / 257))


def test_palette_and_one_bit_png(tmp_path):
    rows = b"\0\0\1\2\3"
    palette = bytes([0, 0, 0, 10, 10, 10, 200, 200, 200, 255, 0, 0])
    path = write(tmp_path / "p", png((4, 1, 8, 3), rows, (b"PLTE", palette)))
    np.testing.assert_array_equal(read_picture(path), [[0, 10, 200, 76]])
    path = write(tmp_path / "b", png((4, 1, 1, 0), b"\0\xa0"))
    np.testing.assert_array_equal(read_picture(path), [[255, 0, 255, 0]])


def test_alpha_in_files_is_ignored(tmp_path):
    alpha = np.zeros(COLOR.shape[:2], np.uint8)
    path = write(tmp_path / "x.png", encode(".png", np.dstack([COLOR, alpha])))
    np.testing.assert_array_equal(read_picture(path), COLOR_GREY)


def test_cmyk_jpeg(tmp_path):
    grey = read_picture(write(tmp_path / "x.jpg", CMYK_JPEG))
    expected = 0.299 * 0 + 0.587 * 0.8 * 200 + 0.114 * 0.8 * 255
    assert np.abs(grey - expected).max() <= 3


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [
        (1, (0, 0)),
        (2, (0, -1)),
        (3, (-1, -1)),
        (4, (-1, 0)),
        (5, (0, 0)),
        (6, (0, -1)),
        (7, (-1, -1)),
        (8, (-1, 0)),
    ],
)
def test_exif_orientation_is_respected(tmp_path, orientation, corner):
    image = np.zeros((32, 48), np.uint8)
    image[:8, :8] = 255  # white at the stored top left
    grey = read_picture(write(tmp_path / "x.jpg", jpeg_with_orientation(image, orientation)))
    assert grey.shape == ((48, 32) if orientation >= 5 else (32, 48))
    corners = {(row, column): grey[row, column] for row in (0, -1) for column in (0, -1)}
    assert max(corners, key=corners.get) == corner


def test_one_pixel(tmp_path):
    path = write(tmp_path / "x.png", encode(".png", np.array([[77]], np.uint8)))
    np.testing.assert_array_equal(read_picture(path), [[77]])


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp", ".tiff", ".webp", ".ppm"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_files_cut_short_are_refused_by_name(tmp_path, ending, share):
    data = encode(ending, COLOR)
    path = write(tmp_path / "cut", data[: int(share * len(data))])
    with pytest.raises(InputError, match=r"cut cannot be decoded"):
        read_picture(path)


def test_reading_damaged_pictures_leaves_the_log_level_alone(tmp_path, capfd):
    level = cv2.utils.logging.getLogLevel()
    for ending in (".png", ".jpg", ".tiff"):
        with pytest.raises(InputError):
            read_picture(write(tmp_path / "x", encode(ending, COLOR)[:-1]))
    assert capfd.readouterr().err == ""
    assert cv2.utils.logging.getLogLevel() == level


def _bomb_headers() -> dict[str, bytes]:
    side = 40_000
    jpeg = encode(".jpg", COLOR)
    at = jpeg.index(b"\xff\xc0")
    bitmap = encode(".bmp", COLOR)
    entries = struct.pack("<HHHIIHHII", 2, 256, 4, 1, side, 257, 4, 1, side)
    vp8x = struct.pack("<I", 10) + bytes(4) + (side - 1).to_bytes(3, "little") * 2
    return {
        "png": png((side, side, 8, 2), b""),
        "jpeg": jpeg[: at + 5] + struct.pack(">HH", side, side) + jpeg[at + 9 :],
        "bmp": bitmap[:18] + struct.pack("<ii", side, -side) + bitmap[26:],
        "gif": b"GIF89a" + struct.pack("<HHBBB", side, side, 0, 0, 0),
        "tiff": b"II*\0" + struct.pack("<I", 8) + entries + bytes(4),
        "webp": b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + vp8x,
        "webp lossless": b"RIFF\x20\0\0\0WEBPVP8L\x14\0\0\0\x2f\xff\xff\xff\xff" + bytes(9),
        "pnm": b"P5 # comment\n40000 40000\n255\n",
    }


@pytest.mark.parametrize("kind", _bomb_headers())
def test_bombs_are_refused_from_their_header(tmp_path, kind):
    path = write(tmp_path / "bomb", _bomb_headers()[kind])
    with pytest.raises(InputError, match=f"at most {MAX_PICTURE_PIXELS} pixels, got"):
        read_picture(path)


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp", ".gif", ".tiff", ".webp", ".ppm"])
def test_sizes_are_read_from_real_headers(tmp_path, monkeypatch, ending):
    """With the limit just below their size, good files are refused; at their size, read."""
    path = write(tmp_path / "x", encode(ending, COLOR))
    monkeypatch.setattr("au_detect.frames.picture_kinds.MAX_PICTURE_PIXELS", 24 * 32 - 1)
    with pytest.raises(InputError, match="at most 767 pixels, got 32 x 24"):
        read_picture(path)
    monkeypatch.setattr("au_detect.frames.picture_kinds.MAX_PICTURE_PIXELS", 24 * 32)
    assert read_picture(path).shape == (24, 32)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "must be a PNG, JPEG"),
        (b"hello, world\n" * 9, "must be a PNG, JPEG"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "got HEIF or AVIF"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "cannot be decoded as JPEG"),
        (b"II*\0" + bytes(3), "cannot be decoded as TIFF"),
    ],
)
def test_files_that_are_no_pictures_are_refused(tmp_path, data, message):
    with pytest.raises(InputError, match=message):
        read_picture(write(tmp_path / "x.png", data))


def test_missing_files_folders_and_loops_are_refused(tmp_path):
    with pytest.raises(InputError, match="nothing does not exist"):
        read_picture(tmp_path / "nothing")
    with pytest.raises(InputError, match="must be a file, got a folder"):
        read_picture(tmp_path)
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    with pytest.raises(InputError, match=r"loop\.png cannot be read"):
        read_picture(tmp_path / "loop.png")
    with pytest.raises(InputError, match="no zero characters"):
        read_picture("a\0b")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_refused_instead_of_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(InputError, match="must be a file, got a folder, pipe or device"):
        read_picture(tmp_path / "pipe.png")


def test_a_file_that_may_not_be_read_is_an_input_error(tmp_path, monkeypatch):
    path = write(tmp_path / "x.png", encode(".png", COLOR))

    def refuse(*_args, **_kwargs):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputError, match=r"x\.png cannot be read: Permission denied"):
        read_picture(path)


@pytest.mark.parametrize("name", ["with space.png", 'it\'s "q".png', "Gesicht_ä_顔.png"])
def test_unusual_names(tmp_path, name):
    path = write(tmp_path / name, encode(".png", COLOR))
    np.testing.assert_array_equal(read_picture(path), COLOR_GREY)


def test_names_that_are_not_utf_8(tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.png"
    try:
        with open(path, "wb") as file:
            file.write(encode(".png", COLOR))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    np.testing.assert_array_equal(read_picture(os.fsdecode(path)), COLOR_GREY)
    os.remove(path)
    with pytest.raises(InputError, match="\ufffd\\.png does not exist"):
        read_picture(os.fsdecode(path))
