from pathlib import Path

import cv2
import numpy as np
import pytest

from au_detect.errors import InputError, ModelFileError
from au_detect.landmarks.crop import DETAIL_CROP, FIT_CROP, NETWORK_CROP
from au_detect.landmarks.network import NetworkFitter, network_input, read_network
from au_detect.landmarks.points import MIRROR, apply_affine, mirror
from au_detect.landmarks.windows import EYES, MOUTH
from au_detect.networks import litert
from au_detect.networks.numpy_network import NumpyInterpreter

FIXTURES = Path(__file__).parents[2] / "fixtures"
BRIGHT_SPOT = FIXTURES / "bright_spot.tflite"  # see make_bright_spot.py
CLOSER = FIXTURES / "closer.tflite"
SIDE_PX = NETWORK_CROP.side_px


def spot_at(column, row, crop_of=NETWORK_CROP):
    """Return a crop with one bright square, a 28th of it wide; column and row count squares."""
    px = crop_of.side_px // 28
    crop = np.full((crop_of.side_px, crop_of.side_px), 20, np.uint8)
    crop[px * row : px * row + px, px * column : px * column + px] = 250
    return crop


@pytest.fixture(params=[litert.Interpreter, NumpyInterpreter])
def each_interpreter(request, monkeypatch):
    monkeypatch.setattr(litert, "Interpreter", request.param)


@pytest.fixture
def fitter(each_interpreter):
    return read_network(BRIGHT_SPOT)


@pytest.mark.parametrize(("column", "row"), [(14, 14), (3, 20), (27, 0)])
def test_points_are_given_in_the_fit_crop(fitter, column, row):
    fit = fitter.fit(spot_at(column, row))
    assert fit.points.shape == (68, 2)
    middle = np.array([4 * column + 1.5, 4 * row + 1.5])
    right = (np.arange(68) - MIRROR) / 2  # point i lies i px right of the spot, mirrored or not
    in_network_crop = middle + np.column_stack([right, np.zeros(68)])
    expected = apply_affine(NETWORK_CROP.matrix_to(FIT_CROP), in_network_crop)
    np.testing.assert_allclose(fit.points, expected, atol=0.01)


def test_expected_errors_are_in_inter_ocular_distances(fitter):
    fit = fitter.fit(spot_at(14, 14))
    both = (np.arange(68) + MIRROR) / 2
    np.testing.assert_allclose(fit.error_iod, both / NETWORK_CROP.iod_px, rtol=1e-5)
    inside = np.arange(17, 68).mean() / NETWORK_CROP.iod_px
    assert fit.uncertainty_iod == pytest.approx(inside)


def test_a_mirrored_crop_gives_mirrored_points(fitter):
    crop = spot_at(3, 20)
    fit, mirrored = fitter.fit(crop), fitter.fit(np.ascontiguousarray(crop[:, ::-1]))
    expected = mirror(fit.points, FIT_CROP.side_px)
    np.testing.assert_allclose(mirrored.points, expected, atol=1e-3)
    np.testing.assert_allclose(mirrored.error_iod, fit.error_iod[MIRROR], rtol=1e-6)


def test_one_look_gives_the_mean_of_two_while_the_face_keeps_its_shape(fitter, monkeypatch):
    before, both = fitter.fit(spot_at(3, 3)), fitter.fit(spot_at(14, 14))
    looks, look = [], NetworkFitter._look
    monkeypatch.setattr(
        NetworkFitter, "_look", lambda self, shown: looks.append(shown) or look(self, shown)
    )
    again = fitter.fit(spot_at(14, 14), before)
    assert len(looks) == 1
    np.testing.assert_allclose(again.points, both.points, atol=0.01)
    np.testing.assert_allclose(again.error_iod, both.error_iod, rtol=1e-5)
    assert not np.shares_memory(again.points, before.points)


# Windows


@pytest.fixture
def closer(each_interpreter):
    return read_network(CLOSER)


@pytest.mark.parametrize(("column", "row"), [(14, 14), (8, 17), (27, 1)])
def test_eyes_and_mouth_are_looked_at_closely(closer, column, row):
    """Point i of a window lies i px right of the spot, in the mirror image for left eyes; all else
    on it. What the mouth's mirror image shows is turned back and averaged."""
    fit = closer.fit(spot_at(column, row, DETAIL_CROP))
    right = np.zeros(68)
    right[list(EYES.landmarks)] = np.arange(len(EYES.landmarks))
    right[MIRROR[list(EYES.landmarks)]] = -np.arange(len(EYES.landmarks))
    right[list(MOUTH.landmarks)] = np.arange(len(MOUTH.landmarks))
    mouth = np.isin(np.arange(68), MOUTH.landmarks)
    right = np.where(mouth, (right - right[MIRROR]) / 2, right)
    spot = np.array([6 * column + 2.5, 6 * row + 2.5])
    in_crop = spot + np.column_stack([right, np.zeros(68)])
    expected = apply_affine(DETAIL_CROP.matrix_to(FIT_CROP), in_crop)
    np.testing.assert_allclose(fit.points, expected, atol=0.02)
    assert fit.error_iod[[17, 41, 46, 8]] * DETAIL_CROP.iod_px == pytest.approx([0, 5, 5, 0])
    of_corners_px = np.mean([MOUTH.landmarks.index(48), MOUTH.landmarks.index(54)])
    assert fit.error_iod[[48, 54]] * DETAIL_CROP.iod_px == pytest.approx([of_corners_px] * 2)


def test_windows_are_cut_at_whole_pixels_and_stay_inside():
    crop = np.arange(168 * 168).astype(np.uint8).reshape(168, 168)
    window, middle = EYES.cut(crop, 90.2, 80.4)
    assert window.shape == (32, 40)
    assert middle == (90.5, 80.5)
    np.testing.assert_array_equal(window, crop[65:97, 71:111])
    window, middle = EYES.cut(crop, 200.0, -5.0)
    assert middle == (168 - 20.5, 15.5)
    np.testing.assert_array_equal(window, crop[:32, -40:])


def test_what_has_no_network_of_its_own_is_not_looked_at_closely(tmp_path):
    alone = tmp_path / "mine.tflite"
    alone.write_bytes(CLOSER.read_bytes())
    assert read_network(alone).crop == NETWORK_CROP
    mouth = tmp_path / "mine.mouth.tflite"
    mouth.write_bytes(CLOSER.with_suffix(".mouth.tflite").read_bytes())
    assert read_network(alone).crop == DETAIL_CROP
    fit = read_network(alone).fit(spot_at(14, 14, DETAIL_CROP))
    assert fit.error_iod[41] == 0 < fit.error_iod[51]
    mouth.unlink()
    eyes = tmp_path / "mine.eyes.tflite"
    eyes.write_bytes(CLOSER.with_suffix(".eyes.tflite").read_bytes())
    assert read_network(alone).crop == DETAIL_CROP
    eyes.write_bytes(CLOSER.read_bytes())
    wanted = r"must take pictures \(32, 40, 1\) and give \(6 or more, 3\), got \[\(112, 112, 1\)\]"
    with pytest.raises(InputError, match=wanted):
        read_network(alone)


# Input


def test_the_input_does_not_depend_on_brightness_and_contrast():
    rng = np.random.default_rng(0)
    crop = cv2.GaussianBlur(rng.integers(0, 100, (SIDE_PX, SIDE_PX), np.uint8), (5, 5), 0)
    plain = network_input(crop)
    assert plain.dtype == np.float32
    assert plain.mean() == pytest.approx(0, abs=1e-5)
    assert plain.std() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(network_input(crop * 2 + 30), plain, atol=1e-5)
    flat = network_input(np.full((SIDE_PX, SIDE_PX), 77, np.uint8))
    np.testing.assert_allclose(flat, 0, atol=1e-5)


def test_another_network_is_refused(tmp_path):
    with pytest.raises(ModelFileError, match=r"must take pictures \(112, 112, 1\).*got \[\(3,\)\]"):
        NetworkFitter((FIXTURES / "two_aus.tflite").read_bytes())
    with pytest.raises(InputError, match=r"landmark_model must be a landmark network.*absent"):
        read_network(tmp_path / "absent.tflite")


def test_says_nothing(capfd):
    read_network(BRIGHT_SPOT).fit(spot_at(1, 1))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")
