from pathlib import Path

import numpy as np
import pytest

from au_detect.classifiers.runtime import LiteRTNetwork
from au_detect.errors import InputError, ModelFileError
from au_detect.networks import litert
from au_detect.networks.numpy_network import NumpyInterpreter

NETWORK = Path(__file__).parents[2] / "fixtures" / "two_aus.tflite"


@pytest.fixture(params=[litert.Interpreter, NumpyInterpreter], autouse=True)
def interpreter(request, monkeypatch):
    """All that follows holds for what is installed, and for NumPy."""
    monkeypatch.setattr(litert, "Interpreter", request.param)


@pytest.fixture
def network(interpreter):
    return LiteRTNetwork(NETWORK.read_bytes())


def test_gives_the_network_s_function(network):
    X = np.random.default_rng(0).normal(size=(50, 3))
    logits = np.stack([X[:, 0] - X[:, 1], 2 * X[:, 2]], axis=1)
    assert (network.n_features, network.n_aus) == (3, 2)
    np.testing.assert_allclose(network.predict_proba(X), 1 / (1 + np.exp(-logits)), atol=1e-6)


def test_a_row_does_not_depend_on_its_batch(network):
    X = np.random.default_rng(1).normal(size=(20, 3)).astype(np.float32)
    alone = np.concatenate([network.predict_proba(row[None]) for row in X])
    np.testing.assert_array_equal(network.predict_proba(X), alone)


def test_a_row_with_nan_gives_nan_and_leaves_the_others(network):
    X = np.array([[1, 0, 0], [np.nan, 0, 0], [0, 0, np.inf], [1, 0, 0]])
    probabilities = network.predict_proba(X)
    assert probabilities.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(probabilities).all(axis=1), [False, True, True, False])
    np.testing.assert_array_equal(probabilities[0], probabilities[3])


def test_no_rows(network):
    assert network.predict_proba(np.empty((0, 3))).shape == (0, 2)


def test_says_nothing(capfd):
    LiteRTNetwork(NETWORK.read_bytes()).predict_proba(np.zeros((1, 3)))
    captured = capfd.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_refuses_other_features(network):
    with pytest.raises(InputError, match=r"X must have shape \(n_samples, 3\), got \(5, 2\)"):
        network.predict_proba(np.zeros((5, 2)))


@pytest.mark.parametrize("content", [b"", b"not a network", NETWORK.read_bytes()[:100]])
def test_refuses_what_is_no_network(content):
    with pytest.raises(ModelFileError, match="content must be a LiteRT network"):
        LiteRTNetwork(content)
