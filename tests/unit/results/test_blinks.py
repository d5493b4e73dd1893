import numpy as np
import pytest

from au_detect.results import AUResult
from au_detect.results.blinks import (
    LONGEST_BLINK_S,
    RunningBlinks,
    blink_probabilities,
    with_blinks,
)

OPEN, SHUT = 0.1, 0.9


def course(*runs):
    """Return probabilities of AU43 from (value, number of frames) pairs."""
    return np.concatenate([np.full(n, value) for value, n in runs])


def blinks(closed, fps=30.0, threshold=0.5):
    return blink_probabilities(closed, threshold, np.arange(len(closed)) / fps)


def test_a_short_closure_is_a_blink():
    closed = course((OPEN, 10), (SHUT, 6), (OPEN, 10))
    found = blinks(closed)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, closed)


def test_a_long_closure_is_none():
    found = blinks(course((OPEN, 10), (SHUT, 20), (OPEN, 10)))
    np.testing.assert_allclose(found, course((OPEN, 10), (0.0, 20), (OPEN, 10)))


@pytest.mark.parametrize("fps", [10, 24, 25, 29.97, 30, 50, 60, 120])
@pytest.mark.parametrize("decimals", [3, 6, 15])
def test_half_a_second_is_a_blink_wherever_it_begins(fps, decimals):
    n = int(LONGEST_BLINK_S * fps)
    for start in range(1, 40):
        closed = course((OPEN, start), (SHUT, n), (OPEN, 3))
        longer = course((OPEN, start), (SHUT, n + 2), (OPEN, 3))
        time_s = np.round(np.arange(len(longer)) / fps, decimals)
        assert blink_probabilities(closed, 0.5, time_s[:-2])[start] > 0
        assert blink_probabilities(longer, 0.5, time_s)[start] == 0


@pytest.mark.parametrize(
    "closed",
    [
        course((SHUT, 4), (OPEN, 10)),
        course((OPEN, 10), (SHUT, 4)),
        course((SHUT, 5)),
        course((OPEN, 5), (np.nan, 1), (SHUT, 4), (OPEN, 10)),
        course((OPEN, 5), (SHUT, 4), (np.nan, 1), (OPEN, 10)),
    ],
    ids=["at the start", "at the end", "all through", "face comes", "face goes"],
)
def test_a_closure_that_is_not_seen_from_open_to_open_is_none(closed):
    found = blinks(closed)
    assert (found[closed == SHUT] == 0.0).all()
    np.testing.assert_allclose(found[closed != SHUT], closed[closed != SHUT], rtol=1e-6)


def test_every_closure_is_judged_alone():
    closed = course((SHUT, 3), (OPEN, 4), (SHUT, 3), (OPEN, 4), (SHUT, 30), (OPEN, 4))
    expected = course((0.0, 3), (OPEN, 4), (SHUT, 3), (OPEN, 4), (0.0, 30), (OPEN, 4))
    np.testing.assert_allclose(blinks(closed), expected)


def test_the_threshold_itself_is_closed():
    closed = course((OPEN, 5), (0.625, 40), (OPEN, 5))
    assert blinks(closed, threshold=0.625)[20] == 0.0
    assert blinks(closed, threshold=0.65)[20] == pytest.approx(0.625)


def test_time_counts_not_frames():
    closed = course((OPEN, 5), (SHUT, 20), (OPEN, 5))
    assert blinks(closed, fps=30)[10] == 0.0
    assert blinks(closed, fps=60)[10] == pytest.approx(SHUT)


def test_frames_without_a_face_stay_nan():
    closed = course((OPEN, 3), (np.nan, 2), (OPEN, 3))
    np.testing.assert_array_equal(np.isnan(blinks(closed)), np.isnan(closed))


def test_the_input_is_left_alone_and_may_be_empty():
    closed = course((SHUT, 3)).astype(np.float32)
    blinks(closed)
    assert (closed == np.float32(SHUT)).all()
    assert blinks(np.empty(0)).shape == (0,)


def result_of(closed, aus=(12, 43), face_id=None, fps=30.0):
    """Return a result with one column for each AU; that of AU43 is `closed`, the others 0.3."""
    closed = np.asarray(closed, dtype=float)
    n, found = len(closed), np.isfinite(closed)
    face_id = np.zeros(n, int) if face_id is None else np.asarray(face_id)
    n_faces = len(np.unique(face_id))
    frame = np.arange(n) // n_faces
    columns = [closed if au == 43 else np.where(found, 0.3, np.nan) for au in aus]
    return AUResult(
        aus=aus,
        probabilities=np.column_stack(columns),
        left=np.where(found[:, None], np.linspace(0.2, 0.7, len(aus)), np.nan),
        right=np.where(found[:, None], [0.3] * len(aus), np.nan),
        thresholds=np.linspace(0.4, 0.5, len(aus)),
        frame=frame,
        timestamp_s=frame / fps,
        face_id=face_id,
        face_found=found,
        confidence=found.astype(float),
        points=np.where(found[:, None, None], np.ones((n, 68, 2)), np.nan),
        pose=np.where(found[:, None], np.zeros((n, 3)), np.nan),
        reliable=found,
        neutral={face: "frame 0" for face in range(n_faces)},
        input="clip.mp4",
        settings={},
    )


def test_a_result_gets_a_column_for_the_blink():
    closed = course((OPEN, 5), (SHUT, 4), (OPEN, 5), (SHUT, 30), (OPEN, 5))
    before = result_of(closed)
    after = with_blinks(before)
    assert after.aus == (12, 43, 45)
    np.testing.assert_array_equal(after.probabilities[:, 0], before.probabilities[:, 0])
    np.testing.assert_allclose(after.probabilities[:, 2], blinks(closed))
    blinking = after.probabilities[:, 2] > 0
    for half in ("left", "right"):  # as the closed eyes, where they blink
        closed_half = getattr(before, half)[:, 1]
        np.testing.assert_array_equal(getattr(after, half)[:, 2], closed_half * blinking)
    assert not blinking[14:44].any()
    assert after.thresholds[2] == before.thresholds[1]
    assert np.flatnonzero(after.active[:, 2]).tolist() == [5, 6, 7, 8]
    assert np.flatnonzero(after.active[:, 1]).tolist() == list(range(14, 44))


@pytest.mark.parametrize("level", [SHUT, 0.5, 0.4999996])
def test_no_frame_is_both_a_blink_and_closed_eyes(level):
    closed = course((OPEN, 5), (level, 4), (OPEN, 5), (SHUT, 30), (OPEN, 5), (SHUT, 3))
    after = with_blinks(result_of(closed))
    blink, shut = after.active[:, after.aus.index(45)], after.active[:, after.aus.index(43)]
    assert not (blink & shut).any()
    assert (blink | shut)[[6, 20, -1]].all()
    assert shut[-1]  # the end cuts it off: it may be any closure


@pytest.mark.parametrize(
    ("closed", "n_blinks"),
    [
        (course((OPEN, 5), (SHUT, 4), (OPEN, 5), (SHUT, 4), (OPEN, 2)), 2),
        (course((OPEN, 5), (SHUT, 30), (OPEN, 5)), 0),
        (course((SHUT, 4), (OPEN, 5)), 0),
        (course((OPEN, 5), (SHUT, 4)), 0),
        (course((OPEN, 5), (SHUT, 2), (np.nan, 2), (OPEN, 5)), 0),
    ],
    ids=["two", "too long", "begun before", "not over", "lost"],
)
def test_live_blinks_are_counted_when_they_are_over(closed, n_blinks):
    whole, running = result_of(closed), RunningBlinks()
    ended = [running.add(whole.of_frame(frame)) for frame in range(len(whole))]
    assert sum(ended) == running.n_blinks == n_blinks
    column = with_blinks(whole).active[:, 2].astype(int)
    assert n_blinks == (np.diff(column) == 1).sum()


def test_the_blinks_of_two_faces_do_not_mix():
    blinking = course((OPEN, 5), (SHUT, 4), (OPEN, 21))
    sleeping = course((OPEN, 5), (SHUT, 20), (OPEN, 5))
    rows = np.column_stack([blinking, sleeping]).ravel()
    after = with_blinks(result_of(rows, face_id=np.tile([0, 1], 30)))
    np.testing.assert_allclose(after.probabilities[0::2, 2], blinking)
    np.testing.assert_allclose(after.probabilities[1::2, 2], blinks(sleeping))


def test_rows_without_a_face_have_no_blink():
    closed = course((OPEN, 5), (np.nan, 2), (OPEN, 5))
    after = with_blinks(result_of(closed))
    np.testing.assert_array_equal(np.isnan(after.probabilities[:, 2]), np.isnan(closed))


def test_a_result_without_closed_eyes_or_with_blinks_stays_as_it_is():
    for aus in ((1, 12), (43, 45)):
        result = result_of(course((OPEN, 5), (SHUT, 4), (OPEN, 5)), aus=aus)
        assert with_blinks(result) is result
