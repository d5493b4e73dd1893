"""Collections by role: joined, in order, and never mixed up."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.errors import InputError
from au_detect.training.data import TrainingData, put_in_order, training_data


def test_the_same_number_in_two_collections_is_two_people(make_labelled):
    data = training_data([make_labelled(n_subjects=4), make_labelled(n_subjects=4, seed=1)])
    assert data.own.n_subjects == 8
    assert data.own.source == {"collections": [{}, {}]}


def test_an_au_that_one_collection_lacks_is_not_coded_in_it(make_labelled):
    other = make_labelled(n_subjects=2, aus=(4, 12, 25))
    own = training_data([make_labelled(n_subjects=2), other]).own
    assert own.aus == (1, 4, 12, 25)
    coded = np.isfinite(own.intensity)
    np.testing.assert_array_equal(coded[:10].all(axis=0), [True, False, True, True])
    np.testing.assert_array_equal(coded[10:].all(axis=0), [False, True, True, True])


def test_attributes_that_all_have_are_kept(make_labelled):
    names = np.array([f"n{i}" for i in range(10)])
    weight = np.full(10, 0.5)
    one = make_labelled(n_subjects=2, attributes={"name": names, "weight": weight})
    two = make_labelled(n_subjects=2, attributes={"name": names, "light": names})
    own = training_data([one, two]).own
    assert own.attributes.keys() == {"name", "weight"}
    np.testing.assert_array_equal(own.attributes["weight"], [0.5] * 10 + [1.0] * 10)
    assert own.is_apex.all()


def test_the_order_of_rows_is_forgotten(make_labelled):
    sequences = make_labelled(n_subjects=6)
    shuffled = sequences.rows(np.random.default_rng(0).permutation(30))
    one, other = (TrainingData(part, (part,)).in_order() for part in (sequences, shuffled))
    np.testing.assert_array_equal(one.own.points, other.own.points)
    np.testing.assert_array_equal(one.extra[0].intensity, other.extra[0].intensity)


def test_tables_are_sorted_in_place_as_in_a_copy(make_labelled):
    names = np.array([f"n{i}" for i in range(30)])
    sequences = make_labelled(n_subjects=6, attributes={"name": names})
    shuffled = sequences.rows(np.random.default_rng(0).permutation(30))
    points, copied = shuffled.points, TrainingData(shuffled).in_order().own
    put_in_order(shuffled)
    assert shuffled.points is points
    assert TrainingData(shuffled).in_order().own is shuffled
    for name in ("points", "neutral_points", "furrows", "intensity", "subject"):
        np.testing.assert_array_equal(getattr(shuffled, name), getattr(copied, name))
    np.testing.assert_array_equal(shuffled.attributes["name"], copied.attributes["name"])


def test_rows_of_one_sequence_keep_their_order(make_labelled):
    names = np.array(["b", "b", "a", "a", "a"])
    sequences = make_labelled(n_subjects=1, attributes={"name": names})
    ordered = TrainingData(sequences).in_order().own
    np.testing.assert_array_equal(ordered.points, sequences.points[[2, 3, 4, 0, 1]])


def test_collections_that_do_not_go_together_are_refused(make_labelled):
    with pytest.raises(InputError, match="own must hold at least one collection, got none"):
        training_data([])
    other = make_labelled(n_subjects=2, landmark_model="other")
    with pytest.raises(InputError, match=r"one landmark_model, got \['made-up', 'other'\]"):
        training_data([make_labelled(n_subjects=2)], [other])
    bare = replace(make_labelled(n_subjects=2), furrows=None, neutral_furrows=None)
    with pytest.raises(InputError, match="give those without pictures as extra"):
        training_data([make_labelled(n_subjects=2), bare])
    assert len(training_data([make_labelled(n_subjects=2)], [bare])) == 20
