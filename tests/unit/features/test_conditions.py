"""How a face is seen: which way the head is turned, and in which light."""

import numpy as np
import pytest

from au_detect.features.conditions import CONDITIONS, conditions_of, light_of, turns_of
from au_detect.features.furrows import FURROW_NAMES, MIRROR_FURROWS


def evenly_lit(n, **brightness):
    """Return furrows of `n` faces, brightness 1, but for windows whose names hold a key."""
    furrows = np.zeros((n, len(FURROW_NAMES)))
    for column, name in enumerate(FURROW_NAMES):
        if name.endswith("_brightness"):
            changed = [value for part, value in brightness.items() if part in name]
            furrows[:, column] = changed[0] if changed else 1.0
    return furrows


@pytest.mark.parametrize(
    ("pitch", "yaw", "turn"),
    [
        (0, 0, "front"), (14, -14, "front"), (0, 20, "right"), (0, -20, "left"), (20, 0, "down"),
        (-20, 0, "up"), (-18, 25, "right"), (-25, 18, "up"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("how", ["as they are", "mirrored"])
def test_the_larger_of_pitch_and_yaw_says_which_way_a_head_is_turned(pitch, yaw, turn, how):
    if how == "mirrored":
        yaw, turn = -yaw, {"right": "left", "left": "right"}.get(turn, turn)
    (found,) = turns_of(np.radians([[pitch, yaw, 0.0]]))
    assert CONDITIONS[found] == turn


def test_a_tilted_head_is_not_turned():
    (found,) = turns_of(np.radians([[0.0, 0.0, 40.0]]))
    assert CONDITIONS[found] == "front"


def test_light_is_how_much_brighter_left_and_upper_face_are():
    np.testing.assert_allclose(light_of(evenly_lit(2)), 0.0)
    (from_left,) = light_of(evenly_lit(1, left_=1.5, right_=0.7))
    np.testing.assert_allclose(from_left[0], np.log(1.55 / 0.75))
    (from_above,) = light_of(evenly_lit(1, forehead=1.4))
    assert from_above[1] > 0.2


def test_a_mirrored_face_is_lit_from_the_other_side():
    furrows = evenly_lit(1, left_=1.5)
    (seen,), (mirrored,) = light_of(furrows), light_of(furrows[:, MIRROR_FURROWS])
    np.testing.assert_allclose(mirrored, seen * [-1, 1])


def test_most_frames_of_a_turn_say_what_its_usual_light_is():
    """A turned head is lit otherwise than one that faces the camera: that is no other light."""
    yaw = np.radians([0] * 5 + [-25] * 5)
    angles = np.column_stack([np.zeros(10), yaw, np.zeros(10)])
    lit = [evenly_lit(4), evenly_lit(1, left_=1.5), evenly_lit(3, left_=1.5), evenly_lit(2)]
    names = [CONDITIONS[found] for found in conditions_of(angles, np.concatenate(lit))]
    other = ", other light"
    assert names == ["front"] * 4 + ["front" + other] + ["left"] * 3 + ["left" + other] * 2


def test_without_furrows_all_light_is_the_usual():
    found = conditions_of(np.zeros((3, 3)), np.full((3, len(FURROW_NAMES)), np.nan))
    assert found.tolist() == [0, 0, 0]
