from pathlib import Path

import numpy as np
import pytest

from au_detect.datasets.collection import SequenceRecord
from au_detect.datasets.frame_choice import choose_frames, intensity_on_the_way
from au_detect.datasets.labelled_features import PRESENT
from au_detect.errors import InputError


def make(n_frames=5, **changes):
    frames = tuple(Path(f"{i}.png") for i in range(n_frames))
    values = {"aus": {12: 4.0, 25: np.nan, 4: 0.0}} | changes
    return SequenceRecord("a", "anna", frames, **values)


def chosen(record, frames, n_frames=5):
    return list(choose_frames(record, n_frames, frames))


def test_the_apex_is_the_last_frame():
    assert chosen(make(), "apex") == [(4, 1.0, 1.0)]


def test_the_last_three_count_like_the_apex():
    assert chosen(make(), "last3") == [(2, 1, 1), (3, 1, 1), (4, 1, 1)]


@pytest.mark.parametrize(
    ("neutral", "expected"), [(0, [1, 2]), (1, [2]), (Path("n.png"), [0, 1, 2])]
)
def test_the_neutral_frame_is_never_among_the_last_three(neutral, expected):
    record = make(3, neutral=neutral)
    assert [number for number, _, _ in chosen(record, "last3", 3)] == expected


def test_weights_grow_with_the_square_of_the_way():
    rows = chosen(make(), "all-weighted")
    assert [number for number, _, _ in rows] == [1, 2, 3, 4]
    np.testing.assert_allclose([share for _, _, share in rows], [1 / 4, 2 / 4, 3 / 4, 1])
    np.testing.assert_allclose([weight for _, weight, _ in rows], [1 / 16, 4 / 16, 9 / 16, 1])


def test_the_way_begins_at_the_neutral_frame():
    rows = chosen(make(neutral=2), "all-weighted")
    assert rows == [(3, 0.25, 0.5), (4, 1.0, 1.0)]
    elsewhere = chosen(make(neutral=Path("n.png")), "all-weighted")
    np.testing.assert_allclose([share for _, _, share in elsewhere], [0.2, 0.4, 0.6, 0.8, 1])


@pytest.mark.parametrize("frames", ["apex", "last3", "all-weighted"])
def test_a_frame_coded_on_its_own_is_one_row(frames):
    assert chosen(make(apex=2), frames) == [(2, 1.0, 1.0)]


def test_another_choice_is_refused():
    with pytest.raises(InputError, match="frames must be one of 'apex', 'last3', 'all-weighted'"):
        chosen(make(), "every")


@pytest.mark.parametrize(
    ("share", "expected"),
    [
        (1.0, [4, PRESENT, 0, 0]),
        (0.75, [3, PRESENT, 0, 0]),
        (0.5, [2, PRESENT, 0, 0]),
        (0.49, [np.nan, np.nan, 0, 0]),
        (0.01, [np.nan, np.nan, 0, 0]),
    ],
)
def test_intensities_on_the_way(share, expected):
    found = intensity_on_the_way(make(), (12, 25, 4, 6), share)
    np.testing.assert_array_equal(found, np.array(expected, np.float32))


def test_what_was_not_coded_stays_so_on_the_way():
    record = make(fully_coded=False)
    np.testing.assert_array_equal(intensity_on_the_way(record, (6, 12), 0.5), [np.nan, 2])
