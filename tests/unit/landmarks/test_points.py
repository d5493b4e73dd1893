import re

import cv2
import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.landmarks.points import (
    LEFT_POINTS,
    MIRROR,
    N_LANDMARKS,
    POINTS,
    REGIONS,
    STABLE_POINTS,
    Landmarks,
    apply_affine,
    fit_similarity,
    interocular_distance_px,
    mirror,
)

REGION_OF_POINT = {
    "nasion": "nose_bridge",
    "nose_tip": "nose_bridge",
    "nose_bottom": "nose_base",
    "chin": "jaw",
    "upper_lip_bottom": "inner_lip",
    "lower_lip_top": "inner_lip",
}


def test_regions_cover_every_point_once():
    covered = [i for region in REGIONS.values() for i in range(N_LANDMARKS)[region]]
    assert covered == list(range(N_LANDMARKS))


@pytest.mark.parametrize("name", [n for n in POINTS if n.startswith(("right_", "left_"))])
def test_mirroring_exchanges_right_and_left_names(name):
    side, rest = name.split("_", 1)
    other = {"right": "left", "left": "right"}[side]
    assert MIRROR[POINTS[name]] == POINTS[f"{other}_{rest}"]


@pytest.mark.parametrize("name", [n for n in POINTS if "brow" in n or "eye" in n or "lid" in n])
def test_brow_and_eye_points_lie_in_their_region(name):
    side = name.split("_")[0]
    region = REGIONS[f"{side}_{'brow' if 'brow' in name else 'eye'}"]
    assert POINTS[name] in range(N_LANDMARKS)[region]


@pytest.mark.parametrize(("name", "region"), REGION_OF_POINT.items())
def test_middle_points_lie_in_their_region(name, region):
    assert POINTS[name] in range(N_LANDMARKS)[REGIONS[region]]


def test_mirroring_a_symmetric_face_changes_nothing(mean_face):
    # Width 1 px has its middle at x = 0, as the mean face has.
    np.testing.assert_allclose(mirror(mean_face[:, :2], 1.0), mean_face[:, :2], atol=2e-4)


def test_mirroring_twice_changes_nothing(face_px):
    points = face_px + np.random.default_rng(0).normal(0, 3, (4, *face_px.shape))
    np.testing.assert_allclose(mirror(mirror(points, 400), 400), points)


def test_mirrored_points_lie_on_the_mirrored_picture(face_px):
    points = np.rint(face_px).astype(int)
    picture = np.zeros((400, 420), np.uint8)
    for value, (x, y) in enumerate(points, start=1):
        picture[y, x] = value
    x, y = mirror(points, 420).astype(int).T
    assert len(np.unique(points, axis=0)) > 60  # the inner lips touch
    expected = picture[points[MIRROR, 1], points[MIRROR, 0]]
    np.testing.assert_array_equal(picture[:, ::-1][y, x], expected)


def test_right_is_the_subjects_right_which_is_on_the_left_of_the_picture(face_px):
    middle = face_px[POINTS["nasion"], 0]
    for region in ("right_brow", "right_eye"):
        assert (face_px[REGIONS[region], 0] < middle).all()
    for region in ("left_brow", "left_eye"):
        assert (face_px[REGIONS[region], 0] > middle).all()
    assert [*range(N_LANDMARKS)[REGIONS["right_brow"]]] == [17, 18, 19, 20, 21]
    assert [*range(N_LANDMARKS)[REGIONS["right_eye"]]] == [36, 37, 38, 39, 40, 41]
    # In the mirrored picture the same rule holds, with the points exchanged.
    flipped = mirror(face_px, 400)
    assert (flipped[REGIONS["right_eye"], 0] < flipped[POINTS["nasion"], 0]).all()


def test_left_points_and_their_mirror_images_leave_only_the_middle(mean_face):
    assert (mean_face[LEFT_POINTS, 0] > 0.01).all()
    middle = set(range(N_LANDMARKS)) - {*LEFT_POINTS} - {*MIRROR[LEFT_POINTS]}
    assert {i for i in range(N_LANDMARKS) if MIRROR[i] == i} == middle
    np.testing.assert_allclose(mean_face[sorted(middle), 0], 0.0, atol=1e-6)


def test_stable_points_are_symmetric():
    assert set(MIRROR[STABLE_POINTS]) == set(STABLE_POINTS)


def test_interocular_distance_is_between_the_outer_eye_corners():
    points = np.zeros((2, N_LANDMARKS, 2))
    points[1, POINTS["left_eye_outer"]] = (30, 40)
    np.testing.assert_allclose(interocular_distance_px(points), [0.0, 50.0])


def test_fit_similarity_finds_rotation_scale_and_shift(face_px):
    turn = 2.0 * np.array([[0.6, -0.8], [0.8, 0.6]])
    matrix = np.column_stack([turn, [5.0, -7.0]])
    moved = face_px @ turn.T + [5.0, -7.0]
    np.testing.assert_allclose(fit_similarity(face_px, moved), matrix, atol=1e-9)


def test_fit_similarity_is_the_best_one(face_px):
    target = face_px + np.random.default_rng(1).normal(0, 3, face_px.shape)

    def squares(matrix):
        return np.sum((apply_affine(matrix, face_px) - target) ** 2)

    best = fit_similarity(face_px, target)
    a, b = 1e-3 * np.eye(2), 1e-3 * np.array([[0.0, -1.0], [1.0, 0.0]])
    changes = [np.column_stack([c, [0, 0]]) for c in (a, -a, b, -b)]
    changes += [np.array([[0, 0, x], [0, 0, y]]) for x, y in ((0.1, 0), (-0.1, 0), (0, 0.1))]
    assert all(squares(best + change) > squares(best) for change in changes)


def test_apply_affine_does_what_opencv_does(face_px):
    matrix = np.array([[0.9, -0.3, 4.0], [0.2, 1.1, -6.0]])
    expected = cv2.transform(face_px[None], matrix)[0]
    np.testing.assert_allclose(apply_affine(matrix, face_px), expected)
    np.testing.assert_allclose(apply_affine(matrix, face_px[None]), expected[None])


def test_landmarks_say_where_the_face_is(face_px):
    landmarks = Landmarks(np.stack([face_px, np.full_like(face_px, np.nan), face_px]))
    assert len(landmarks) == 3
    assert landmarks.points.dtype == np.float32
    assert landmarks.face_found.tolist() == [True, False, True]
    assert len(Landmarks(np.empty((0, 68, 2)))) == 0


def test_landmarks_of_another_shape_are_refused(face_px):
    message = "points must have shape (n_frames, 68, 2), got (68, 2)"
    with pytest.raises(InputError, match=re.escape(message)):
        Landmarks(face_px)


def test_landmarks_that_are_no_numbers_are_refused():
    with pytest.raises(InputError, match="points must be numbers, got str"):
        Landmarks("points.csv")


@pytest.mark.parametrize("dtype", [str, bool, complex, object])
def test_landmarks_of_another_type_are_refused(face_px, dtype):
    with pytest.raises(InputError, match=r"points must be numbers, got (str_|bool|complex|object)"):
        Landmarks(face_px[None].astype(dtype))


def test_landmarks_beyond_single_precision_are_infinite(face_px):
    with pytest.raises(InputError, match="points must be finite or NaN, got infinity"):
        Landmarks(face_px[None] * 1e39)


def test_landmarks_missing_in_part_are_refused_with_the_frame(face_px):
    points = np.stack([face_px, face_px])
    points[1, 5, 0] = np.nan
    with pytest.raises(InputError, match=r"all numbers or all NaN, got some of each in frame 1"):
        Landmarks(points)


def test_infinite_landmarks_are_refused(face_px):
    points = face_px[None].copy()
    points[0, 5, 0] = -np.inf
    with pytest.raises(InputError, match="points must be finite or NaN, got infinity"):
        Landmarks(points)


def test_zeros_for_a_missing_face_are_refused_with_the_frame(face_px):
    points = np.stack([face_px, np.full_like(face_px, np.nan), np.zeros_like(face_px)])
    with pytest.raises(InputError, match=r"NaN where there is none, got .*one place in frame 2"):
        Landmarks(points)
