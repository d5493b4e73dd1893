import numpy as np
import pytest

from au_detect.landmarks.head_position import MEAN_IOD_MM, head_position_mm, usual_focal_px
from au_detect.landmarks.points import STABLE_POINTS, mirror
from au_detect.landmarks.pose import estimate_pose, read_mean_face

SIZE = np.array([[1280.0, 720.0]])
MIDDLE = (SIZE - 1) / 2


def seen_from(place_mm, focal_px=1000.0):
    """Return the mean face's landmarks in a picture, the stable points' middle at `place_mm`."""
    face = read_mean_face()
    in_space = (face - face[STABLE_POINTS].mean(axis=0)) * MEAN_IOD_MM + place_mm
    return (focal_px * in_space[:, :2] / in_space[:, 2:] + MIDDLE)[None]


def position(points, focal_px=1000.0, size=SIZE):
    return head_position_mm(points, estimate_pose(points).scale_px, size, focal_px)[0]


@pytest.mark.parametrize("place_mm", [(0, 0, 600), (150, -80, 900), (-300, 200, 2000)])
def test_a_face_of_the_mean_size_is_found_where_it_is(place_mm):
    found = position(seen_from(place_mm))
    np.testing.assert_allclose(found, place_mm, atol=0.025 * place_mm[2])  # faces are deep


def test_a_mirrored_picture_moves_the_head_to_the_other_side():
    points = seen_from((150, -80, 900))
    mirrored = position(mirror(points, SIZE[0, 0]))
    np.testing.assert_allclose(mirrored, position(points) * [-1, 1, 1], rtol=1e-4)


def test_a_longer_lens_puts_the_same_picture_further_away():
    points = seen_from((100, 50, 800))
    near, far = position(points), position(points, focal_px=2000.0)
    np.testing.assert_allclose(far, near * [1, 1, 2], rtol=1e-9)


def test_an_enlarged_picture_with_the_usual_lens_is_as_far_away():
    points = seen_from((100, 50, 800))
    middle = (3 * SIZE - 1) / 2
    enlarged = position((points - MIDDLE) * 3 + middle, None, 3 * SIZE)
    np.testing.assert_allclose(enlarged, position(points, None), rtol=1e-9)


def test_the_usual_focal_length_is_openfaces():
    np.testing.assert_allclose(
        usual_focal_px(np.array([[640.0, 480.0], [1280.0, 720.0]])), [500, 875]
    )


@pytest.mark.parametrize("focal_px", [None, 1000.0])
def test_without_the_pictures_size_the_place_is_not_known(focal_px):
    found = position(seen_from((0, 0, 600)), focal_px, np.full((1, 2), np.nan))
    assert np.isnan(found).all()
