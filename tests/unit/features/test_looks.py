import cv2
import numpy as np
import pytest

from au_detect import sample_sequences
from au_detect.errors import ModelFileError
from au_detect.features.furrows import FURROW_CROP, cut_upright
from au_detect.features.looks import (
    HEIGHT_PX,
    WIDTH_PX,
    cut_window,
    measure_looks,
    network,
    network_input,
)
from au_detect.frames import open_frames
from au_detect.landmarks.points import apply_affine, mirror
from au_detect.landmarks.tracking import FaceTracker


@pytest.fixture(scope="module")
def face():
    """Return a sample's picture and its landmarks."""
    image = next(iter(open_frames(sample_sequences()["happiness"]))).image
    return image, FaceTracker().track(image)[0].points


def looks_of(image, points):
    return measure_looks(cut_upright(image, points))


def test_a_mirrored_picture_has_mirrored_looks(face):
    image, points = face
    looks = looks_of(image, points)
    flipped = np.ascontiguousarray(image[:, ::-1])
    mirrored = looks_of(flipped, mirror(points, image.shape[1]))
    np.testing.assert_allclose(mirrored, looks[::-1] * [-1, 1, 1], atol=0.03)


def test_a_tilted_picture_turns_the_looks(face):
    image, points = face
    height, width = image.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 20, 1.0)
    tilted = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    found = looks_of(tilted, apply_affine(turn, points))
    np.testing.assert_allclose(
        found[:, :2], looks_of(image, points)[:, :2] @ turn[:, :2].T, atol=0.05
    )


def test_brightness_and_size_of_the_picture_do_not_matter(face):
    image, points = face
    looks = looks_of(image, points)
    dim = np.rint(image * 0.6 + 10).astype(np.uint8)
    np.testing.assert_allclose(looks_of(dim, points), looks, atol=0.04)
    large = cv2.resize(image, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    np.testing.assert_allclose(looks_of(large, points * 2 + 0.5), looks, atol=0.06)


def test_windows_lie_about_the_eye_and_stay_in_the_crop():
    crop = np.arange(FURROW_CROP.side_px**2).reshape(FURROW_CROP.side_px, -1)
    window = cut_window(crop, np.array([60.0, 50.0]))
    assert window.shape == (HEIGHT_PX, WIDTH_PX)
    y, x = np.divmod(window, FURROW_CROP.side_px)
    assert abs(x.mean() - 60) <= 0.5
    assert abs(y.mean() - 50) <= 0.5
    assert cut_window(crop, np.array([-30.0, 900.0])).shape == (HEIGHT_PX, WIDTH_PX)


def test_a_flat_window_is_no_noise():
    flat = network_input(np.full((1, HEIGHT_PX, WIDTH_PX), 80, np.uint8))
    assert not flat.any()
    slope = network_input(np.tile(np.arange(WIDTH_PX), (1, HEIGHT_PX, 1)))
    assert slope.mean() == pytest.approx(0, abs=1e-6)
    assert slope.std() == pytest.approx(1, abs=1e-5)


def test_what_is_no_gaze_network_is_refused(tmp_path):
    other = tmp_path / "gaze.tflite"
    other.write_bytes(b"nothing")
    with pytest.raises(ModelFileError, match=r"gaze\.tflite must be a gaze network, got .*LiteRT"):
        network(other)
    with pytest.raises(ModelFileError, match=r"must be a gaze network, got .*No such file"):
        network(tmp_path / "none.tflite")
