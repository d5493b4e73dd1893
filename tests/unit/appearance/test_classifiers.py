"""Every network of pixels or time under the contract of classifiers, on grids that are drawn."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

if not (find_spec("tensorflow") and find_spec("sklearn")):
    pytest.skip("training needs tensorflow and scikit-learn", allow_module_level=True)

from au_detect.appearance.classifiers import (
    ConvolutionalLSTMClassifier,
    OneVsAllPictureClassifier,
    PictureClassifier,
    PictureSVMClassifier,
    RecurrentClassifier,
    TwoStreamClassifier,
)
from au_detect.appearance.flow import N_CHANNELS
from au_detect.appearance.options import AppearanceOptions
from au_detect.errors import InputError
from au_detect.evaluation import roc_auc

KINDS = [
    (PictureClassifier, (48, 48, 2)),
    (OneVsAllPictureClassifier, (48, 48, 1)),
    (TwoStreamClassifier, (48, 48, 1 + N_CHANNELS)),
    (RecurrentClassifier, (4, 12)),
    (ConvolutionalLSTMClassifier, (3, 48, 48, 1)),
    (PictureSVMClassifier, (48, 48, 2)),
]


@pytest.fixture
def quick():
    return AppearanceOptions("small", epochs=4, batch_size=16, learning_rate=0.005, dropout=0.0)


def drawn_rows(shape, n=100, seed=0):
    """Return rows of two AUs: bars across the top and the bottom, or features that rise.

    Over time bars grow, or shrink, on faces that differ far more. The last frame alone could tell
    which of them at an AUC of .78 at most.
    """
    rng = np.random.default_rng(seed)
    y = (rng.random((n, 2)) < 0.5).astype(np.float32)
    if len(shape) == 4:
        coarse = rng.normal(110, 30, (n, 1, 12, 12, 1))
        X = np.kron(coarse, np.ones((1, 1, 4, 4, 1))) + rng.normal(0, 4, (n, *shape))
        growth_px = 4 * np.where(y, 1, -1)[..., None] * np.linspace(-0.5, 0.5, shape[0])
        half_px = rng.uniform(6, 18, (n, 2, 1)) + growth_px
        inside = np.abs(np.arange(48) - 23.5) < half_px[..., None]
        for au, rows in enumerate((slice(8, 16), slice(32, 40))):
            X[:, :, rows, :, 0] += 50 * inside[:, au, :, None]
    elif len(shape) == 2:
        X = rng.normal(0, 1, (n, *shape))
        X[:, -1, :2] += 4 * y
    else:
        X = rng.normal(100, 10, (n, *shape))
        face = X[..., 0]
        face[:, 8:14, 12:36] += 90 * y[:, :1, None]
        face[:, 34:40, 12:36] += 90 * y[:, 1:, None]
        if shape[-1] > 2:
            X[..., 1:] = rng.normal(0, 0.3, X[..., 1:].shape)
            X[:, 8:14, 12:36, 1:] += 2 * y[:, :1, None, None]
    return X.reshape(n, -1).astype(np.float32), y


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "shape"), KINDS, ids=lambda value: getattr(value, "__name__", ""))
def test_a_network_learns_and_keeps_the_contract(kind, shape, quick):
    X, y = drawn_rows(shape)
    y[::7, 1] = np.nan
    changes = {
        RecurrentClassifier: {"epochs": 10, "learning_rate": 0.02},
        PictureSVMClassifier: {"epochs": 1},  # the machines learn the rest
    }
    options = replace(quick, **changes.get(kind, {}))
    classifier = kind(shape, options, random_state=3).fit(X, y)
    alone = kind is OneVsAllPictureClassifier
    assert {part.columns for part in classifier.parts_} == ({(0,), (1,)} if alone else {(0, 1)})
    others, truth = drawn_rows(shape, n=80, seed=1)
    others[4, 5] = np.nan
    found = classifier.predict_proba(others)
    assert found.shape == (80, 2)
    assert np.isnan(found[4]).all()
    rows = np.delete(np.arange(80), 4)
    assert ((found[rows] >= 0) & (found[rows] <= 1)).all()
    aucs = [roc_auc(truth[rows, au], found[rows, au]) for au in range(2)]
    assert min(aucs) > 0.85, aucs


def test_rows_must_fold(quick):
    X, y = drawn_rows((48, 48, 1), n=10)
    with pytest.raises(InputError, match=r"X must have rows that fold to \(48, 48, 2\)"):
        PictureClassifier((48, 48, 2), quick).fit(X, y)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"network": "huge"}, "network must be one of 'shallow', 'medium'"),
        ({"cell": "rnn"}, "cell must be one of 'lstm', 'gru'"),
        ({"loss": "hinge"}, "loss must be one of"),
        ({"n_steps": 1}, "n_steps must be at least 2, got 1"),
        ({"kept_blocks": -1}, "kept_blocks must be at least 0, got -1"),
        ({"kept_blocks": 1}, "kept_blocks must be 0 without a network to start from, got 1"),
        ({"dropout": -0.1}, r"dropout must be in \[0, 1\), got -0.1"),
    ],
)
def test_bad_options_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        AppearanceOptions(**changes)


@pytest.mark.slow
def test_bp_mll_is_exp_of_the_differences_of_pairs():
    import tensorflow as tf

    from au_detect.appearance.losses import bp_mll_loss

    logits = np.array([[1.0, -0.5, 0.2], [0.3, 0.1, 0.0], [2.0, 1.0, 0.0]], dtype=np.float32)
    y = np.array([[1, 0, 0], [1, 1, 1], [1, np.nan, 0]], dtype=np.float32)
    found = np.asarray(bp_mll_loss(tf)(tf.constant(y), tf.constant(logits)))
    c = np.tanh(logits)
    pairs = [np.exp(c[0, 1] - c[0, 0]), np.exp(c[0, 2] - c[0, 0])]
    np.testing.assert_allclose(found, [np.mean(pairs), 0, np.exp(c[2, 2] - c[2, 0])], rtol=1e-5)
