import os
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.landmarks.models import find_landmark_model
from au_detect.landmarks.points import apply_affine, interocular_distance_px, mirror
from au_detect.landmarks.tracking import FaceTracker
from au_detect.paths import packaged_folder

BLANK = np.zeros((40, 40), dtype=np.uint8)
EVALUATION_DATA = os.environ.get("AU_DETECT_EVALUATION_DATA")
needs_real_faces = pytest.mark.skipif(
    not EVALUATION_DATA, reason="AU_DETECT_EVALUATION_DATA is not set: no pictures of real faces"
)


def real_face(name):
    return cv2.imread(str(Path(str(EVALUATION_DATA)) / "real_faces" / name), cv2.IMREAD_GRAYSCALE)


def clip(name, n_frames=None):
    capture = cv2.VideoCapture(str(Path(str(EVALUATION_DATA)) / "real_faces" / "clips" / name))
    frames = []
    while n_frames is None or len(frames) < n_frames:
        read, frame = capture.read()
        if not read:
            break
        frames.append(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY))
    return frames


def distance_iod(points, expected):
    distance = np.sqrt(np.mean(np.sum((points - expected) ** 2, axis=-1)))
    return distance / interocular_distance_px(expected)


def same(faces, others):
    return len(faces) == len(others) and all(
        np.array_equal(a.points, b.points)
        and a.confidence == b.confidence
        and a.face_id == b.face_id
        for a, b in zip(faces, others, strict=True)
    )


@pytest.mark.parametrize("max_faces", [0, -1, 1.5, True, "2"])
def test_max_faces_must_be_a_whole_number_above_0(max_faces):
    with pytest.raises(InputError, match="max_faces must be a whole number above 0"):
        FaceTracker(max_faces=max_faces)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        (
            np.zeros((4, 4, 3), np.uint8),
            r"image must have shape \(height, width\), got \(4, 4, 3\)",
        ),
        (np.zeros((4, 4)), "image must be a uint8 array, got float64"),
        ([[1, 2]], "image must be a uint8 array, got list"),
        (np.zeros((0, 4), np.uint8), r"image must have pixels, got shape \(0, 4\)"),
    ],
)
def test_what_is_no_grey_picture_is_refused(image, message):
    with pytest.raises(InputError, match=message):
        FaceTracker().track(image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (60, 80), (2000, 3000)])
@pytest.mark.parametrize("max_faces", [1, 3])
def test_pictures_without_a_face_give_no_face(shape, max_faces):
    tracker = FaceTracker(max_faces=max_faces)
    grey = np.full(shape, 80, dtype=np.uint8)
    assert tracker.track(grey) == []
    assert tracker.track(grey[::-1, ::-1]) == []


def test_a_file_that_is_no_predictor_is_named(tmp_path):
    text = tmp_path / "notes.dat"
    text.write_text("not a predictor " * 100)
    with pytest.raises(InputError, match=r"landmark_model must be a dlib shape predictor.*notes"):
        FaceTracker(text).track(BLANK)


def test_a_predictor_cut_short_is_named(tmp_path):
    short = tmp_path / "short.dat"
    with find_landmark_model().path.open("rb") as whole:
        short.write_bytes(whole.read(1_000_000))
    with pytest.raises(InputError, match=r"landmark_model must be a dlib shape predictor.*short"):
        FaceTracker(short).track(BLANK)


def test_a_predictor_of_other_points_is_refused():
    try:
        files = metadata.files("face_recognition_models") or []
    except metadata.PackageNotFoundError:
        pytest.skip("face_recognition_models, which has a predictor of 5 points, is not installed")
    (five_points,) = [f for f in files if f.name == "shape_predictor_5_face_landmarks.dat"]
    with pytest.raises(InputError, match="landmark_model must have 68 points, got 5"):
        FaceTracker(str(five_points.locate())).track(BLANK)


@needs_real_faces
def test_a_still_picture_repeated_gives_the_same_points_from_the_first_frame_on():
    for name in ("yale/subject05_normal.png", "london/003_neutral.jpg"):
        tracker, picture = FaceTracker(), real_face(name)
        first = tracker.track(picture)
        assert len(first) == 1
        assert all(same(first, tracker.track(picture)) for _ in range(20))


@needs_real_faces
def test_the_same_frames_give_the_same_faces_after_reset():
    frames, other = clip("single_face.mp4", 12), real_face("clips/multi_face.jpg")
    tracker = FaceTracker()
    once = [tracker.track(frame) for frame in frames]
    tracker.track(other)
    tracker.reset()
    assert all(same(tracker.track(f), faces) for f, faces in zip(frames, once, strict=True))


@needs_real_faces
@pytest.mark.parametrize(("degrees", "scale"), [(0, 0.6), (20, 1.0), (-35, 1.5), (10, 4.0)])
def test_points_follow_rotation_and_scale_of_the_picture(degrees, scale):
    picture = clip("single_face.mp4", 1)[0]
    points = FaceTracker().track(picture)[0].points
    height, width = picture.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, scale)
    matrix[:, 2] += np.array([width, height]) * (scale - 1) / 2
    size = (round(width * scale), round(height * scale))
    turned = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC)
    (face,) = FaceTracker().track(turned)
    assert distance_iod(face.points, apply_affine(matrix, points)) < 0.012


@needs_real_faces
def test_a_mirrored_picture_gives_mirrored_points():
    picture = clip("single_face.mp4", 41)[40]
    (face,), (mirrored,) = (FaceTracker().track(p) for p in (picture, picture[:, ::-1]))
    expected = mirror(face.points, picture.shape[1])
    assert distance_iod(mirrored.points, expected) < 0.01


@needs_real_faces
def test_our_own_model_gives_nearly_mirrored_points():
    model = find_landmark_model("open")
    if not model.is_network:
        pytest.skip("our own landmark model is no network: trees are held to more above")
    picture = clip("single_face.mp4", 41)[40]
    (face,), (mirrored,) = (FaceTracker(model).track(p) for p in (picture, picture[:, ::-1]))
    assert distance_iod(mirrored.points, mirror(face.points, picture.shape[1])) < 0.02


@needs_real_faces
def test_a_face_that_jumps_is_found_in_the_same_frame():
    picture = clip("single_face.mp4", 1)[0]
    tracker = FaceTracker()
    points = tracker.track(picture)[0].points
    for shift in (60, 160, -100):
        moved = cv2.warpAffine(picture, np.array([[1.0, 0, shift], [0, 1, 0]]), (640, 360))
        (face,) = tracker.track(moved)
        assert distance_iod(face.points, points + np.array([shift, 0])) < 0.015


@pytest.mark.slow
@needs_real_faces
def test_every_frame_with_a_face_has_it_and_no_other():
    tracker = FaceTracker()
    found = [tracker.track(frame) for frame in clip("single_face.mp4")]
    assert all(len(faces) == 1 and faces[0].face_id == 0 for faces in found)
    confidence = np.array([faces[0].confidence for faces in found])
    assert np.all((confidence > 0.7) & (confidence < 1))
    assert len(set(confidence)) > len(found) // 6
    tracker.reset()
    found = [tracker.track(frame) for frame in clip("face_noface.mov")]
    n_with_face = 72
    assert [len(faces) for faces in found[:n_with_face]] == [1] * n_with_face
    assert not any(found[n_with_face + 1 :])
    tracker.reset()
    assert not any(tracker.track(frame) for frame in clip("no_face.mp4", 30))


@needs_real_faces
def test_several_faces_come_largest_first_and_keep_their_numbers():
    picture = real_face("clips/multi_face.jpg")
    (largest,) = FaceTracker().track(picture)
    tracker = FaceTracker(max_faces=8)
    faces = tracker.track(picture)
    assert [face.face_id for face in faces] == [0, 1, 2, 3]
    assert largest.face_id == 0
    np.testing.assert_array_equal(largest.points, faces[0].points)
    for _ in range(16):
        assert same(faces, tracker.track(picture))


@pytest.mark.slow
@needs_real_faces
def test_a_face_hidden_for_a_moment_keeps_its_number_and_a_stranger_gets_a_new_one():
    picture, stranger = clip("single_face.mp4", 1)[0], real_face("london/009_neutral.jpg")
    hidden = np.full_like(picture, 90)
    tracker = FaceTracker(max_faces=2)
    assert [face.face_id for face in tracker.track(picture)] == [0]
    assert not any(tracker.track(hidden) for _ in range(5))
    for _ in range(9):
        faces = tracker.track(picture)
    assert [face.face_id for face in faces] == [0]
    for _ in range(40):
        tracker.track(hidden)
    for _ in range(9):
        faces = tracker.track(stranger)
    assert [face.face_id for face in faces] == [1]


@needs_real_faces
@pytest.mark.parametrize("folder", ["yale", "london"])
def test_the_face_of_every_portrait_is_found(folder):
    names = sorted(Path(str(EVALUATION_DATA), "real_faces", folder).glob("*_n[oe]*al.*"))
    assert len(names) >= 7
    for name in names[:12]:
        (face,) = FaceTracker().track(real_face(f"{folder}/{name.name}"))
        assert face.points.shape == (68, 2)
        assert face.points.dtype == face.box.dtype == np.float32
        left, top, right, bottom = face.box
        iod = interocular_distance_px(face.points)
        assert 1.4 < (right - left) / iod < 2
        assert bottom - top == pytest.approx(right - left, rel=1e-3)


def sample(subject, number):
    """Return a frame of a rendered person, `number` counted from 1 (neutral) to 10 (apex)."""
    name = f"{subject}/001/{subject}_001_{number:08d}.png"
    path = packaged_folder("data") / "cohn-kanade-images" / name
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


def followed(tracker, image):
    """Return the number of the one face that is followed in a picture."""
    (face,) = tracker.track(image)
    return face.face_id


PEOPLE = [f"S00{number}" for number in range(1, 8)]


@pytest.mark.parametrize("subject", PEOPLE)
def test_an_expression_changes_nobody_into_somebody_else(subject):
    tracker = FaceTracker()
    assert [followed(tracker, sample(subject, i)) for i in (1, 10, 1, 5, 10)] == [0] * 5


@pytest.mark.parametrize(("first", "second"), list(pairwise(PEOPLE)))
def test_after_a_cut_somebody_else_has_a_new_number_and_the_first_gets_the_old_one_back(
    first, second
):
    tracker = FaceTracker()
    shots = [(first, 1), (first, 2), (second, 1), (second, 2), (first, 3), (second, 3)]
    assert [followed(tracker, sample(*shot)) for shot in shots] == [0, 0, 1, 1, 0, 1]


@pytest.mark.slow
def test_people_are_known_again_after_a_long_time_elsewhere_in_the_picture():
    tracker = FaceTracker()
    nobody = np.full_like(sample("S001", 1), 90)
    assert followed(tracker, sample("S001", 1)) == 0
    for _ in range(50):
        assert tracker.track(nobody) == []
    tracker.track(sample("S002", 1))
    for _ in range(50):
        tracker.track(nobody)
    moved = np.roll(sample("S001", 2), -40, axis=1)
    found = [face.face_id for _ in range(12) for face in tracker.track(moved)]
    assert set(found) == {0}


@pytest.mark.parametrize("subject", PEOPLE)
def test_a_face_upside_down_is_none(subject):
    tracker = FaceTracker()
    pictures = [np.rot90(sample(subject, number), 2) for number in (1, 4, 7, 10)]
    assert [tracker.track(np.ascontiguousarray(p)) for p in pictures] == [[]] * 4
    assert followed(tracker, sample(subject, 1)) == 0
