import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.frames.stream import BURST_FRAMES, BURST_PIXELS, Frame, in_bursts

SMALL = np.zeros((4, 6), np.uint8)
HUGE = np.zeros((1, BURST_PIXELS), np.uint8)


def frames_of(image, n, read, broken_at=None):
    """Yield frames, and note in `read` which ones were read."""
    for index in range(n):
        if index == broken_at:
            raise InputError("the clip is broken")
        read.append(index)
        yield Frame(image, index, index / 25, f"frame {index}")


@pytest.mark.parametrize("n", [0, 1, BURST_FRAMES, 2 * BURST_FRAMES + 3])
def test_bursts_give_every_frame_in_order(n):
    assert [frame.index for frame in in_bursts(frames_of(SMALL, n, []))] == list(range(n))


@pytest.mark.parametrize(("image", "ahead"), [(SMALL, BURST_FRAMES), (HUGE, 1)])
def test_a_burst_ends_at_so_many_frames_or_pixels(image, ahead):
    read = []
    frames = in_bursts(frames_of(image, 40, read))
    assert next(frames).index == 0
    assert len(read) == ahead


def test_what_was_read_before_an_error_is_given_before_it():
    given = []
    with pytest.raises(InputError, match="the clip is broken"):
        given.extend(frame.index for frame in in_bursts(frames_of(SMALL, 9, [], broken_at=5)))
    assert given == [0, 1, 2, 3, 4]
