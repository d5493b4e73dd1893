import numpy as np
import pytest

from au_detect.landmarks.points import apply_affine
from au_detect.simulation.landmarks.covers import covered
from au_detect.simulation.landmarks.examples import EXAMPLE_CROP

MOUTH, EYES = slice(48, 60), slice(36, 48)


@pytest.fixture(scope="module")
def face(mean_face):
    """A crop of noise, and a face's points in it."""
    side = EXAMPLE_CROP.side_px
    crop = np.random.default_rng(3).integers(0, 256, (side, side)).astype(np.uint8)
    return crop, apply_affine(EXAMPLE_CROP.matrix(mean_face[:, :2]), mean_face[:, :2])


def changed_share(crop, other, points):
    x, y = np.rint(points.mean(axis=0)).astype(int)
    part = slice(y - 4, y + 5), slice(x - 4, x + 5)
    return (crop[part] != other[part]).mean()


def drawn(face, n=120):
    crop, points = face
    rng = np.random.default_rng(0)
    return [covered(crop, points, rng) for _ in range(n)]


def test_what_is_wholly_hidden_is_no_longer_seen(face):
    crop, points = face
    hidden = [(picture, shares) for picture, shares in drawn(face) if shares.max() > 0.999]
    assert len(hidden) > 20
    for picture, (upper, lower) in hidden:
        if lower > 0.999:
            assert changed_share(crop, picture, points[MOUTH]) > 0.8
        if upper > 0.999:
            assert changed_share(crop, picture, points[36:42]) > 0.8


def test_what_is_free_is_left_as_it_is(face):
    crop, _ = face
    free = [picture for picture, shares in drawn(face) if not shares.any()]
    assert len(free) > 20
    assert sum(np.array_equal(picture, crop) for picture in free) > 20


def test_all_kinds_of_halves_come(face):
    shares = np.array([shares for _, shares in drawn(face)])
    assert ((shares >= 0) & (shares <= 1)).all()
    hidden = shares >= 0.45
    for upper, lower in [(False, False), (True, False), (False, True)]:
        assert (hidden == (upper, lower)).all(axis=1).sum() > 5


def test_the_same_seed_covers_alike(face):
    crop, points = face
    first, second = (covered(crop, points, np.random.default_rng(8)) for _ in range(2))
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
