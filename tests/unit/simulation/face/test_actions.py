import numpy as np
import pytest

from au_detect.facs import NETWORK_AUS
from au_detect.simulation.face.actions import (
    ACTION_SHAPES,
    AU_COLUMN,
    DRAGGED,
    expression_weights,
)

ALL_NAMES = (
    *sorted({name for shapes in ACTION_SHAPES.values() for name in shapes}),
    "mouthLeft",
    "mouthRight",
)
NAMES = ("jawOpen", "mouthSmile_L", "mouthSmile_R", "browInnerUp_L", "browInnerUp_R")


def strengths_of(**sides):
    """Return strengths of one face: ``au12=(right, left)``."""
    strengths = np.zeros((1, len(NETWORK_AUS), 2))
    for name, pair in sides.items():
        strengths[0, AU_COLUMN[int(name[2:])]] = pair
    return strengths


# Shapes


def test_every_au_of_the_networks_has_shapes():
    assert set(ACTION_SHAPES) == set(NETWORK_AUS)


@pytest.mark.parametrize("strength", [0.0, 1.0, 5.0])
def test_weights_grow_with_the_strength_of_each_side(strength):
    names = [f"{name}_{side}" for name in ALL_NAMES[:-2] for side in "LR"] + [*ALL_NAMES[-2:]]
    strengths = strengths_of(au12=(strength, 0.0))
    weights = dict(zip(names, expression_weights(strengths, names)[0], strict=True))
    smile = ACTION_SHAPES[12]["mouthSmile"]
    assert weights.pop("mouthSmile_R") == pytest.approx(smile * strength / 5)
    assert weights.pop("mouthRight") == pytest.approx(DRAGGED[12] * strength / 5)
    assert not any(weights.values())


def test_shapes_of_both_sides_get_the_mean_strength():
    names = ALL_NAMES
    weights = expression_weights(strengths_of(au27=(2.0, 4.0)), names)[0]
    assert weights[names.index("jawOpen")] == pytest.approx(ACTION_SHAPES[27]["jawOpen"] * 3 / 5)


def test_actions_that_share_a_shape_add_up():
    names = ALL_NAMES
    separately = [
        expression_weights(strengths_of(**{name: (3.0, 3.0)}), names) for name in ("au25", "au26")
    ]
    together = expression_weights(strengths_of(au25=(3.0, 3.0), au26=(3.0, 3.0)), names)
    np.testing.assert_allclose(together, sum(separately))


def test_a_side_that_pulls_more_drags_the_mouth_along():
    def aside(**sides):
        weights = expression_weights(strengths_of(**sides), ALL_NAMES)[0, -2:]
        return dict(zip(ALL_NAMES[-2:], weights, strict=True))

    assert aside(au14=(0.0, 5.0)) == pytest.approx({"mouthLeft": 0.3, "mouthRight": 0.0})
    assert aside(au14=(5.0, 2.5)) == pytest.approx({"mouthLeft": 0.0, "mouthRight": 0.15})
    assert aside(au14=(4.0, 4.0)) == {"mouthLeft": 0.0, "mouthRight": 0.0}
