"""Rows of features: the same as detection measures, whatever the block they come in."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.datasets.augmentation import mirrored
from au_detect.errors import InputError
from au_detect.training import samples as module
from au_detect.training.data import TrainingData
from au_detect.training.recipe import TrainingRecipe
from au_detect.training.samples import Samples, columns_of


@pytest.mark.parametrize("uses_neutral", [True, False])
@pytest.mark.parametrize("face", ["upper", "lower"])
def test_measured_rows_are_what_detection_measures(make_labelled, face, uses_neutral, monkeypatch):
    monkeypatch.setattr(module, "ROWS_AT_ONCE", 7)
    sequences = make_labelled(n_subjects=4)
    samples = Samples(TrainingData(sequences), TrainingRecipe())
    features = samples.features(face, uses_neutral=uses_neutral)
    table = sequences.features(uses_neutral=uses_neutral, uses_furrows=True)
    assert columns_of(face).names == getattr(table, f"{face}_names")
    np.testing.assert_allclose(features[:20], getattr(table, face), atol=1e-5)
    reflected = mirrored(sequences).features(uses_neutral=uses_neutral, uses_furrows=True)
    # The mean face, which stands in for a neutral one, is symmetric to 0.0001 IOD.
    np.testing.assert_allclose(features[60:80], getattr(reflected, face), atol=5e-4)
    assert len(samples) == 120
    assert samples.is_judged.sum() == 20


@pytest.mark.parametrize("uses_neutral", [True, False])
def test_faces_that_are_not_kept_give_the_same_features(make_labelled, uses_neutral, monkeypatch):
    data, recipe = TrainingData(make_labelled(n_subjects=4)), TrainingRecipe()
    kept = Samples(data, recipe).features(None, uses_neutral=uses_neutral)
    monkeypatch.setattr(module, "MOST_KEPT", 19)
    made_anew = Samples(data, recipe).features(None, uses_neutral=uses_neutral)
    np.testing.assert_allclose(made_anew, kept, atol=1e-6)


def test_faces_at_rest_show_nothing(make_labelled):
    sequences = make_labelled(n_subjects=4)
    samples = Samples(TrainingData(sequences), TrainingRecipe())
    labels = samples.labels((1, 12, 25))
    assert not labels[40:60].any()
    np.testing.assert_array_equal(labels[:20], sequences.labels((1, 12, 25)))
    landmarks = samples.features("lower", uses_neutral=True)[:, columns_of("lower").of("geometry")]
    assert np.abs(landmarks[40:60]).mean() < np.abs(landmarks[:20]).mean()


def test_the_whole_face_has_every_column_once():
    whole = columns_of(None)
    assert len(set(whole.names)) == len(whole.names)
    assert set(whole.names) == set(columns_of("upper").names) | set(columns_of("lower").names)
    assert not [n for n in whole.names[whole.of("geometry")] if n.endswith("_edges")]


def test_extra_rows_train_and_are_not_judged(make_labelled):
    own, extra = make_labelled(n_subjects=4), make_labelled(n_subjects=3, seed=1)
    bare = replace(make_labelled(n_subjects=2), furrows=None, neutral_furrows=None)
    data = TrainingData(own, (extra, bare))
    samples = Samples(data, TrainingRecipe())
    assert len(samples) == 6 * 20 + 6 * 15 + 10  # landmarks alone are not augmented
    assert not samples.is_judged[120:].any()
    assert not samples.belongs_to(np.ones(20, dtype=bool))[120:].any()
    np.testing.assert_array_equal(samples.has_furrows, np.arange(220) < 210)
    furrows = samples.features("upper", uses_neutral=True)[:, columns_of("upper").of("furrows")]
    np.testing.assert_array_equal(np.isfinite(furrows).all(axis=1), samples.has_furrows)
    assert len(Samples(data, TrainingRecipe(uses_extra=False))) == 120


def test_faces_without_a_neutral_serve_alone(make_labelled):
    sequences = make_labelled(n_subjects=4)
    lacking = np.arange(20) < 5
    points = np.where(lacking[:, None, None], np.nan, sequences.neutral_points)
    partly = replace(sequences, neutral_points=points.astype(np.float32))
    samples = Samples(TrainingData(partly), TrainingRecipe(augment=False))
    np.testing.assert_array_equal(samples.has_neutral, ~lacking)
    assert samples.is_possible.all()
    assert np.isfinite(samples.features("upper", uses_neutral=False)).all()
    with_neutral = samples.features("upper", uses_neutral=True)
    np.testing.assert_array_equal(np.isfinite(with_neutral).all(axis=1), ~lacking)


def test_augmentation_stops_at_the_greatest_number_of_rows(make_labelled, monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 50)
    samples = Samples(TrainingData(make_labelled(n_subjects=4)), TrainingRecipe())
    assert len(samples) == 50
    assert samples.is_judged.sum() == 20


def test_stronger_displays_may_count_more(make_labelled):
    sequences = make_labelled(n_subjects=2)
    intensity = np.zeros((10, 3), np.float32)
    intensity[0], intensity[1, 0] = [3, 0, 0], 5
    strong = replace(sequences, intensity=intensity, attributes={"weight": np.full(10, 0.5)})
    plain, weighted = (
        Samples(TrainingData(strong), TrainingRecipe(intensity_weights=by, augment=False)).weight
        for by in (False, True)
    )
    np.testing.assert_allclose(plain, 0.5)
    np.testing.assert_allclose(weighted[:3], [0.5, 0.5 * 5 / 3, 0.5])


def test_weights_that_make_no_sense_are_refused(make_labelled):
    wrong = make_labelled(n_subjects=2, attributes={"weight": np.full(10, -1.0)})
    with pytest.raises(InputError, match="weight must be finite and at least 0"):
        Samples(TrainingData(wrong), TrainingRecipe())
