import cv2
import numpy as np
import pytest

from au_detect.landmarks.crop import FaceCrop, compose, is_near, overlap
from au_detect.landmarks.points import STABLE_POINTS, apply_affine

CROP = FaceCrop(box_px=84, side_px=120)


def similarity(scale, degrees, shift):
    angle = np.deg2rad(degrees)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.column_stack([linear, shift])


def face_seen_through(picture_matrix):
    """68 points whose stable ones are the template, moved into a picture."""
    points = np.zeros((68, 2))
    points[STABLE_POINTS] = CROP.template
    return apply_affine(picture_matrix, points)


def test_the_template_is_one_iod_wide_and_sits_on_the_middle():
    width = CROP.template[3, 0] - CROP.template[0, 0]
    assert width == pytest.approx(CROP.iod_px) == pytest.approx(84 / 1.68)
    assert CROP.template[:, 0].mean() == pytest.approx((120 - 1) / 2)


@pytest.mark.parametrize("degrees", [0, 30, -150])
@pytest.mark.parametrize("scale", [0.3, 1.0, 7.0])
def test_matrix_undoes_rotation_scale_and_shift(degrees, scale):
    points = face_seen_through(similarity(scale, degrees, [31.5, -12.0]))
    upright = apply_affine(CROP.matrix(points), points)
    np.testing.assert_allclose(upright[STABLE_POINTS], CROP.template, atol=1e-9)


def test_box_is_the_crops_box_in_the_picture():
    points = face_seen_through(similarity(2.0, 0, [100.0, 50.0]))
    middle = np.array([100.0, 50.0]) + 2 * 59.5
    expected = [*(middle - 84), *(middle + 84)]
    np.testing.assert_allclose(CROP.box(CROP.matrix(points)), expected)


def test_matrix_of_box_is_the_inverse_of_box():
    box = [10.0, 20.0, 60.0, 70.0]
    np.testing.assert_allclose(CROP.box(CROP.matrix_of_box(box)), box)


def test_shift_is_in_iod_and_zero_where_the_face_sits():
    assert CROP.shift_iod(similarity(1.0, 0, [0.0, 0.0])) == 0
    assert CROP.shift_iod(similarity(1.0, 0, [3.0, 4.0])) == pytest.approx(5 / CROP.iod_px)


def test_compose_applies_the_first_matrix_first():
    first, second = similarity(2.0, 20, [3.0, 1.0]), similarity(0.5, -70, [-8.0, 2.0])
    points = np.array([[0.0, 0.0], [5.0, -3.0]])
    np.testing.assert_allclose(
        apply_affine(compose(second, first), points),
        apply_affine(second, apply_affine(first, points)),
    )


def test_cut_shows_the_same_content_whatever_the_size_of_the_picture():
    x, y = np.meshgrid(np.arange(120.0), np.arange(120.0))
    small = (128 + 60 * np.sin(x / 9) + 50 * np.cos(y / 7)).astype(np.uint8)
    for factor in (2, 3, 8):
        large = cv2.resize(small, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
        to_crop = similarity(1 / factor, 0, [(1 / factor - 1) / 2] * 2)
        crop = CROP.cut(large, to_crop)
        assert np.abs(crop.astype(int) - small)[4:-4, 4:-4].max() <= 4


def test_cut_averages_fine_detail_of_large_faces():
    checks = np.indices((960, 960)).sum(axis=0) % 2 * 255
    crop = CROP.cut(checks.astype(np.uint8), similarity(0.125, 0, [0.0, 0.0]))
    assert np.abs(crop.astype(int) - 128).max() <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 2)])
@pytest.mark.parametrize("scale", [0.01, 0.3, 50.0])
def test_cut_of_tiny_pictures_has_the_crops_size(shape, scale):
    image = np.full(shape, 7, dtype=np.uint8)
    crop = CROP.cut(image, similarity(scale, 10, [-30.0, 4.0]))
    assert crop.shape == (120, 120)
    assert np.all(crop == 7)


def test_thumbnails_ignore_brightness_and_contrast():
    x, y = np.meshgrid(np.arange(120.0), np.arange(120.0))
    face = 100 + 40 * np.sin(x / 11) * np.cos(y / 13)
    likeness = np.sum(CROP.thumbnail(face.astype(np.uint8)) ** 2)
    darker = CROP.thumbnail((face / 2 + 5).astype(np.uint8))
    assert likeness == pytest.approx(1, abs=1e-3)
    assert np.sum(CROP.thumbnail(face.astype(np.uint8)) * darker) > 0.99
    assert np.sum(CROP.thumbnail(np.full((120, 120), 90, dtype=np.uint8)) * darker) == 0


def test_overlap_is_intersection_over_union():
    assert overlap([0, 0, 2, 2], [1, 0, 3, 2]) == pytest.approx(1 / 3)
    assert overlap([0, 0, 2, 2], [0, 0, 2, 2]) == 1
    assert overlap([0, 0, 2, 2], [5, 0, 7, 2]) == 0
    assert overlap([0, 0, 0, 0], [0, 0, 0, 0]) == 0


def test_near_means_less_than_two_boxes_apart_and_of_similar_size():
    box = np.array([0.0, 0.0, 10.0, 10.0])
    assert is_near(box, box + 13)
    assert not is_near(box, box + 15)
    assert not is_near(box, box * 2)
