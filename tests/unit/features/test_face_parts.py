import pytest

from au_detect.features.extraction import (
    LOWER_FURROW_NAMES,
    LOWER_NAMES,
    POSE_NAMES,
    UPPER_FURROW_NAMES,
    UPPER_NAMES,
)
from au_detect.features.face_parts import largest_change, parts_of, rest_ranges

NAMES = {
    "upper": (*UPPER_NAMES, *UPPER_FURROW_NAMES),
    "lower": (*LOWER_NAMES, *LOWER_FURROW_NAMES),
}
RANGES = {
    "left_inner_brow_motion": (-0.02, 0.02),
    "right_inner_brow_motion": (-0.02, 0.04),
    "lip_width": (-0.03, 0.03),
}


@pytest.mark.parametrize("face", NAMES)
def test_every_feature_but_the_head_pose_is_in_one_part(face):
    columns = sorted(c for part in parts_of(face, NAMES[face]).values() for c in part)
    pose = {NAMES[face].index(name) for name in POSE_NAMES}
    assert columns == sorted(set(range(len(NAMES[face]))) - pose)


@pytest.mark.parametrize("face", NAMES)
@pytest.mark.parametrize("size", [-0.5, 0.5])
def test_every_part_but_the_eye_corners_can_be_told(face, size):
    values = dict.fromkeys(NAMES[face], size)
    for part in parts_of(face, NAMES[face]):
        change = largest_change(part, values, rest_ranges(personal=True))
        if part == "eye corners":
            assert change is None
        else:
            assert change is not None
            assert change.value == size
            assert change.is_outside_rest


@pytest.mark.parametrize("personal", [True, False])
def test_every_feature_has_a_range_at_rest(personal):
    ranges = rest_ranges(personal=personal)
    for names in NAMES.values():
        assert ranges.keys() >= set(names)
    assert all(low <= high for low, high in ranges.values())


@pytest.mark.parametrize(
    ("left", "right", "text", "value"),
    [
        (0.06, 0.04, "inner brows higher", 0.05),
        (-0.06, -0.04, "inner brows lower", -0.05),
        (0.06, 0.01, "left inner brow higher", 0.06),
        (0.01, -0.06, "right inner brow lower", -0.06),
    ],
)
def test_both_sides_are_one_where_they_change_alike(left, right, text, value):
    values = {"left_inner_brow_motion": left, "right_inner_brow_motion": right}
    change = largest_change("inner brows", values, RANGES)
    assert change is not None
    assert (change.text, change.value) == (text, pytest.approx(value))


def test_a_change_is_told_with_its_range_at_rest():
    values = {"left_inner_brow_motion": 0.05, "right_inner_brow_motion": 0.05}
    change = largest_change("inner brows", values, RANGES)
    assert str(change) == "inner brows higher: +0.050 IOD; at rest -0.020 to +0.030"
    small = largest_change("mouth width", {"lip_width": 0.02}, RANGES)
    assert small is not None
    assert not small.is_outside_rest


def test_of_several_measures_the_one_furthest_from_rest_is_told():
    values = {"lip_width": 0.05, "left_nasolabial_length": 0.04, "right_nasolabial_length": 0.04}
    wide = {"left_nasolabial_length": (-0.1, 0.1), "right_nasolabial_length": (-0.1, 0.1)}
    change = largest_change("mouth width", values, RANGES | wide)
    assert change is not None
    assert change.measure == "lip_width"


def test_windows_are_told_by_place_side_and_kind():
    values = {"left_crows_feet_edges": 0.2, "right_crows_feet_edges": 0.01}
    change = largest_change("crow's feet", values, {})
    assert str(change) == "crow's feet (left): more edges: +0.200 edge density"
