import numpy as np
import pytest

from au_detect.simulation.face.speech import LIPS_TOGETHER, VISEMES, speak

TIMES_S = np.arange(0, 20, 0.01)


def spoken(seed=0, times_s=TIMES_S):
    return speak(np.random.default_rng(seed), times_s)


def test_the_seed_decides_what_is_said():
    one, same, other = spoken(1), spoken(1), spoken(2)
    for shape, weights in one.items():
        np.testing.assert_array_equal(weights, same[shape])
    assert any(not np.array_equal(one[shape], other[shape]) for shape in one)


def test_every_shape_of_the_sounds_moves_and_none_goes_backwards():
    moved = spoken()
    assert set(moved) == {shape for shapes in VISEMES.values() for shape in shapes}
    for weights in moved.values():
        assert weights.shape == TIMES_S.shape
        assert weights.min() >= 0
        assert weights.max() > weights.min()
    assert moved[LIPS_TOGETHER].max() == 1


def test_sounds_run_into_one_another():
    """In a hundredth of a second no shape jumps, and sounds seldom reach their own shape."""
    moved = spoken()
    jaw = moved["jawOpen"]
    assert np.abs(np.diff(jaw)).max() < 0.4 * jaw.max()
    assert np.median(jaw) < 0.8 * jaw.max()


def test_lips_that_meet_let_nothing_part_them():
    moved = spoken()
    meeting = moved[LIPS_TOGETHER] == 1
    assert 0.02 < meeting.mean() < 0.4
    for parting in ("mouthLowerDown", "mouthUpperUp", "mouthFunnel"):
        assert (moved[parting][meeting] == 0).all()


def test_people_mumble_and_shout():
    jaws = [spoken(seed, TIMES_S[:500])["jawOpen"].mean() for seed in range(40)]
    assert np.std(np.log(jaws)) == pytest.approx(0.4, abs=0.15)
