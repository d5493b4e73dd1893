"""Intensities are the expected number of levels reached, and never contradict probabilities."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.classifiers.calibration import fit_intensity_scale
from au_detect.classifiers.intensity import LEVELS, intensity_of, log_odds
from au_detect.errors import InputError


def scale_of(steps):
    return np.array([steps], dtype=float)


def test_intensity_is_the_sum_of_products_of_steps():
    scale = scale_of([(1, 0), (1, -1), (0, 0), (2, 0), (0, -500)])
    p = 0.8  # log-odds log 4
    steps = [0.8, 4 / (4 + np.e), 0.5, 16 / 17]
    expected = np.cumprod(steps).sum()
    np.testing.assert_allclose(intensity_of([[p]], scale), [[expected]], rtol=1e-6)


def test_it_rises_with_the_probability_between_0_and_5():
    scale = scale_of([(0.9, 1), (0.5, 0), (1.2, -1), (0.0, 0.3), (2.0, -4)])
    found = intensity_of(np.linspace(0, 1, 200)[:, None], scale)[:, 0]
    assert (np.diff(found) >= 0).all()
    assert 0 <= found[0] < 0.01
    assert 4 < found[-1] <= 5


def test_what_is_not_known_stays_unknown():
    scale = scale_of([(1, 0)] * 5)
    assert np.isnan(intensity_of([[np.nan]], scale)).all()
    with pytest.raises(InputError, match=r"scale must have shape \(1, 5, 2\), got \(1, 4, 2\)"):
        intensity_of([[0.5]], scale[:, :4])


def made_faces(n=20_000, seed=0):
    """Strengths from 0 to 5, and scores that follow them with noise."""
    rng = np.random.default_rng(seed)
    strength = np.where(rng.random((n, 2)) < 0.5, 0, rng.uniform(0, 5, (n, 2)))
    score = 2 * strength - 4 + rng.logistic(size=(n, 2))
    return strength, 1 / (1 + np.exp(-score))


def test_fitted_intensities_have_no_bias_on_other_faces():
    scale = fit_intensity_scale(*made_faces())
    strength, p = made_faces(seed=1)
    found, levels = intensity_of(p, scale), (strength[:, :, None] >= LEVELS).sum(axis=2)
    for low, high in ((0, 0.5), (0.5, 2), (2, 4), (4, 5.1)):
        part = (found >= low) & (found < high)
        assert found[part].mean() == pytest.approx(levels[part].mean(), abs=0.12)
    assert np.corrcoef(found.ravel(), strength.ravel())[0, 1] > 0.9


def test_a_rare_level_has_the_step_of_all_action_units():
    strength, p = made_faces()
    strength[:, 1] = np.where(strength[:, 1] >= 4.5, np.nan, strength[:, 1])
    scale = fit_intensity_scale(strength, p)
    other = fit_intensity_scale(*(x[:, :1] for x in (strength, p)))
    np.testing.assert_allclose(scale[0], other[0])
    assert scale[1, 4, 0] > 0


def test_without_graded_faces_there_is_no_scale():
    strength, p = made_faces(200)
    weak = np.where(strength > 2, np.nan, strength)  # nobody reaches C
    assert intensity_of([[0.999, 0.999]], fit_intensity_scale(weak, p)).max() < 2.1
    assert fit_intensity_scale(np.where(strength > 0, np.nan, 0), p) is None


def test_log_odds_are_finite_at_the_ends():
    found = log_odds([0.0, 0.5, 1.0])
    assert np.isfinite(found).all()
    assert found[1] == 0
