"""The newest frame: real time, no queue."""

import time

import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.frames import open_frames
from au_detect.web.live.sources import NewestFrame

PICTURE = np.zeros((8, 8), np.uint8)


def taken(frames):
    """Return the numbers of all frames that come."""
    numbers = []
    while (frame := frames.take()) is not None:
        numbers.append(frame.index)
    return numbers


def test_who_is_fast_sees_every_frame_at_its_time():
    start = time.monotonic()
    assert taken(NewestFrame(open_frames([PICTURE] * 4, fps=20))) == [0, 1, 2, 3]
    assert time.monotonic() - start >= 3 / 20


def test_who_is_slow_sees_the_newest_frame_only():
    frames = NewestFrame(open_frames([PICTURE] * 20, fps=100))
    assert frames.take() is not None
    time.sleep(0.6)
    assert taken(frames) == [19]
    assert frames.take() is None


def test_what_breaks_off_is_said_after_the_frames_before_it():
    frames = NewestFrame(open_frames(iter([PICTURE, "missing.png"]), fps=20))
    assert frames.take().index == 0
    with pytest.raises(InputError, match=r"missing\.png"):
        frames.take()


def test_nothing_is_read_before_it_is_asked_for_or_once_it_is_closed():
    frames = NewestFrame(open_frames([PICTURE] * 3, fps=100))
    time.sleep(0.1)
    assert frames.take().index == 0
    frames.close()
    assert frames.take() is None
    unread = NewestFrame(open_frames([PICTURE] * 3, fps=100))
    unread.close()
    assert unread.take() is None


def test_closing_ends_the_reading():
    n_read = 0

    def camera():
        nonlocal n_read
        while True:
            n_read += 1
            yield PICTURE

    frames = NewestFrame(open_frames(camera(), fps=100))
    frames.take()
    frames.close()
    taken(frames)
    n_at_end = n_read
    time.sleep(0.1)
    assert n_read == n_at_end
