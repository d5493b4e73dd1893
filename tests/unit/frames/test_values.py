import cv2
import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.frames import open_frames
from au_detect.frames.pictures import read_picture
from au_detect.frames.values import ValueScale

GREY = np.random.default_rng(1).integers(0, 256, (24, 32), dtype=np.uint8)
GREY[0, :2] = 0, 255
COLOUR = np.dstack([GREY, GREY.T.reshape(24, 32), GREY[::-1]])


def write(path, image):
    found, data = cv2.imencode(".tiff", image)
    assert found
    path.write_bytes(data.tobytes())
    return path


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
@pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
def test_fewer_bits_in_a_16_bit_file_are_scaled_by_their_depth(tmp_path, bits, image):
    top = 2**bits - 1
    deep = np.rint(image.astype(float) * top / 255).astype(np.uint16)
    path = write(tmp_path / "x.tiff", deep)
    expected = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    assert np.abs(read_picture(path).astype(int) - expected).max() <= 1
    stream = open_frames(path)
    list(stream)
    assert stream.describe()["notices"] == [
        f"values are 0 to {top} of 65535: 0 is taken as black and {top} as white"
    ]


def test_full_16_bits_are_taken_as_ever_and_nothing_is_said(tmp_path):
    stream = open_frames(write(tmp_path / "x.tiff", GREY.astype(np.uint16) * 257))
    (frame,) = stream
    np.testing.assert_array_equal(frame.image, GREY)
    assert "notices" not in stream.describe()


def test_8_bits_are_never_stretched(tmp_path):
    dim = (GREY // 32 + 100).astype(np.uint8)
    stream = open_frames(write(tmp_path / "x.tiff", dim))
    (frame,) = stream
    np.testing.assert_array_equal(frame.image, dim)
    assert "notices" not in stream.describe()


@pytest.mark.parametrize(
    ("factor", "shift"), [(1 / 255, 0), (1, 0), (257, 0), (4095 / 255, 0), (0.1, -12.7), (1e6, 0)]
)
def test_floats_are_scaled_by_what_is_there(tmp_path, factor, shift):
    image = (GREY.astype(float) * factor + shift).astype(np.float32)
    stream = open_frames(write(tmp_path / "x.tiff", image))
    (frame,) = stream
    assert np.abs(frame.image.astype(int) - GREY).max() <= 1
    assert ("notices" in stream.describe()) == (factor != 1 / 255)


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_a_narrow_range_is_stretched(tmp_path, dtype):
    image = (30_000 + GREY.astype(float) * 8).astype(np.uint16)
    image = image if dtype == np.uint16 else (image / 65535).astype(np.float32)
    stream = open_frames(write(tmp_path / "x.tiff", image))
    (frame,) = stream
    assert np.abs(frame.image.astype(int) - GREY).max() <= 1
    (notice,) = stream.describe()["notices"]
    assert "is taken as black" in notice


def test_a_sequence_has_one_scale_that_only_widens(tmp_path):
    dark = np.full((8, 8), 900, np.uint16)
    dark[0, 0] = 0
    bright = dark.copy()
    bright[1] = 4000
    for name, image in (("1", dark), ("2", bright), ("3", dark)):
        write(tmp_path / f"{name}.tiff", image)
    first, _, last = open_frames(tmp_path)
    assert first.image[5, 5] == round(900 * 255 / 1023)
    assert last.image[5, 5] == round(900 * 255 / 4095)


def test_arrays_of_12_bits_are_scaled_too():
    arrays = [GREY.astype(np.uint16) * 16 + GREY // 16] * 2
    stream = open_frames(arrays)
    for frame in stream:
        assert np.abs(frame.image.astype(int) - GREY).max() <= 1
    assert stream.describe()["notices"]


def test_flat_pictures_stay_flat():
    flat = np.full((4, 4), 40_000, np.uint16)
    np.testing.assert_array_equal(ValueScale().to_8_bits(flat, "x"), np.full((4, 4), 156))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_none_are_refused(tmp_path, value):
    image = np.full((4, 4), value, np.float32)
    with pytest.raises(InputError, match=r"x\.tiff must hold finite values"):
        read_picture(write(tmp_path / "x.tiff", image))


def test_values_of_other_kinds_are_refused():
    with pytest.raises(InputError, match="x must hold whole numbers or floats, got complex"):
        ValueScale().to_8_bits(np.ones((2, 2), complex), "x")
