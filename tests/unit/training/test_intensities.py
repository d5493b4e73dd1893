"""What is trained says how strong action units are, where strengths were coded."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.datasets.labelled_features import PRESENT, graded
from au_detect.evaluation.intensity import evaluate_intensity
from au_detect.training.data import TrainingData
from au_detect.training.engine import fit
from au_detect.training.recipe import TrainingRecipe

QUICK = TrainingRecipe(model="logistic", test_fraction=0)


def test_strong_actions_of_new_people_are_said_to_be_stronger(make_labelled):
    fitted = fit(TrainingData(make_labelled(n_subjects=80)), QUICK)
    new = make_labelled(n_subjects=60, seed=5)
    found = fitted.intensities(new, fitted.predict_proba(new))
    evaluation = evaluate_intensity(new.intensity, found)
    assert (evaluation.icc > 0.9).all()
    assert (evaluation.mae < 0.4).all()


def test_folds_say_intensities_of_people_that_they_did_not_learn_from(make_labelled):
    own = make_labelled(n_subjects=40)
    fitted = fit(TrainingData(own), QUICK)
    unseen = fitted.unseen_predictions()
    coded = fitted.data.own.intensity[unseen.rows]
    assert (evaluate_intensity(coded, unseen.intensity).icc > 0.85).all()


def test_without_coded_strengths_none_are_said(make_labelled):
    own = make_labelled(n_subjects=40)
    own = replace(own, intensity=np.where(own.intensity > 0, PRESENT, 0).astype(np.float32))
    assert np.isnan(graded(own.intensity)).sum() == (own.intensity > 0).sum()
    fitted = fit(TrainingData(own), QUICK)
    assert fitted.intensities(own, fitted.predict_proba(own)) is None
    assert fitted.unseen_predictions().intensity is None
    assert (own.labels((12,), 1.0) == 1).any()


def test_the_scale_is_fitted_once(make_labelled, monkeypatch):
    fitted = fit(TrainingData(make_labelled(n_subjects=20)), QUICK)
    new = make_labelled(n_subjects=5, seed=5)
    first = fitted.intensities(new, fitted.predict_proba(new))
    monkeypatch.setattr("au_detect.training.fitted.fit_intensity_scale", None)
    np.testing.assert_array_equal(fitted.intensities(new, fitted.predict_proba(new)), first)
