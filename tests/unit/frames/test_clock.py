import pytest

from au_detect.frames.clock import FrameClock


def times(stamps_s, fps, **options):
    clock = FrameClock(1 / fps, **options)
    return [round(clock.tick(stamp_s), 6) for stamp_s in stamps_s]


@pytest.mark.parametrize(
    ("stamps_s", "fps", "expected_s"),
    [
        ([0, 0.04, 0.1, 0.101], 25, [0, 0.04, 0.1, 0.101]),  # kept as they are
        ([None, None, None, None], 10, [0, 0.1, 0.2, 0.3]),  # none in the container
        ([0, 0, 0, 0], 10, [0, 0.1, 0.2, 0.3]),  # nor here
        ([0, None, 0.1, 0.15], 20, [0, 0.05, 0.1, 0.15]),
        ([None, 7.0, 7.1], 20, [0, 0.05, 0.15]),
        ([0, 0.1, 0.05, 0.15], 20, [0, 0.1, 0.1, 0.15]),  # out of order: never back
        ([-0.02, 0.02, 0.06, 0.1], 25, [0, 0.04, 0.08, 0.12]),  # from the first frame on
        ([1.5, 1.6, 1.7], 10, [0, 0.1, 0.2]),
        ([0, 0.1, 100.0, 100.1], 10, [0, 0.1, 100.0, 100.1]),  # a long pause is one
    ],
)
def test_times_start_at_0_and_never_go_back(stamps_s, fps, expected_s):
    assert times(stamps_s, fps) == expected_s


def test_where_stamps_start_anew_time_goes_on_by_one_frame():
    once = [1.4, 1.5, 1.6, 1.7]
    assert times([*once, *once, *once], 10) == [round(0.1 * i, 6) for i in range(12)]


def test_a_leap_forwards_is_one_frame_where_the_container_restarts():
    stamps_s = [0.0, 0.1, 5000.0, 5000.1]
    assert times(stamps_s, 10, restarts=True) == [0, 0.1, 0.2, 0.3]
    assert times([0.0, 0.1, 9.0], 10, restarts=True) == [0, 0.1, 9.0]
