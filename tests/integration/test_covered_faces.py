"""Faces of which half is covered, dark or outside the picture: nothing is said of that half."""

import cv2
import numpy as np
import pytest

from au_detect import AUDetector
from au_detect.facs import ACTION_UNITS
from au_detect.features.measurement import FaceMeasurements, joined_rows, measure_faces
from au_detect.frames import open_frames
from au_detect.landmarks import REGIONS
from au_detect.landmarks.tracking import FaceTracker
from au_detect.samples import sample_sequences

TRACKER = FaceTracker(max_faces=1)


@pytest.fixture(scope="module")
def faces():
    """One picture of every sample person with the points of the face, every other one at rest."""
    found = []
    for number, folder in enumerate(sample_sequences().values()):
        *_, last = images = [frame.image for frame in open_frames(folder)]
        image = last if number % 2 else images[0]
        (face,) = TRACKER.anew().track(image)
        found.append((image, face.points))
    return found


def halves_of(image):
    """Return upper and lower of the face that is found in a picture; None without a face."""
    rows = measure_faces(open_frames([image]), TRACKER.anew())
    if not rows.face_found[0]:
        return None
    return bool(rows.upper_reliable[0]), bool(rows.lower_reliable[0])


def painted(image, corners, grey):
    covered = image.copy()
    cv2.fillConvexPoly(covered, cv2.convexHull(np.rint(corners).astype(np.int32)), grey)
    return covered


def with_mask(image, points, grey):
    """A mask from the nose to the chin."""
    return painted(image, np.concatenate([points[2:15], points[29:30]]), grey)


def with_dark_glasses(image, points, grey):
    iod = float(np.linalg.norm(points[45] - points[36]))
    covered = image.copy()
    for eye in (points[REGIONS["right_eye"]], points[REGIONS["left_eye"]]):
        middle = tuple(np.rint(eye.mean(axis=0)).astype(int).tolist())
        cv2.ellipse(covered, middle, (round(0.29 * iod), round(0.24 * iod)), 0, 0, 360, grey, -1)
    ends = [tuple(np.rint(points[i]).astype(int).tolist()) for i in (39, 42)]
    cv2.line(covered, *ends, grey, round(0.06 * iod))
    return covered


def with_hand(image, points, grey):
    """Four fingers before the mouth, of the tone of the nose."""
    iod = float(np.linalg.norm(points[45] - points[36]))
    middle = points[REGIONS["outer_lip"]].mean(axis=0)
    skin = int(np.median(image[tuple(np.rint(points[27:31, ::-1]).astype(int).T)]))
    covered = image.copy()
    for number in range(4):
        start = middle + iod * np.array([0.7, 0.17 * (number - 1.5) + 0.15])
        ends = (start, start - iod * np.array([1.2, 0.1]))
        places = [tuple(np.rint(end).astype(int).tolist()) for end in ends]
        cv2.line(covered, *places, int(skin * (0.85 + 0.04 * number)), round(0.16 * iod))
    return covered


def shares(faces, change):
    """Return in which share of the faces that are found each half is called reliable."""
    found = [halves_of(change(*face)) for face in faces]
    return np.mean([halves for halves in found if halves is not None], axis=0)


def test_plain_faces_are_reliable(faces):
    assert shares(faces, lambda image, points: image).tolist() == [1.0, 1.0]


@pytest.mark.slow
def test_the_mouth_behind_a_mask_is_not(faces):
    """The detector misses most faces behind a mask."""
    greys = (15, 120, 235)
    masked = [(with_mask(*face, grey), face[1]) for face in faces for grey in greys]
    upper, lower = shares(masked, lambda image, points: image)
    assert lower < 0.1
    assert upper > 0.9


@pytest.mark.slow
def test_the_mouth_behind_a_hand_is_not(faces):
    upper, lower = shares(faces, lambda image, points: with_hand(image, points, 0))
    assert lower < 0.3
    assert upper > 0.9


@pytest.mark.parametrize("grey", [10, 45])
def test_eyes_behind_dark_glasses_are_not(faces, grey):
    upper, lower = shares(faces, lambda image, points: with_dark_glasses(image, points, grey))
    assert upper < 0.2
    assert lower > 0.9


@pytest.mark.slow
def test_a_face_in_darkness_is_not(faces):
    dim = [halves_of(image // 25) for image, _ in faces]
    assert all(halves in (None, (False, False)) for halves in dim)


@pytest.mark.slow
def test_half_a_face_at_the_border_is_not(faces):
    for image, points in faces:
        half = image[:, : round(float(points[27, 0]))]
        assert halves_of(np.ascontiguousarray(half)) in (None, (False, False))


@pytest.fixture(scope="module")
def smile(detector, pictures):
    """Frames at rest, then a smile, measured once."""
    return detector.measure(open_frames([pictures[0]] * 15 + [pictures[-1]] * 15))


def with_covered(rows, places, half):
    seen = getattr(rows, half).copy()
    seen[places] = False
    return FaceMeasurements(**{**vars(rows), half: seen})


def of_half(result, half):
    return [i for i, au in enumerate(result.aus) if ACTION_UNITS[au].face == half]


@pytest.mark.parametrize(("half", "other"), [("lower", "upper"), ("upper", "lower")])
def test_only_the_covered_half_is_empty(detector, smile, half, other):
    plain = detector.score(smile, neutral="first", smooth="none")
    places = slice(20, 25)
    result = detector.score(
        with_covered(smile, places, f"{half}_reliable"), neutral="first", smooth="none"
    )
    hidden, seen = of_half(result, half), of_half(result, other)
    assert np.isnan(result.probabilities[places][:, hidden]).all()
    for values in (result.left, result.right, result.side, result.intensity):
        assert np.isnan(values[places][:, hidden]).all()
    assert not result.active[places][:, hidden].any()
    assert getattr(result, f"{half}_reliable").tolist() == [not 20 <= i < 25 for i in range(30)]
    np.testing.assert_array_equal(result.probabilities[:, seen], plain.probabilities[:, seen])
    others = np.r_[0:20, 25:30]
    np.testing.assert_array_equal(result.probabilities[others], plain.probabilities[others])


def test_covered_frames_are_no_frames_at_rest(detector, smile):
    assert set(detector.score(smile).neutral_frames[0]) <= set(range(15))
    covered = with_covered(smile, slice(0, 15), "lower_reliable")
    assert set(detector.score(covered).neutral_frames[0]) <= set(range(15, 30))


def test_a_face_whose_mouth_is_never_seen_still_has_a_neutral(detector, smile):
    result = detector.score(with_covered(smile, slice(None), "lower_reliable"))
    assert len(result.neutral_frames[0]) > 1
    assert np.isnan(result.probabilities[:, of_half(result, "lower")]).all()
    assert np.isfinite(result.probabilities[:, of_half(result, "upper")]).all()


def test_nothing_is_compared_with_a_half_that_the_neutral_does_not_show(detector, smile):
    covered = with_covered(smile, 3, "lower_reliable")
    result = detector.score(covered, neutral=3)
    assert not result.lower_reliable.any()
    assert np.isnan(result.probabilities[:, of_half(result, "lower")]).all()
    assert result.upper_reliable.all()


def test_the_first_frame_that_shows_the_face_shows_both_halves(detector, smile):
    covered = with_covered(smile, slice(0, 4), "lower_reliable")
    assert detector.score(covered, neutral="first").neutral == {0: "frame 4"}


def test_a_live_face_rests_where_it_is_seen(detector, pictures, smile):
    from au_detect.scoring.rest import RunningRest

    rest = RunningRest()
    covered = with_covered(smile, slice(0, 10), "lower_reliable")
    rows = joined_rows(covered.rows(slice(0, 20)))
    for place in range(20):
        found = rest.add(detector.model, rows.rows(slice(place, place + 1)))
    assert set(found.neutral.frames) <= set(range(10, 20))


def test_given_landmarks_are_reliable(smile):
    result = AUDetector().run(landmarks=smile.points)
    assert result.upper_reliable.all()
    assert result.lower_reliable.all()
