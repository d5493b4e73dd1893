import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.features import gaze
from au_detect.features.gaze import Gaze, direction_angles, look_of, measure_gaze
from au_detect.landmarks.points import REGIONS, mirror
from au_detect.landmarks.pose import estimate_pose, read_mean_face, rotation_matrix

AHEAD = np.array([[0.0, 0.0, 1.0]])
MIDDLE_OF_BALL_MM, IRIS_MM = 5.4, 10.4


@pytest.fixture(autouse=True)
def read_as_it_is(monkeypatch):
    """Take what is read of eyes for the truth: the constants that mend it are the network's."""
    monkeypatch.setattr(gaze, "READ", (1.0, 1.0))
    monkeypatch.setattr(gaze, "READ_BACK", (MIDDLE_OF_BALL_MM / IRIS_MM,) * 2)


def head(angles_deg, lids=1.0):
    """Return the pose of the mean face turned by angles, its lids opened by a factor."""
    face = read_mean_face().copy()
    for eye in ("right_eye", "left_eye"):
        points = face[REGIONS[eye]]
        corners = points[[0, 3], 1].mean()
        points[[1, 2, 4, 5], 1] = corners + lids * (points[[1, 2, 4, 5], 1] - corners)
    turned = face @ rotation_matrix(np.radians(angles_deg)).T
    return estimate_pose(100 * turned[None, :, :2])


def toward(x_deg, y_deg):
    """Return the direction whose angles are these."""
    x, y = np.tan(np.radians([x_deg, y_deg]))
    return np.array([x, y, -1.0]) / np.linalg.norm([x, y, -1.0])


def looks(direction, angles_deg):
    """Return what is seen of two balls of eyes that look in a direction, sure of it."""
    back = rotation_matrix(np.radians(angles_deg))[:, 2]
    iris_mm = MIDDLE_OF_BALL_MM * back + IRIS_MM * direction
    return np.tile([*iris_mm[:2] / IRIS_MM, 0.05], (1, 2, 1))


@pytest.mark.parametrize("angles_deg", [(0, 0, 0), (10, -25, 0), (-8, 15, 10)])
@pytest.mark.parametrize("gaze_deg", [(0, 0), (18, 0), (-12, 9), (5, -14)])
def test_an_eye_turned_by_a_known_angle_gives_that_angle(angles_deg, gaze_deg):
    found = measure_gaze(looks(toward(*gaze_deg), angles_deg), head(angles_deg), AHEAD)
    np.testing.assert_allclose(np.degrees(found.angles[0]), gaze_deg, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(found.eyes, axis=2), 1.0)
    assert found.vergence[0] == pytest.approx(0, abs=1e-9)


def test_what_is_made_of_a_direction_is_that_direction_again():
    turn = rotation_matrix(np.radians([5.0, 20.0, -4.0]))
    np.testing.assert_allclose(
        look_of(toward(7, -3), turn), looks(toward(7, -3), (5, 20, -4))[0, 0, :2]
    )


def test_a_mirrored_picture_looks_to_the_other_side():
    seen, pose = looks(toward(10, 6), (5, 15, 3)), head((5, 15, 3))
    points = 100 * read_mean_face() @ rotation_matrix(np.radians([5, 15, 3])).T
    mirrored = estimate_pose(mirror(points[None, :, :2]))
    there = measure_gaze(seen[:, ::-1] * [-1, 1, 1], mirrored, AHEAD)
    here = measure_gaze(seen, pose, AHEAD)
    np.testing.assert_allclose(there.angles, here.angles * [-1, 1], atol=1e-4)


def test_who_looks_into_the_camera_from_aside_looks_back_along_the_line_of_sight():
    sight = np.array([[0.3, -0.2, 1.0]])
    ahead = looks(np.array([0.0, 0.0, -1.0]), (0, 0, 0))
    found = measure_gaze(ahead, head((0, 0, 0)), 700 * sight)
    np.testing.assert_allclose(found.direction, -sight / np.linalg.norm(sight), atol=1e-9)


def test_eyes_that_look_at_something_near_converge_on_it():
    both = looks(toward(8, 0), (0, 0, 0))
    both[0, 1] = looks(toward(2, 0), (0, 0, 0))[0, 1]
    found = measure_gaze(both, head((0, 0, 0)), AHEAD)
    assert np.degrees(found.vergence[0]) == pytest.approx(6, abs=1e-3)
    np.testing.assert_allclose(np.degrees(found.angles[0]), [5, 0], atol=0.02)


def test_a_blink_is_no_gaze():
    found = measure_gaze(looks(toward(5, 5), (0, 0, 0)), head((0, 0, 0), lids=0.1), AHEAD)
    assert np.isnan(found.angles).all()
    assert np.isnan(found.vergence).all()


@pytest.mark.parametrize("spoilt", [(0.0, 0.0, 0.9), (1.5, 0.0, 0.05), (np.nan, np.nan, np.nan)])
def test_an_eye_alone_is_no_gaze(spoilt):
    seen = looks(toward(9, -4), (0, 0, 0))
    seen[0, 1] = spoilt
    found = measure_gaze(seen, head((0, 0, 0)), AHEAD)
    assert np.isnan(found.eyes[0, 1]).all()
    assert np.isnan(found.vergence[0])
    assert np.isnan(found.angles).all()
    np.testing.assert_allclose(np.degrees(direction_angles(found.eyes[:, 0])), [[9, -4]], atol=1e-3)


def test_angles_are_openfaces():
    directions = np.array([[0.0, 0, -1], [0.5, 0, -0.5], [0, 0.5, -0.5]])
    expected = [[0, 0], [45, 0], [0, 45]]  # right of the picture, then down
    np.testing.assert_allclose(np.degrees(direction_angles(directions)), expected, atol=1e-9)
    assert np.isnan(Gaze(np.full((1, 2, 3), np.nan)).angles).all()


def test_other_shapes_are_refused():
    pose = head((0, 0, 0))
    with pytest.raises(InputError, match=r"looks must have shape \(1, 2, 3\), got \(1, 2, 2\)"):
        measure_gaze(np.zeros((1, 2, 2)), pose, AHEAD)
    with pytest.raises(InputError, match=r"line_of_sight must have shape \(1, 3\), got \(3,\)"):
        measure_gaze(np.zeros((1, 2, 3)), pose, AHEAD[0])


def test_what_falls_short_is_mended(monkeypatch):
    monkeypatch.setattr(gaze, "READ", (2.0, 4.0))
    half = looks(toward(10, 8), (0, 0, 0)) * [0.5, 0.25, 1.0]
    found = measure_gaze(half, head((0, 0, 0)), AHEAD)
    np.testing.assert_allclose(np.degrees(found.angles[0]), [10, 8], atol=1e-3)
