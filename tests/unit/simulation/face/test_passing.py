import numpy as np
import pytest

from au_detect.facs import NETWORK_AUS
from au_detect.simulation.face.actions import ACTION_SHAPES, AU_COLUMN, expression_weights
from au_detect.simulation.face.passing import draw_passing, resemblance

SIDED = ("brow", "cheek", "eye", "nose", "mouthSmile", "mouthFrown", "mouthStretch", "mouthPress",
         "mouthDimple", "mouthUpperUp", "mouthLowerDown")  # fmt: skip
WHOLE = ("jawOpen", "jawLeft", "jawRight", "mouthLeft", "mouthRight")
EYES = [f"eyeLook{way}_{side}" for way in ("In", "Out", "Up", "Down") for side in "LR"]


def shape_names():
    used = {shape for shapes in ACTION_SHAPES.values() for shape in shapes}
    sided = [f"{n}_{s}" for n in sorted(used | {"cheekPuff"}) if n.startswith(SIDED) for s in "LR"]
    whole = [n for n in sorted(used | set(WHOLE)) if not n.startswith(SIDED)]
    return [*whole, *sided, *EYES]


NAMES = shape_names()


def draw(manner, n=400, seed=0):
    return draw_passing(np.random.default_rng(seed), [manner] * n, NAMES)


def column(weights, name):
    return weights[:, NAMES.index(name)]


def test_a_still_face_does_nothing():
    weights, together = draw("still")
    assert not weights.any()
    assert not together.any()


@pytest.mark.parametrize(
    "manner", ["speech", "laughter", "chewing", "mouth aside", "gaze", "blink"]
)
def test_the_seed_decides_each_moment(manner):
    one, same, other = draw(manner, 20, 3), draw(manner, 20, 3), draw(manner, 20, 4)
    np.testing.assert_array_equal(one[0], same[0])
    assert not np.array_equal(one[0], other[0])
    assert one[0].min() >= 0


def test_eyes_look_one_way_together():
    weights, _ = draw("gaze")
    np.testing.assert_array_equal(column(weights, "eyeLookOut_L"), column(weights, "eyeLookIn_R"))
    assert not (column(weights, "eyeLookOut_L") * column(weights, "eyeLookOut_R")).any()
    assert not (column(weights, "eyeLookUp_L") * column(weights, "eyeLookDown_L")).any()


def test_blinks_move_the_lids_alone_and_close_them_half_of_the_time():
    weights, _ = draw("blink")
    moving = {name for name, moves in zip(NAMES, weights.any(axis=0), strict=True) if moves}
    assert moving == {"eyeBlink_L", "eyeBlink_R"}
    closed = column(weights, "eyeBlink_L") >= 0.85
    assert closed.mean() == pytest.approx(0.5, abs=0.08)


def test_a_jaw_grinds_to_one_side_behind_closed_lips():
    weights, together = draw("chewing")
    assert not (column(weights, "jawLeft") * column(weights, "jawRight")).any()
    assert np.median(together) == 1


# What it looks like


@pytest.mark.parametrize("au", [au for au in NETWORK_AUS if au not in (5, 7, 25, 26, 27, 43)])
def test_an_action_looks_like_itself(au):
    strengths = np.zeros((1, len(NETWORK_AUS), 2))
    strengths[0, AU_COLUMN[au]] = 3.0
    alike = resemblance(expression_weights(strengths, NAMES), NAMES)
    assert alike[au][0] == pytest.approx(3.0)


def test_one_shape_of_several_is_not_the_action():
    weights = np.zeros((1, len(NAMES)))
    weights[0, NAMES.index("mouthRollLower")] = 1.0  # as in f and v
    alike = resemblance(weights, NAMES)
    assert alike[28][0] == alike[23][0] == alike[24][0] == 0


def test_lowered_eyes_look_half_closed():
    weights = np.zeros((1, len(NAMES)))
    weights[0, [NAMES.index("eyeLookDown_L"), NAMES.index("eyeLookDown_R")]] = 1.0
    assert 1.5 < resemblance(weights, NAMES)[43][0] < 4.0


def test_a_mouth_pulled_aside_hides_what_lips_do():
    weights = np.zeros((1, len(NAMES)))
    weights[0, NAMES.index("mouthLeft")] = 0.6
    alike = resemblance(weights, NAMES)
    assert alike[14][0] > 2.5
    assert alike[20][0] == 0
