import cv2
import numpy as np
import pytest

from au_detect.errors import InputError, NoFaceError
from au_detect.features.extraction import geometric_features
from au_detect.features.furrows import N_FURROWS
from au_detect.features.measurement import measure_faces, measurements_of_landmarks
from au_detect.features.neutral import (
    MEDIAN_FRAMES,
    mean_neutral,
    measure_neutral,
    neutral_from_landmarks,
    neutral_from_rows,
)
from au_detect.frames import open_frames
from au_detect.landmarks import POINTS
from au_detect.landmarks.pose import estimate_pose
from au_detect.landmarks.tracking import FaceTracker, TrackedFace

HEIGHT, WIDTH = 400, 420


class FaceOnGrey:
    """Stands for a tracker: finds the face that fills a picture, none where it is black.

    Mean grey values over 100 open the mouth: by 0.1 IOD for each step of 10.
    """

    def __init__(self, face_px):
        self.face_px = face_px
        self.n_resets = 0

    def reset(self):
        self.n_resets += 1

    def portrait_of(self, face_id):
        return None

    def track(self, image):
        if not image.any():
            return []
        points = self.face_px.copy()
        points[POINTS["lower_lip_top"], 1] += round(float(image.mean())) - 100
        scale = image.shape[0] / HEIGHT
        points = ((points + 0.5) * scale - 0.5).astype(np.float32)
        return [TrackedFace(0, points, np.zeros(4, np.float32), 1.0)]


def grey(level, scale=1.0):
    return np.full((round(HEIGHT * scale), round(WIDTH * scale)), level, np.uint8)


@pytest.fixture
def tracker(face_px):
    return FaceOnGrey(face_px)


@pytest.fixture
def clip(tracker):
    """Frame 0 shows no face, 1 to 5 a mouth open by 0, 0.3, 0.1, 0.9 and 0.2 IOD."""
    pictures = [grey(level) for level in (0, 100, 130, 110, 190, 120)]
    return measure_faces(open_frames(pictures), tracker)


def lip_opening(neutral):
    lips = neutral.pose.frontal[0, [POINTS["upper_lip_bottom"], POINTS["lower_lip_top"]], 1]
    return lips[1] - lips[0]


@pytest.fixture
def rest(mean_face):
    return mean_face[POINTS["lower_lip_top"], 1] - mean_face[POINTS["upper_lip_bottom"], 1]


@pytest.mark.parametrize(
    ("choice", "opening", "description"),
    [
        ("first", 0.0, "frame 1"),
        (2, 0.3, "frame 2"),
        (np.int64(4), 0.9, "frame 4"),
        ("median", 0.2, "median of 5 frames"),
    ],
)
def test_the_chosen_frames_are_the_neutral(clip, rest, choice, opening, description):
    neutral = neutral_from_rows(clip, choice)
    assert lip_opening(neutral) == pytest.approx(opening + rest, abs=1e-4)
    assert neutral.description == description
    assert neutral.personal
    assert neutral.furrows.shape == (N_FURROWS,)
    assert neutral.pose.frontal.shape == (1, 68, 2)
    assert neutral.pose.angles.shape == (1, 3)


def test_the_neutral_has_the_furrows_of_its_frame(clip):
    np.testing.assert_array_equal(neutral_from_rows(clip, 3).furrows, clip.furrows[3])
    median = np.median(clip.furrows[1:], axis=0)
    np.testing.assert_array_equal(neutral_from_rows(clip, "median").furrows, median)


def test_the_median_of_one_frame_says_so(clip):
    assert neutral_from_rows(clip.rows(slice(0, 2)), "median").description == "median of 1 frame"


def test_a_frame_number_counts_frames_not_rows(clip, rest):
    late = clip.rows(clip.frame >= 3)
    assert lip_opening(neutral_from_rows(late, 5)) == pytest.approx(0.2 + rest, abs=1e-4)


@pytest.mark.parametrize("number", [0, 6, -1])
def test_a_frame_without_the_face_is_named(clip, number):
    with pytest.raises(NoFaceError, match=f"neutral frame {number} must show the face, but none"):
        neutral_from_rows(clip, number)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ("first", "neutral must be a frame with a face, but no frame shows one"),
        ("median", "neutral must be made of frames with a face, but no frame shows one"),
    ],
)
def test_a_sequence_without_a_face_has_no_neutral(clip, choice, message):
    with pytest.raises(NoFaceError, match=message):
        neutral_from_rows(clip.rows(slice(0, 1)), choice)


@pytest.mark.parametrize("choice", ["last", True, None, 1.5])
def test_another_choice_is_refused(clip, choice):
    with pytest.raises(InputError, match=r'neutral must be "first", "median", .*, got'):
        neutral_from_rows(clip, choice)


@pytest.mark.parametrize("choice", ["first", "median"])
def test_landmarks_alone_give_a_neutral_without_furrows(face_px, choice):
    neutral = neutral_from_rows(measurements_of_landmarks([face_px] * 3, 30), choice)
    assert np.isnan(neutral.furrows).all()
    assert np.isfinite(neutral.pose.frontal).all()


def test_a_picture_is_the_neutral_as_it_is(tracker, tmp_path, rest):
    path = tmp_path / "calm.png"
    cv2.imwrite(str(path), grey(140))
    neutral = measure_neutral(path, tracker)
    assert lip_opening(neutral) == pytest.approx(0.4 + rest, abs=1e-4)
    assert neutral.description == str(path)
    assert neutral.personal


def test_an_array_is_the_neutral_as_it_is(tracker, rest):
    assert lip_opening(measure_neutral(grey(120), tracker)) == pytest.approx(0.2 + rest, abs=1e-4)


def test_the_median_of_several_pictures_is_the_neutral(tracker, rest):
    neutral = measure_neutral([grey(level) for level in (0, 110, 150, 120)], tracker)
    assert lip_opening(neutral) == pytest.approx(0.2 + rest, abs=1e-4)
    assert neutral.description.endswith(", median of 3 frames")


def test_the_tracker_is_reset_before_and_after(tracker):
    measure_neutral(grey(120), tracker)
    assert tracker.n_resets == 2


@pytest.mark.parametrize("source", [grey(0), [grey(0), grey(0)]])
def test_a_picture_without_a_face_is_refused(tracker, source):
    with pytest.raises(NoFaceError, match=r"neutral .* must show a face, but none was found in it"):
        measure_neutral(source, tracker)


def test_a_file_without_a_face_is_named(tracker, tmp_path):
    path = tmp_path / "wall.png"
    cv2.imwrite(str(path), grey(0))
    with pytest.raises(NoFaceError, match=r"neutral .*wall\.png must show a face"):
        measure_neutral(path, tracker)


def test_a_missing_file_is_refused(tracker, tmp_path):
    with pytest.raises(InputError, match=r"none\.png"):
        measure_neutral(tmp_path / "none.png", tracker)


@pytest.mark.parametrize("scale", [0.5, 2.0])
def test_a_neutral_of_another_size_is_the_same_face(tracker, face_px, scale):
    neutral = measure_neutral(grey(100, scale), tracker)
    face = estimate_pose(face_px[None])
    features = np.hstack(geometric_features(face, neutral.pose))
    itself = np.hstack(geometric_features(face, face))
    np.testing.assert_allclose(features, itself, atol=1e-4)
    assert neutral.pose.scale_px[0] == pytest.approx(100 * scale, rel=1e-4)


def test_a_real_neutral_of_another_size_is_the_same_face(evaluation_data):
    picture = cv2.imread(str(evaluation_data / "real_faces/london/001_neutral.jpg"))
    tracker = FaceTracker()
    whole = measure_neutral(picture, tracker)
    half = measure_neutral(cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=3), tracker)
    difference = whole.pose.frontal - half.pose.frontal
    assert np.abs(difference).mean() < 0.01
    assert np.nanmean(np.abs(whole.furrows - half.furrows)) < 0.03


def test_the_mean_face_is_nobodys():
    neutral = mean_neutral()
    assert not neutral.personal
    assert neutral.description == "none"
    np.testing.assert_allclose(neutral.pose.angles, 0.0, atol=1e-6)


def test_landmarks_are_a_neutral_too(mean_face):
    neutral = neutral_from_landmarks(mean_face[:, :2] * 80 + 300)
    assert neutral.description == "landmarks"
    assert neutral.pose.scale_px == pytest.approx(80, rel=1e-3)
    assert np.isnan(neutral.furrows).all()


def test_landmarks_without_a_face_are_no_neutral():
    with pytest.raises(NoFaceError, match="neutral landmarks must be numbers, got NaN"):
        neutral_from_landmarks(np.full((68, 2), np.nan))
    with pytest.raises(InputError, match=r"neutral must have shape \(68, 2\), got \(67, 2\)"):
        neutral_from_landmarks(np.zeros((67, 2)))


def test_the_median_of_a_long_sequence_is_that_of_frames_from_all_of_it(face_px, rest):
    opening_px = np.linspace(0, 100, 3 * MEDIAN_FRAMES)  # 1 IOD in all
    points = np.repeat(face_px[None], len(opening_px), axis=0)
    points[:, POINTS["lower_lip_top"], 1] += opening_px
    neutral = neutral_from_rows(measurements_of_landmarks(points, 30.0), "median")
    assert neutral.description == f"median of {MEDIAN_FRAMES} frames"
    assert lip_opening(neutral) - rest == pytest.approx(0.5, abs=1e-3)
