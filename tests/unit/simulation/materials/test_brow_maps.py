import cv2
import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.simulation.materials.brow_maps import STRIP_SIZE, read_brow_maps, straightened


def arched(height=120, width=300):
    """Return a brow of even thickness along a parabola, and its mirror image below."""
    canvas = np.zeros((height, width), dtype=np.float32)
    x = np.arange(20, width - 20)
    y = 40 + 30 * ((x - width / 2) / (width / 2)) ** 2
    for column, row in zip(x, y, strict=True):
        canvas[round(row) - 8 : round(row) + 9, column] = 1.0
    return canvas


def test_an_arch_becomes_a_straight_strip():
    strip = straightened(arched())[:, 5:-5]
    assert straightened(arched()).shape == STRIP_SIZE
    rows = np.arange(STRIP_SIZE[0])[:, None]
    middle = (rows * strip).sum(axis=0) / strip.sum(axis=0)
    np.testing.assert_allclose(middle, (STRIP_SIZE[0] - 1) / 2, atol=1.5)


def test_a_strip_leaves_as_much_bare_skin_around_the_hairs_as_they_are_high():
    strip = straightened(arched())
    hidden = (strip > 0.5).mean(axis=0)
    np.testing.assert_allclose(hidden[10:-10], 0.5, atol=0.12)


def test_the_upper_brow_of_a_picture_is_read(tmp_path):
    picture = np.zeros((300, 300, 4), dtype=np.uint8)
    brow = (255 * arched()).astype(np.uint8)
    picture[:120, :, 3] = brow
    picture[150:270, :, 3] = brow[:, ::-1]
    cv2.imwrite(str(tmp_path / "one.png"), picture)
    (strip,) = read_brow_maps(tmp_path)
    np.testing.assert_allclose(strip, straightened(arched()), atol=0.5)
    assert np.abs(strip - straightened(arched())).mean() < 0.02


def test_what_is_no_brow_is_named(tmp_path):
    with pytest.raises(InputError, match=r"brows must be a folder of \.png pictures"):
        read_brow_maps(tmp_path)
    cv2.imwrite(str(tmp_path / "grey.png"), np.zeros((20, 20), dtype=np.uint8))
    with pytest.raises(InputError, match=r"grey\.png must be a picture with a fourth channel"):
        read_brow_maps(tmp_path)
    cv2.imwrite(str(tmp_path / "grey.png"), np.zeros((20, 20, 4), dtype=np.uint8))
    with pytest.raises(InputError, match=r"grey\.png must show hairs, got none"):
        read_brow_maps(tmp_path)
