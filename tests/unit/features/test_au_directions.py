"""Evidence for an action never is its opposite."""

import pytest

from au_detect.facs import NETWORK_AUS
from au_detect.features.au_directions import _DIRECTIONS, contradicts
from au_detect.features.face_parts import largest_change, rest_ranges
from au_detect.features.furrows import FURROW_NAMES

RANGES = rest_ranges(personal=True)


def test_every_au_of_the_networks_is_there():
    assert set(_DIRECTIONS) == set(NETWORK_AUS)


@pytest.mark.parametrize(
    ("au", "measure", "value"),
    [
        (24, "lip_opening", 0.1),
        (1, "right_inner_brow_motion", -0.1),
        (4, "brow_distance", 0.1),
        (12, "left_lip_corner_motion", -0.1),
        (15, "lip_corner_over_lips", 0.1),
        (43, "eye_height", 0.1),
        (2, "left_forehead_outer_furrows_edges", -0.1),
    ],
)
def test_the_opposite_contradicts_and_the_action_does_not(au, measure, value):
    assert contradicts(au, measure, value)
    assert not contradicts(au, measure, -value)
    assert not contradicts(au, measure, 0.0)


def test_what_facs_does_not_say_contradicts_nothing():
    assert not contradicts(14, "lip_width", 1.0)
    assert not contradicts(14, "lip_width", -1.0)


def test_patterns_name_features_that_there_are():
    plain = {n.removeprefix("right_").removeprefix("left_") for n in (*FURROW_NAMES, *RANGES)}
    for au, table in _DIRECTIONS.items():
        for pattern in table:
            assert any(contradicts(au, name, 1.0) or contradicts(au, name, -1.0)
                       for name in plain), pattern  # fmt: skip


def test_a_part_is_told_by_another_change_or_not_at_all():
    seen = {"lip_opening": 0.2}
    assert largest_change("lip opening", seen, RANGES, 25).value == pytest.approx(0.2)
    assert largest_change("lip opening", seen, RANGES, 24) is None
    more = {"upper_lip_thickness": -0.03, "upper_lip_to_nose": 0.2}
    assert largest_change("upper lip", more, RANGES, 10).measure == "upper_lip_thickness"
