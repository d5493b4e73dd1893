import numpy as np
import pytest

from au_detect.landmarks.crop import DETAIL_CROP, NETWORK_CROP, FaceCrop
from au_detect.landmarks.points import apply_affine
from au_detect.simulation.landmarks.augmentation import Jitter, cut_again

MIDDLE = (NETWORK_CROP.side_px - 1) / 2
WIDE = FaceCrop(box_px=126, side_px=224)


@pytest.mark.parametrize("to", [NETWORK_CROP, DETAIL_CROP])
def test_points_follow_the_jitter_of_the_crop(to):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        crop = np.zeros((224, 224), np.uint8)
        crop[100:107, 120:127] = 255
        at, jitter = np.array([[123.0, 103.0]]), Jitter(10, 0.1, 0.1)
        seen, points = cut_again(crop, at, WIDE, to, jitter, rng)
        assert seen.shape == (to.side_px, to.side_px)
        rows, columns = np.nonzero(seen)
        weights = seen[rows, columns].astype(float)
        center = [np.average(columns, weights=weights), np.average(rows, weights=weights)]
        np.testing.assert_allclose(points[0], center, atol=0.3)


def test_jitter_has_the_spread_that_it_says():
    rng = np.random.default_rng(1)
    matrices = np.array([Jitter(5.0, 0.1, 0.05).draw(rng, NETWORK_CROP) for _ in range(2000)])
    angles = np.degrees(np.arctan2(matrices[:, 1, 0], matrices[:, 0, 0]))
    scales = np.log(np.hypot(matrices[:, 0, 0], matrices[:, 1, 0]))
    moved = np.array([apply_affine(matrix, [MIDDLE, MIDDLE]) for matrix in matrices])
    shifts = (moved - MIDDLE) / NETWORK_CROP.iod_px
    assert np.std(angles) == pytest.approx(5.0, rel=0.06)
    assert np.std(scales) == pytest.approx(0.1, rel=0.06)
    np.testing.assert_allclose(np.std(shifts, axis=0), 0.05, rtol=0.06)
    assert abs(np.mean(angles)) < 0.4
