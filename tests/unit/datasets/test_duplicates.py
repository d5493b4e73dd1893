"""People under two names."""

from dataclasses import replace

import numpy as np
import pytest

from au_detect.datasets.duplicates import doubtful_people, plain_name


@pytest.mark.parametrize(
    ("one", "other"),
    [("S001", "s1"), ("Zoe\u0301", "zoé"), ("Anna B", "anna_b"), ("a-07", "A 7"), ("10", "010")],
)
def test_names_that_are_alike(one, other):
    assert plain_name(one) == plain_name(other)


@pytest.mark.parametrize(("one", "other"), [("S10", "S100"), ("a1b", "a2b"), ("S1", "S01x")])
def test_names_that_are_not(one, other):
    assert plain_name(one) != plain_name(other)


def test_alike_names_are_told(make_labelled):
    names = np.array(["S1", "S001", "S2"])
    sequences = make_labelled(n_subjects=3, subject=np.repeat(names, 5))
    assert doubtful_people([sequences]) == [
        "subjects 'S001', 'S1' may be one person: the names are alike"
    ]


def test_shared_frames_are_told_among_collections_too(make_labelled):
    sequences = make_labelled(n_subjects=4)
    assert doubtful_people([sequences]) == []
    points = sequences.points.copy()
    points[15:17] = points[:2]
    (text,) = doubtful_people([replace(sequences, points=points)])
    assert text == "subjects '0' and '3' share 2 frames: they may be one person"
    assert len(doubtful_people([sequences, make_labelled(n_subjects=2, seed=1)])) == 0
    assert "share 10 frames" in doubtful_people([sequences, sequences.rows(np.arange(5))])[0]


def test_of_many_some_are_told(make_labelled):
    names = np.array([f"{'0' * (i % 2)}{i // 2 + 1}" for i in range(40)])
    texts = doubtful_people([make_labelled(n_subjects=40, subject=np.repeat(names, 5))])
    assert len(texts) == 6
    assert texts[-1] == "... and 15 more like these"
