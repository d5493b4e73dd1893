import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect.features.furrows import FURROW_CROP
from au_detect.features.looks import HEIGHT_PX, WIDTH_PX
from au_detect.landmarks.points import POINTS
from au_detect.simulation.landmarks.examples import EXAMPLE_CROP, LandmarkExamples
from au_detect.simulation.landmarks.points import N_POINTS
from au_detect.simulation.looks import windows
from au_detect.simulation.looks.windows import draw_windows, spoilt

SCALE = FURROW_CROP.iod_px / EXAMPLE_CROP.iod_px
EYES = ((70.0, 100.0), (154.0, 100.0))


@pytest.fixture
def examples():
    """Two faces: a dark spot 4 px to the right of the middle of each eye."""
    side = EXAMPLE_CROP.side_px
    crops = np.full((2, side, side), 200, np.uint8)
    points = np.zeros((2, N_POINTS, 2), np.float32)
    for name, (x, y) in zip(("right", "left"), EYES, strict=True):
        points[:, POINTS[f"{name}_eye_outer"]] = (x - 10, y)
        points[:, POINTS[f"{name}_eye_inner"]] = (x + 10, y)
        crops[:, int(y) - 2 : int(y) + 3, int(x) + 2 : int(x) + 7] = 20
    looks = np.tile(np.array([0.4, -0.1], np.float32), (2, 1))
    return LandmarkExamples(crops, points, np.arange(2), looks)


def spot(window):
    """Return where the dark spot is from the middle of a window."""
    y, x = np.nonzero(window < 110)
    return np.array([x.mean() - (WIDTH_PX - 1) / 2, y.mean() - (HEIGHT_PX - 1) / 2])


def test_windows_show_right_eyes_and_mirrored_left_ones(examples, monkeypatch):
    for name in ("ROTATION_DEG", "SCALE", "SHIFT_PX"):
        monkeypatch.setattr(windows, name, 0.0)
    seen, looks = draw_windows(examples, np.arange(2), np.random.default_rng(0), spoil=False)
    assert seen.shape == (4, HEIGHT_PX, WIDTH_PX)
    np.testing.assert_allclose(looks, [[0.4, -0.1], [-0.4, -0.1]] * 2, rtol=1e-6)
    for window, x in zip(seen, (4, -4, 4, -4), strict=True):
        np.testing.assert_allclose(spot(window), [x * SCALE, 0], atol=0.3)


def test_looks_turn_with_the_window(examples, monkeypatch):
    monkeypatch.setattr(windows, "SCALE", 0.0)
    monkeypatch.setattr(windows, "SHIFT_PX", 0.0)
    monkeypatch.setattr(windows, "ROTATION_DEG", 20.0)
    seen, looks = draw_windows(examples, np.arange(2), np.random.default_rng(1), spoil=False)
    np.testing.assert_allclose(np.linalg.norm(looks, axis=1), np.hypot(0.4, 0.1), rtol=1e-5)
    turned = np.array([spot(window) for window in seen])
    direction = np.arctan2(turned[:, 1], turned[:, 0])
    expected = np.arctan2(looks[:, 1], looks[:, 0]) + np.array([1, -1, 1, -1]) * np.arctan(0.25)
    off = np.angle(np.exp(1j * (direction - expected)))
    np.testing.assert_allclose(off, 0, atol=0.15)


def test_another_seed_gives_other_windows_the_same_the_same(examples):
    drawn = [draw_windows(examples, np.array([0]), np.random.default_rng(s)) for s in (3, 3, 4)]
    np.testing.assert_array_equal(drawn[0][0], drawn[1][0])
    assert (drawn[0][0] != drawn[2][0]).any()


def test_spoilt_windows_are_grey_values():
    rng = np.random.default_rng(0)
    window = rng.integers(0, 255, (HEIGHT_PX, WIDTH_PX)).astype(np.uint8)
    for _ in range(20):
        other = spoilt(window, rng)
        assert other.shape == window.shape
        assert other.dtype == np.float32
        assert other.min() >= 0
        assert other.max() <= 255
