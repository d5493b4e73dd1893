import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.classifiers.base import held_out_rows
from au_detect.errors import InputError


def test_whole_groups_are_held_out():
    groups = np.repeat(np.arange(20), 7)
    held_out = held_out_rows(groups, 0.25, 0)
    assert held_out.sum() == 5 * 7
    assert not set(groups[held_out]) & set(groups[~held_out])


def test_holding_out_does_not_depend_on_the_order_of_rows():
    groups = np.array(["S1", "S2", "S3", "S2", "S4", "S5"])
    held_out = held_out_rows(groups, 0.4, 3)
    order = np.array([5, 3, 1, 0, 2, 4])
    np.testing.assert_array_equal(held_out_rows(groups[order], 0.4, 3), held_out[order])
    seeds = {tuple(held_out_rows(groups, 0.4, seed)) for seed in range(10)}
    assert len(seeds) > 1


def test_at_least_one_group_on_either_side():
    assert held_out_rows(["a", "b"], 0.01, 0).sum() == 1
    assert held_out_rows(["a", "b"], 0.99, 0).sum() == 1


def test_holding_out_refuses_bad_input():
    with pytest.raises(InputError, match="at least 2 different groups, got 1"):
        held_out_rows(["a", "a"], 0.5, 0)
    with pytest.raises(InputError, match=r"fraction must be in \(0, 1\), got 1"):
        held_out_rows(["a", "b"], 1, 0)
