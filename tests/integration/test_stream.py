"""Live use: a result for every frame as it comes."""

import cv2
import numpy as np
import pytest
from made_results import on

from au_detect.errors import InputError, NoFaceError
from au_detect.frames.pictures import select_pictures


def test_stream_gives_what_run_gives_row_by_row(detector, folder, pictures):
    whole = detector.run(folder, neutral="first", smooth="past")
    rows = list(detector.stream(iter(pictures), neutral="first"))
    assert len(rows) == len(pictures)
    columns = [whole.aus.index(au) for au in rows[0].aus]
    assert set(whole.aus) - set(rows[0].aus) <= {45}  # a blink shows only when it is over
    for name in ("probabilities", "side"):
        streamed = np.concatenate([getattr(row, name) for row in rows])
        np.testing.assert_array_equal(streamed, getattr(whole, name)[:, columns])
    for name in ("frame", "timestamp_s", "points", "pose", "confidence"):
        streamed = np.concatenate([getattr(row, name) for row in rows])
        np.testing.assert_array_equal(streamed, getattr(whole, name))
    assert all(row.neutral == whole.neutral for row in rows)


def test_rows_come_before_the_next_frame_is_asked_for(detector, pictures):
    n_asked = 0

    def camera():
        nonlocal n_asked
        while True:
            n_asked += 1
            yield pictures[0]

    rows = detector.stream(camera())
    for n in (1, 2, 3):
        assert next(rows).frame.tolist() == [n - 1]
        assert n_asked == n


@pytest.mark.parametrize("neutral", ["median", 0, np.int64(3)])
def test_what_needs_the_whole_sequence_is_refused_at_once(detector, pictures, neutral):
    with pytest.raises(InputError, match='neutral of a stream must be "auto", "first", None'):
        detector.stream(pictures, neutral=neutral)


def test_bad_frames_per_second_are_refused_at_once(detector, pictures):
    with pytest.raises(InputError, match="fps must be a positive number, got 0"):
        detector.stream(pictures, fps=0)


@pytest.mark.parametrize("as_path", [True, False])
def test_neutral_picture(detector, folder, pictures, as_path):
    neutral = select_pictures(folder.iterdir())[0] if as_path else pictures[0]
    (row,) = detector.stream([pictures[-1]], neutral=neutral)
    alone = detector.run(pictures[-1], neutral=neutral)
    assert {12, 25} <= on(row)
    assert row.neutral == alone.neutral
    np.testing.assert_array_equal(row.probabilities, alone.probabilities)


def test_neutral_picture_without_a_face_is_refused_at_once(detector, pictures, tmp_path):
    cv2.imwrite(str(tmp_path / "wall.png"), np.full((200, 200), 90, np.uint8))
    with pytest.raises(NoFaceError, match=r"wall\.png must show a face"):
        detector.stream(pictures, neutral=tmp_path / "wall.png")


def test_without_a_neutral_every_row_is_a_picture_alone(detector, pictures):
    (row,) = detector.stream([pictures[-1]], neutral=None)
    assert row.neutral == {0: "none"}
    np.testing.assert_array_equal(row.probabilities, detector.run(pictures[-1]).probabilities)


def test_the_first_frame_with_the_face_is_the_neutral(detector, pictures):
    wall = np.full_like(pictures[0], 90)
    rows = list(detector.stream([wall, pictures[0], wall, pictures[-1]], neutral="first"))
    assert [bool(row.face_found[0]) for row in rows] == [False, True, False, True]
    assert rows[0].neutral == {}
    assert rows[3].neutral == {0: "frame 1"}
    assert {12, 25} <= on(rows[3])


def test_a_new_stream_knows_nothing_of_the_last_one(detector, pictures):
    for first in (pictures[0], pictures[-1]):
        rows = list(detector.stream([first, first], neutral="first"))
        assert not on(rows[1])
