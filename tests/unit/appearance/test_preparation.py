import numpy as np

from au_detect.appearance.preparation import equalised, pixel_statistics, shifted_and_flipped


def test_pixel_statistics_are_of_every_pixel():
    images = np.random.default_rng(0).integers(0, 256, (50, 48, 48)).astype(np.uint8)
    images[:, 0, 0] = 9
    mean, variance = pixel_statistics(images)
    assert mean.shape == variance.shape == (48, 48, 1)
    np.testing.assert_allclose(mean[..., 0], images.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(variance[5, 7, 0], images[:, 5, 7].var(), rtol=1e-3)
    assert variance[0, 0, 0] == 1


def test_equalised_pictures_use_all_greys():
    ramp = np.tile(np.arange(100, 148, dtype=np.uint8), (48, 1))
    (even,) = equalised(ramp[None])
    assert (even.min(), even.max()) == (0, 255)
    assert (np.diff(even[0].astype(int)) >= 0).all()


def test_copies_are_moved_by_a_tenth_and_half_are_mirrored():
    images = np.zeros((400, 48, 48), dtype=np.uint8)
    images[:, 20, 10] = 255
    copies = shifted_and_flipped(images, np.random.default_rng(0))
    rows, columns = np.array([np.unravel_index(c.argmax(), c.shape) for c in copies]).T
    assert set(rows) == set(range(15, 26))
    mirrored = columns > 24
    assert set(columns[~mirrored]) == set(range(5, 16))
    assert set(columns[mirrored]) == {47 - x for x in range(5, 16)}
    assert 150 < mirrored.sum() < 250
