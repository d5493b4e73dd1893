"""Which frames show a face at rest, and how good the neutral face made of them is."""

import numpy as np
import pytest

from au_detect.features.conditions import CONDITIONS
from au_detect.features.measurement import measurements_of_landmarks
from au_detect.features.rest import (
    FACE,
    LITTLE_QUALITY,
    action,
    calmest,
    n_resting,
    neutral_at_rest,
    rest_elsewhere,
    steady_action,
    with_others,
)

CALM = 0.3


def rest_of(face_px, *, n=30, fps=10.0, actions=CALM, reliable=True, apart_px=0.0):
    """Return the neutral of `n` frames in which every other face is `apart_px` lower."""
    points = np.repeat(face_px[None], n, axis=0)
    points[::2, 48:, 1] += apart_px
    rows = measurements_of_landmarks(points, fps)
    return neutral_at_rest(rows, np.full(n, actions), np.full(n, reliable))


def test_action_is_the_surprise_of_finding_nothing():
    probabilities = [[0.0, 0.0], [0.5, 0.0], [0.5, 0.75]]
    np.testing.assert_allclose(action(probabilities), [0.0, np.log(2), np.log(8)])


def test_a_certain_action_is_finite():
    assert np.isfinite(action([[1.0, 1.0]])).all()


def test_passing_through_rest_is_no_rest():
    """A face that is calm in one frame of a movement has less steady calm than one that stays."""
    actions = np.array([3.0, 3.0, 0.2, 3.0, 3.0, 0.5, 0.5, 0.5, 0.5, 0.5])
    steady = steady_action(actions, np.arange(10) / 40)  # 0.05 s are two frames
    np.testing.assert_allclose(steady[[2, 7]], [np.mean(actions[:5]), 0.5])
    assert steady.argmin() >= 7


def test_frames_far_apart_do_not_steady_each_other():
    actions = np.array([3.0, 0.2, 3.0])
    np.testing.assert_allclose(steady_action(actions, np.arange(3.0)), actions)


@pytest.mark.parametrize(
    ("n_frames", "n"), [(1, 1), (2, 1), (10, 2), (25, 5), (100, 5), (400, 20), (10**6, 1000)]
)
def test_a_twentieth_of_the_frames_is_taken_but_five_where_there_are_enough(n_frames, n):
    assert n_resting(n_frames) == n


def test_the_frames_of_least_action_are_taken_in_order():
    actions = np.array([2.0, 0.1, 3.0, 0.2, 0.05])
    assert calmest(actions, np.ones(5, bool), 3).tolist() == [1, 3, 4]


def test_a_turned_head_counts_as_action():
    actions = np.array([0.1, 0.9, 1.2])
    assert calmest(actions, np.array([False, True, True]), 1).tolist() == [1]
    assert calmest(actions, np.array([False, False, False]), 1).tolist() == [0]


def test_calm_frames_that_agree_over_three_seconds_are_as_good_as_can_be(face_px):
    neutral = rest_of(face_px)
    assert neutral.quality == 1.0
    assert neutral.doubt == ""
    assert neutral.frames == tuple(range(30))
    assert neutral.personal


@pytest.mark.parametrize(
    ("changes", "quality"),
    [
        ({"actions": 2.1}, 0.5),  # half way from calm to restless
        ({"actions": 3.5}, 0.0),
        ({"reliable": False}, 0.5),
        ({"n": 10}, (1 + 1 / 3) / 2),  # one second of three
        ({"actions": 2.1, "reliable": False}, 0.25),
    ],
)
def test_quality_falls_with_what_is_wrong(face_px, changes, quality):
    assert rest_of(face_px, **changes).quality == pytest.approx(quality, abs=1e-3)


def test_quality_falls_with_the_distance_of_the_faces_from_their_median(face_px):
    """With an even number of frames the median lies half way: all mouths are off by 3 px of 100."""
    assert FACE.start == 17
    apart_iod = 0.03 * np.sqrt(20 / 51)  # of the 51 points that count, 20 are the mouth's
    expected = (0.05 - apart_iod) / 0.04
    assert rest_of(face_px, apart_px=6.0).quality == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"actions": 3.2}, "the face moves in every frame"),
        ({"apart_px": 14.0}, "the calmest frames show different faces"),
        ({"actions": 2.1, "reliable": False}, "the head is turned"),
    ],
)
def test_a_doubtful_neutral_says_what_is_wrong(face_px, changes, words):
    neutral = rest_of(face_px, **changes)
    assert neutral.quality < LITTLE_QUALITY
    assert neutral.doubt == f"no frame at rest was found: {words}"


LEFT = CONDITIONS.index("left")
"""A condition; which one makes no difference here."""


def elsewhere(face_px, *, n=50, fps=5.0, actions=CALM, lower_px=10.0, reliable=True):
    """Return the others of a face whose last `n` frames of 2 n are turned: mouths `lower_px`."""
    points = np.repeat(face_px[None], 2 * n, axis=0)
    points[n:, 48:, 1] += lower_px
    rows = measurements_of_landmarks(points, fps)
    action_of = np.r_[np.full(n, CALM), np.full(n, actions)]
    is_reliable = np.r_[np.ones(n, bool), np.full(n, reliable)]
    neutral = neutral_at_rest(rows.rows(np.arange(n)), action_of[:n], is_reliable[:n])
    conditions = np.repeat([0, LEFT], n)
    return neutral, rest_elsewhere(rows, action_of, is_reliable, conditions, neutral, CALM)


def test_a_face_that_rests_turned_too_is_compared_with_a_face_half_way_to_that_rest(face_px):
    neutral, others = elsewhere(face_px)
    assert list(others) == [0, LEFT]
    turned = others[LEFT]
    assert turned.description == "left"
    assert turned.frames == tuple(range(50, 60))  # a fifth of them
    moved = (turned.pose.frontal - neutral.pose.frontal)[0]
    all_the_way = moved[48:, 1] * 2 * neutral.pose.scale_px
    np.testing.assert_allclose(all_the_way, 10.0, atol=0.2)
    np.testing.assert_allclose(moved[:48], 0.0, atol=1e-9)


def test_an_action_that_lasts_while_the_head_is_turned_is_no_rest(face_px):
    assert LEFT in elsewhere(face_px, actions=CALM + 0.4)[1]
    assert LEFT not in elsewhere(face_px, actions=CALM + 0.6)[1]


@pytest.mark.parametrize(("few", "why"), [({"n": 24}, "frames"), ({"fps": 30.0}, "seconds")])
def test_a_moment_elsewhere_is_no_rest_either(few, why, face_px):
    assert elsewhere(face_px, **few)[1] == {}, why


def test_what_is_seen_in_one_way_only_has_one_neutral(face_px):
    rows = measurements_of_landmarks(np.repeat(face_px[None], 60, axis=0), 10.0)
    actions, reliable = np.full(60, CALM), np.ones(60, bool)
    neutral = neutral_at_rest(rows, actions, reliable)
    seen = np.full(60, LEFT)
    assert rest_elsewhere(rows, actions, reliable, seen, neutral, CALM) == {}
    assert with_others(neutral, []) is neutral


def test_the_description_tells_of_the_others(face_px):
    neutral, others = elsewhere(face_px)
    both = with_others(neutral, others.values())
    assert both.description == "median of 50 calm frames (front: 10 more; left: 10 more)"
    assert both.others == tuple(others.values())
