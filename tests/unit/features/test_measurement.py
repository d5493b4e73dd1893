import re
import tracemalloc
from dataclasses import fields, replace

import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.features.furrows import N_FURROWS, measure_furrows
from au_detect.features.measurement import (
    NO_FACE,
    FaceMeasurements,
    measure_faces,
    measure_frame,
    measurements_of_landmarks,
)
from au_detect.frames import Frame
from au_detect.landmarks.tracking import TrackedFace


class GivenFaces:
    """Stands for a tracker: finds the given faces, one list for each frame."""

    def __init__(self, faces):
        self.faces, self.n_resets = iter(faces), 0

    def reset(self):
        self.n_resets += 1

    def track(self, image):
        return next(self.faces)


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 255, (400, 420), dtype=np.uint8)


def tracked(points, face_id=0, confidence=0.75):
    box = np.array([110, 120, 290, 300], np.float32)
    return TrackedFace(face_id, points.astype(np.float32), box, confidence)


def frames_of(image, n):
    return (Frame(image, i, i / 25, f"{i}.png") for i in range(n))


def measurements(n, face_px):
    """Return n rows of one face that moves down by 1 px a frame."""
    points = face_px + np.arange(n)[:, None, None] * (0, 1)
    return measurements_of_landmarks(points, 30.0)


def test_a_frame_with_two_faces_gives_two_rows(image, face_px):
    faces = [tracked(face_px, 0), tracked(face_px + 20, 3, 0.5)]
    rows = measure_frame(Frame(image, 7, 0.28, "7.png"), GivenFaces([faces]))
    assert len(rows) == 2
    assert rows.face_found.all()
    assert rows.face_id.tolist() == [0, 3]
    assert rows.frame.tolist() == [7, 7]
    assert rows.timestamp_s.tolist() == [0.28, 0.28]
    assert rows.confidence.tolist() == [0.75, 0.5]
    np.testing.assert_allclose(rows.points[1], face_px + 20, rtol=1e-6)
    np.testing.assert_array_equal(rows.furrows[0], measure_furrows(image, rows.points[0]))
    np.testing.assert_array_equal(rows.boxes[0], faces[0].box)


def test_a_frame_without_a_face_gives_one_empty_row(image):
    rows = measure_frame(Frame(image, 2, 0.08, "2.png"), GivenFaces([[]]))
    assert len(rows) == 1
    assert not rows.face_found.any()
    assert rows.face_id.tolist() == [NO_FACE]
    assert rows.confidence.tolist() == [0.0]
    for values in (rows.points, rows.furrows, rows.boxes):
        assert np.isnan(values).all()


def test_the_frames_of_a_sequence_come_in_order(image, face_px):
    faces = [[tracked(face_px)], [], [tracked(face_px), tracked(face_px, 1)]]
    rows = measure_faces(frames_of(image, 3), GivenFaces(faces))
    assert rows.frame.tolist() == [0, 1, 2, 2]
    assert rows.face_found.tolist() == [True, False, True, True]
    assert rows.face_id.tolist() == [0, NO_FACE, 0, 1]
    np.testing.assert_allclose(rows.timestamp_s, [0.0, 0.04, 0.08, 0.08])
    dtypes = {part.name: getattr(rows, part.name).dtype for part in fields(rows)}
    assert dtypes == {
        "points": np.float32, "furrows": np.float32, "boxes": np.float32,
        "confidence": np.float32, "frame": np.int64, "timestamp_s": np.float64,
        "face_id": np.int64, "upper_reliable": np.bool_, "lower_reliable": np.bool_,
        "looks": np.float32, "picture_px": np.float32,
    }  # fmt: skip


@pytest.mark.slow
def test_many_frames_come_in_order(image, face_px):
    expected = measurements(700, face_px)
    faces = [[tracked(points)] for points in expected.points]
    rows = measure_faces(frames_of(image, 700), GivenFaces(faces))
    np.testing.assert_array_equal(rows.points, expected.points)
    assert rows.frame.tolist() == list(range(700))
    assert rows.timestamp_s[[0, 350, 699]].tolist() == [0.0, 14.0, 699 / 25]


def test_every_independent_frame_starts_a_new_sequence(image, face_px):
    for independent, n_resets in ((False, 0), (True, 3)):
        tracker = GivenFaces([[tracked(face_px)]] * 3)
        measure_faces(frames_of(image, 3), tracker, independent=independent)
        assert tracker.n_resets == n_resets


def test_no_frames_are_refused():
    with pytest.raises(InputError, match="frames must hold at least one frame, got none"):
        measure_faces([], GivenFaces([]))


@pytest.mark.slow
def test_about_one_kilobyte_a_frame_is_kept_whatever_the_size_of_the_pictures(face_px):
    n = 400

    def large_frames():
        for i in range(n):
            yield Frame(np.zeros((720, 1280), np.uint8), i, i / 25, f"{i}.png")

    tracemalloc.start()
    try:
        rows = measure_faces(large_frames(), GivenFaces([tracked(face_px)] for _ in range(n)))
        kept, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    arrays = sum(getattr(rows, part.name).nbytes for part in fields(rows))
    assert arrays / n < 1200
    assert kept / n < 1500
    # One copy with places to spare, and some pictures; the pictures together are 369 MB.
    assert peak < 15e6


def test_measurements_of_landmarks(face_px):
    points = np.stack([face_px, np.full_like(face_px, np.nan), face_px + 1])
    rows = measurements_of_landmarks(points.tolist(), 25)
    np.testing.assert_allclose(rows.points, points, rtol=1e-6)
    assert rows.points.dtype == np.float32
    assert np.isnan(rows.furrows).all()
    assert rows.furrows.shape == (3, N_FURROWS)
    np.testing.assert_allclose(rows.timestamp_s, [0.0, 0.04, 0.08])
    assert rows.frame.tolist() == [0, 1, 2]
    assert rows.face_id.tolist() == [0, NO_FACE, 0]
    assert rows.confidence.tolist() == [1.0, 0.0, 1.0]
    box = [*face_px.min(axis=0), *face_px.max(axis=0)]
    np.testing.assert_allclose(rows.boxes[0], box, rtol=1e-6)
    assert np.isnan(rows.boxes[1]).all()


@pytest.mark.parametrize("shape", [(68, 2), (3, 68, 3), (3, 5, 2)])
def test_landmarks_of_another_shape_are_refused(shape):
    message = f"points must have shape (n_frames, 68, 2), got {shape}"
    with pytest.raises(InputError, match=re.escape(message)):
        measurements_of_landmarks(np.ones(shape), 30.0)


def test_no_landmarks_are_refused():
    with pytest.raises(InputError, match=r"points must have at least one frame, got .*\(0, 68, 2"):
        measurements_of_landmarks(np.empty((0, 68, 2)), 30.0)


@pytest.mark.parametrize("fps", [0, -1.0, np.inf, np.nan, "30", True, None])
def test_a_frame_rate_that_is_none_is_refused(face_px, fps):
    with pytest.raises(InputError, match="fps must be a positive number, got"):
        measurements_of_landmarks(face_px[None], fps)


@pytest.mark.parametrize(
    "chosen",
    [np.array([False, True, False, True]), np.array([1, 3]), slice(1, None, 2)],
    ids=["mask", "numbers", "slice"],
)
def test_rows_chooses_the_same_rows_of_everything(face_px, chosen):
    rows = measurements(4, face_px).rows(chosen)
    assert isinstance(rows, FaceMeasurements)
    assert rows.frame.tolist() == [1, 3]
    np.testing.assert_allclose(rows.points[:, 0, 1], face_px[0, 1] + [1, 3], rtol=1e-6)
    np.testing.assert_allclose(rows.timestamp_s, [1 / 30, 0.1], atol=1e-6)
    assert {len(getattr(rows, part.name)) for part in fields(rows)} == {2}


def test_rows_that_follow_each_other_are_not_copied(face_px):
    whole = measurements(6, face_px)
    for chosen in (np.array([2, 3, 4]), np.arange(6) // 2 == 1, slice(1, 4)):
        assert np.shares_memory(whole.rows(chosen).points, whole.points)
    assert whole.rows(np.array([2, 3, 4])).frame.tolist() == [2, 3, 4]
    assert whole.rows(np.array([4, 3])).frame.tolist() == [4, 3]
    assert whole.rows(np.array([-2, -1])).frame.tolist() == [4, 5]
    assert whole.rows(np.array([-1, 0])).frame.tolist() == [5, 0]


def test_rows_may_be_none(face_px):
    assert len(measurements(4, face_px).rows(np.zeros(4, bool))) == 0


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("points", np.zeros((4, 67, 2)), "points must have shape (n_frames, 68, 2), got"),
        ("furrows", np.zeros((4, 3)), f"furrows must have shape (n_rows, {N_FURROWS}), got (4, 3)"),
        ("furrows", np.zeros((3, N_FURROWS)), "furrows must have 4 rows like points, got 3"),
        ("boxes", np.zeros((4, 2)), "boxes must have shape (n_rows, 4), got (4, 2)"),
        ("confidence", np.zeros(5), "confidence must have 4 rows like points, got 5"),
        ("face_id", np.zeros(0, int), "face_id must have 4 rows like points, got 0"),
    ],
)
def test_columns_that_do_not_fit_are_refused(face_px, name, value, message):
    with pytest.raises(InputError, match=re.escape(message)):
        replace(measurements(4, face_px), **{name: value})


def test_measurements_of_before_have_no_looks(face_px):
    columns = vars(measurements(3, face_px))
    old = {name: columns[name] for name in columns if name not in ("looks", "picture_px")}
    rows = FaceMeasurements(**old)
    assert rows.looks.shape == (3, 2, 3)
    assert np.isnan(rows.looks).all()
    assert np.isnan(rows.rows(np.array([1])).picture_px).all()


def test_pictures_tell_their_size(image, face_px):
    rows = measure_faces(frames_of(image, 2), GivenFaces([[tracked(face_px)], []]))
    np.testing.assert_array_equal(rows.picture_px, [image.shape[::-1]] * 2)
    assert np.isfinite(rows.looks[0]).all()
    assert np.isnan(rows.looks[1]).all()
