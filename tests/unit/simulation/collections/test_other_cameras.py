"""Copies of pictures as other cameras could have taken them."""

from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect.simulation.collections.other_cameras import taken_otherwise


@dataclass(frozen=True)
class Picture:
    image: np.ndarray
    landmarks: np.ndarray


@pytest.fixture
def picture():
    x, y = np.meshgrid(np.arange(300), np.arange(200))
    image = (127 + 60 * np.sin(x / 9) * np.sin(y / 9)).astype(np.uint8)
    around = np.linspace(0, 2 * np.pi, 68)
    return Picture(image, np.column_stack([120 + 30 * np.cos(around), 90 + 30 * np.sin(around)]))


def test_what_is_around_the_face_changes_and_nothing_else(picture):
    (copy,) = taken_otherwise([picture], np.random.default_rng(0))
    changed = np.argwhere(copy.image != picture.image)
    assert len(changed) > 60 * 60 / 2
    middle, reach = np.array([90, 120]), 1.7 * 60 / 2 + 1
    assert np.abs(changed - middle).max() <= reach
    assert copy.landmarks is picture.landmarks


def test_a_face_at_the_border_is_changed_inside_the_picture(picture):
    at_corner = Picture(picture.image, picture.landmarks - picture.landmarks.min(axis=0))
    (copy,) = taken_otherwise([at_corner], np.random.default_rng(1))
    assert copy.image.shape == picture.image.shape
    assert (copy.image != picture.image)[:60, :60].mean() > 0.5


def test_half_of_the_pairs_are_taken_in_one_way(picture):
    alike = []
    for seed in range(60):
        one, other = taken_otherwise([picture, picture], np.random.default_rng(seed))
        alike.append(np.array_equal(one.image, other.image))
    assert 18 <= sum(alike) <= 42


def test_the_same_seed_gives_the_same_copies(picture):
    first, again = (taken_otherwise([picture] * 2, np.random.default_rng(4)) for _ in range(2))
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one.image, other.image)
