import numpy as np
import pytest

from au_detect.appearance.spoiling import spoilt


@pytest.mark.parametrize("side_px", [48, 112])
def test_a_spoilt_crop_still_shows_the_same_picture(side_px):
    rng = np.random.default_rng(2)
    x, y = np.meshgrid(*[np.arange(side_px) * 112 / side_px] * 2)
    crop = (127 + 60 * np.sin(x / 9) * np.sin(y / 9)).astype(np.uint8)
    likeness = []
    for _ in range(60):
        other = spoilt(crop, rng)
        assert other.dtype == np.uint8
        assert other.shape == crop.shape
        likeness.append(np.corrcoef(other.ravel(), crop.ravel())[0, 1])
    assert 0.5 < np.median(likeness) < 0.99
    assert len(np.unique(np.round(likeness, 6))) > 50


def test_the_same_seed_spoils_alike():
    crop = np.random.default_rng(3).integers(0, 256, (112, 112), np.uint8)
    first, again = (spoilt(crop, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
