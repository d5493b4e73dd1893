from pathlib import Path

import numpy as np
import pytest

from au_detect.errors import ModelFileError
from au_detect.landmarks.visibility import (
    HALVES,
    VIEW,
    Visibility,
    face_contrast,
    measure_visibility,
    outside_shares,
    read_visibility_network,
    shipped_visibility_network,
)

FIXTURES = Path(__file__).parents[2] / "fixtures"


class Sure:
    """A network that always says the same."""

    def __init__(self, upper, lower):
        self.answer = np.array([upper, lower], np.float32)

    def log_odds(self, view):
        assert view.shape == (VIEW.side_px, VIEW.side_px)
        return self.answer


@pytest.fixture
def bright(rng):
    """A picture of much contrast, large enough for `face_px`."""
    return rng.integers(0, 256, (400, 400)).astype(np.uint8).repeat(2, 0).repeat(2, 1)[:400, :400]


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def visibility(image, points, network):
    view = VIEW.cut(image, VIEW.matrix(points))
    return measure_visibility(view, points, image.shape[::-1], network)


@pytest.mark.parametrize("upper", [True, False])
@pytest.mark.parametrize("lower", [True, False])
def test_each_half_is_what_the_network_says(bright, face_px, upper, lower):
    network = Sure(9.0 if upper else -9.0, 9.0 if lower else -9.0)
    assert visibility(bright, face_px, network) == Visibility(upper, lower)


def test_a_half_outside_the_picture_cannot_be_trusted(bright, face_px):
    above_mouth = bright[: int(face_px[48:68, 1].min())]
    assert outside_shares(face_px, above_mouth.shape[::-1]) == (0.0, 1.0)
    assert visibility(above_mouth, face_px, Sure(9, 9)) == Visibility(True, False)
    below_eyes = int(face_px[36:48, 1].max()) + 1
    moved = face_px - (0, below_eyes)
    assert visibility(bright[below_eyes:], moved, Sure(9, 9)) == Visibility(False, True)


def test_a_face_cut_through_its_middle_cannot_be_trusted_at_all(bright, face_px):
    left = bright[:, : int(face_px[27, 0])]
    upper, lower = outside_shares(face_px, left.shape[::-1])
    assert (upper, lower) == pytest.approx((0.5, 0.5), abs=0.15)
    assert visibility(left, face_px, Sure(9, 9)) == Visibility(False, False)


def test_a_face_in_darkness_cannot_be_trusted(bright, face_px):
    dark = bright // 64
    assert face_contrast(VIEW.cut(dark, VIEW.matrix(face_px))) < 2
    assert visibility(dark, face_px, Sure(9, 9)) == Visibility(False, False)


def test_halves_are_brows_and_eyes_and_the_lips():
    assert [len(half) for half in HALVES] == [22, 20]
    assert HALVES[0] == [*range(17, 27), *range(36, 48)]
    assert HALVES[1] == [*range(48, 68)]


def test_the_shipped_network_gives_two_log_odds(rng):
    view = rng.integers(0, 256, (VIEW.side_px, VIEW.side_px)).astype(np.uint8)
    network = shipped_visibility_network()
    first = network.log_odds(view)
    assert first.shape == (2,)
    assert np.isfinite(first).all()
    np.testing.assert_array_equal(network.log_odds(view), first)


def test_another_network_is_refused():
    with pytest.raises(ModelFileError, match=r"must take \(1, 50, 50, 1\) and give \(1, 2\), got"):
        read_visibility_network(FIXTURES / "bright_spot.tflite")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ModelFileError, match=r"none\.tflite must be a visibility network: No such"):
        read_visibility_network(tmp_path / "none.tflite")
