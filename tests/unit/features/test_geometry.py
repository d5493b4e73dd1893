import inspect

import numpy as np
import pytest

from au_detect.features import geometry
from au_detect.landmarks.points import MIRROR, POINTS

SIDED = [
    function
    for _, function in inspect.getmembers(geometry, inspect.isfunction)
    if list(inspect.signature(function).parameters) == ["shapes", "side"]
    and not function.__name__.startswith("_")
]


def shape_with(**points):
    """Return one frontal shape (1, 68, 2), zero but for the named points."""
    shape = np.zeros((1, 68, 2))
    for name, place in points.items():
        shape[0, POINTS[name]] = place
    return shape


@pytest.fixture
def shapes(mean_face):
    """Return five frontal shapes that are not symmetric."""
    noise = np.random.default_rng(3).normal(0, 0.03, (5, 68, 2))
    return mean_face[:, :2] + noise


def test_distances_are_euclidean():
    shape = shape_with(right_lip_corner=(-0.3, 0.2), left_lip_corner=(0.3, 1.0))
    np.testing.assert_allclose(geometry.lip_width(shape), [1.0])
    shape = shape_with(right_nostril=(-0.1, 0.4), right_lip_corner=(-0.4, 0.8))
    np.testing.assert_allclose(geometry.nasolabial_length(shape, "right"), [0.5])


def test_heights_are_positive_upwards():
    shape = shape_with(left_brow_inner=(0.2, -0.4), left_eye_inner=(0.2, -0.1))
    np.testing.assert_allclose(geometry.inner_brow_motion(shape, "left"), [0.3])


def test_lids_are_measured_from_the_line_between_the_corners():
    shape = shape_with(
        right_eye_outer=(-0.5, -0.2), right_eye_inner=(-0.2, -0.1),
        right_upper_lid_outer=(-0.4, -0.25), right_upper_lid_inner=(-0.3, -0.23),
        right_lower_lid_outer=(-0.4, -0.11), right_lower_lid_inner=(-0.3, -0.07),
    )  # fmt: skip
    np.testing.assert_allclose(geometry.upper_lid_motion(shape, "right"), [0.09])
    np.testing.assert_allclose(geometry.lower_lid_motion(shape, "right"), [-0.06])
    np.testing.assert_allclose(geometry.eye_height(shape, "right"), [0.15])


def test_lip_corners_over_the_middle_of_the_lips():
    shape = shape_with(
        upper_lip_bottom=(0, 0.60), lower_lip_top=(0, 0.70), left_lip_corner=(0.3, 0.55)
    )
    np.testing.assert_allclose(geometry.lip_corner_over_lips(shape, "left"), [0.10])
    np.testing.assert_allclose(geometry.lip_corner_over_lips(shape, "right"), [0.65])


@pytest.mark.parametrize("function", SIDED)
def test_the_left_of_the_mirrored_face_is_the_right(shapes, function):
    right, left = function(shapes, "right"), function(shapes, "left")
    flipped = geometry.mirrored(shapes)
    assert right.shape == (5,)
    assert np.abs(right - left).min() > 1e-6
    np.testing.assert_allclose(function(flipped, "left"), right, atol=1e-12)
    np.testing.assert_allclose(function(flipped, "right"), left, atol=1e-12)


def test_there_are_sided_distances():
    assert geometry.lip_corner_motion in SIDED
    assert len(SIDED) > 8


def test_mirrored_exchanges_points_and_the_sign_of_x(shapes):
    flipped = geometry.mirrored(shapes)
    np.testing.assert_array_equal(flipped[:, 36], shapes[:, 45] * (-1, 1))
    np.testing.assert_array_equal(geometry.mirrored(flipped), shapes)


@pytest.mark.parametrize(("side", "kept", "made"), [("left", 54, 48), ("right", 48, 54)])
def test_a_face_made_of_one_half_is_symmetric_and_keeps_that_half(shapes, side, kept, made):
    whole = geometry.symmetric_from(shapes, side)
    np.testing.assert_array_equal(whole, geometry.mirrored(whole))
    np.testing.assert_array_equal(whole[:, kept], shapes[:, kept])
    np.testing.assert_array_equal(whole[:, made], shapes[:, kept] * (-1, 1))


def test_halves_of_a_symmetric_face_are_the_face(mean_face):
    face = mean_face[None, :, :2]
    face = (face + geometry.mirrored(face)) / 2
    for side in ("left", "right"):
        np.testing.assert_allclose(geometry.symmetric_from(face, side), face, atol=1e-12)


def test_middle_points_come_to_the_midline(shapes):
    middle = [i for i in range(68) if MIRROR[i] == i]
    whole = geometry.symmetric_from(shapes, "left")
    np.testing.assert_allclose(whole[:, middle, 0], 0.0)
    np.testing.assert_allclose(whole[:, middle, 1], shapes[:, middle, 1])
