import json

import cv2
import numpy as np
import pytest

from au_detect.errors import InputError, ModelFileError
from au_detect.landmarks.points import POINTS, mirror
from au_detect.landmarks.pose import estimate_pose, read_mean_face, rotation_matrix, upright_turn


def turned_px(mean_face, angles_deg, iod_px=100.0):
    """Return the mean face (1, 68, 2) turned by Rx, Ry, Rz, in pixels."""
    turned = mean_face @ rotation_matrix(np.radians(angles_deg)).T
    return turned[None, :, :2] * iod_px + (310.0, 240.0)


def tilted(points, roll_deg):
    """Return points of the picture rotated clockwise."""
    c, s = np.cos(np.radians(roll_deg)), np.sin(np.radians(roll_deg))
    return points @ np.array([[c, -s], [s, c]]).T


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_rotation_about_one_axis_is_the_standard_one(axis):
    angles = np.zeros(3)
    angles[axis] = 0.4
    np.testing.assert_allclose(rotation_matrix(angles), cv2.Rodrigues(angles)[0], atol=1e-12)


def test_rotations_follow_each_other_as_rx_ry_rz():
    x, y, z = np.diag([0.3, -0.5, 0.7])
    expected = rotation_matrix(x) @ rotation_matrix(y) @ rotation_matrix(z)
    np.testing.assert_allclose(rotation_matrix([0.3, -0.5, 0.7]), expected, atol=1e-12)
    assert rotation_matrix(np.zeros((4, 5, 3))).shape == (4, 5, 3, 3)


def nose_from_nasion(points):
    return points[0, POINTS["nose_tip"]] - points[0, POINTS["nasion"]]


def test_positive_rx_looks_down(mean_face):
    down, up = (nose_from_nasion(turned_px(mean_face, (rx, 0, 0))) for rx in (20, -20))
    assert down[1] > nose_from_nasion(turned_px(mean_face, (0, 0, 0)))[1] > up[1]


def test_positive_ry_turns_to_the_subjects_right(mean_face):
    assert nose_from_nasion(turned_px(mean_face, (0, 20, 0)))[0] < -1.0  # left in the picture


def test_positive_rz_tilts_clockwise(mean_face):
    points = turned_px(mean_face, (0, 0, 20))[0]
    # The eye on the right of the picture goes down, as the hand of a clock at three does.
    assert points[POINTS["left_eye_outer"], 1] > points[POINTS["right_eye_outer"], 1] + 10
    upright = turned_px(mean_face, (0, 0, 0))[0]
    shift = points[POINTS["chin"]] - tilted(upright, 20)[POINTS["chin"]]
    np.testing.assert_allclose(points, tilted(upright, 20) + shift)


@pytest.mark.parametrize(
    "angles_deg",
    [(0, 0, 0), (25, 0, 0), (-25, 0, 0), (0, 40, 0), (0, -40, 0), (0, 0, 35), (0, 0, -160),
     (15, -30, 20), (-20, 40, -25), (10, 15, 100)],
)  # fmt: skip
def test_the_pose_of_the_turned_mean_face_is_found(mean_face, angles_deg):
    pose = estimate_pose(turned_px(mean_face, angles_deg, iod_px=80.0))
    np.testing.assert_allclose(np.degrees(pose.angles[0]), angles_deg, atol=1e-2)
    np.testing.assert_allclose(pose.scale_px, 80.0, rtol=1e-4)
    front = estimate_pose(turned_px(mean_face, (0, 0, 0)))
    np.testing.assert_allclose(pose.frontal, front.frontal, atol=1e-4)


def test_the_frontal_shape_is_the_face_in_iod(mean_face):
    pose = estimate_pose(turned_px(mean_face, (0, 0, 0), iod_px=55.0))
    eyes = pose.frontal[0, POINTS["left_eye_outer"]] - pose.frontal[0, POINTS["right_eye_outer"]]
    np.testing.assert_allclose(eyes, (1.0, 0.0), atol=1e-6)
    assert pose.frontal.shape == (1, 68, 2)


def test_every_frame_stands_alone(mean_face):
    frames = [turned_px(mean_face, angles) for angles in ((0, 30, 0), (0, 0, 0), (20, 0, 50))]
    together = estimate_pose(np.concatenate(frames))
    for i, frame in enumerate(frames):
        alone = estimate_pose(frame)
        np.testing.assert_allclose(together.angles[i], alone.angles[0], atol=1e-12)
        np.testing.assert_allclose(together.frontal[i], alone.frontal[0], atol=1e-12)


def test_rows_without_a_face_stay_nan_and_leave_the_others_alone(mean_face):
    face = turned_px(mean_face, (0, 20, 0))
    pose = estimate_pose(np.concatenate([face, np.full_like(face, np.nan)]))
    assert np.isnan(pose.angles[1]).all()
    assert np.isnan(pose.scale_px[1])
    assert np.isnan(pose.frontal[1]).all()
    np.testing.assert_allclose(np.degrees(pose.angles[0]), (0, 20, 0), atol=1e-2)


def test_no_frames_give_no_poses():
    pose = estimate_pose(np.empty((0, 68, 2)))
    assert (pose.angles.shape, pose.scale_px.shape) == ((0, 3), (0,))
    assert pose.frontal.shape == (0, 68, 2)


def test_the_mirrored_face_turns_the_other_way(mean_face):
    points = turned_px(mean_face, (12, 25, -8))
    angles = np.degrees(estimate_pose(mirror(points, 640)).angles[0])
    np.testing.assert_allclose(angles, (12, -25, 8), atol=0.05)


def test_another_mean_face_can_be_given(mean_face):
    long_face = mean_face * (1.0, 1.5, 1.0)
    points = turned_px(long_face, (0, 30, 0))
    pose = estimate_pose(points, long_face)
    np.testing.assert_allclose(np.degrees(pose.angles[0]), (0, 30, 0), atol=1e-2)


@pytest.mark.parametrize("roll_deg", [15, -40, 90, 170])
def test_rotating_the_picture_does_not_change_the_turn_of_the_upright_face(mean_face, roll_deg):
    points = turned_px(mean_face, (10, 25, 0))
    pose = estimate_pose(tilted(points, roll_deg))
    np.testing.assert_allclose(np.degrees(upright_turn(pose.angles)), [(10, 25)], atol=1e-2)


def test_the_turn_of_faces_that_do_not_tilt_is_rx_and_ry():
    angles = np.array([[0.2, -0.4, 0.0], [-0.3, 0.6, 0.0], [np.nan] * 3])
    np.testing.assert_allclose(upright_turn(angles), angles[:, :2], atol=1e-12)


def test_points_of_another_shape_are_refused(face_px):
    with pytest.raises(InputError, match=r"points must have shape \(n_frames, 68, 2\), got"):
        estimate_pose(face_px)


def test_points_in_one_place_are_refused_with_the_frame(face_px):
    with pytest.raises(InputError, match="got eyes and nose in one place in frame 1"):
        estimate_pose(np.stack([face_px, np.zeros_like(face_px)]))


def test_the_mean_face_is_measured_in_iod_and_cannot_be_changed():
    face = read_mean_face()
    eyes = face[POINTS["left_eye_outer"]] - face[POINTS["right_eye_outer"]]
    np.testing.assert_allclose(eyes, (1.0, 0.0, 0.0), atol=1e-3)
    assert face[POINTS["nose_tip"], 2] < face[POINTS["chin"], 2] < face[POINTS["jaw_left"], 2]
    with pytest.raises(ValueError, match="read-only"):
        face[0] = 0.0


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", json.dumps({"points_iod": [[0, 0, 0]]}), json.dumps({"points_iod": "x"})],
)
def test_a_file_without_the_mean_face_is_refused(tmp_path, content):
    path = tmp_path / "face.json"
    path.write_text(content)
    with pytest.raises(ModelFileError, match=r"face\.json must hold the mean face, got"):
        read_mean_face(path)


def test_a_missing_mean_face_is_named(tmp_path):
    with pytest.raises(ModelFileError, match=r"none\.json must hold the mean face, got FileNot"):
        read_mean_face(tmp_path / "none.json")
