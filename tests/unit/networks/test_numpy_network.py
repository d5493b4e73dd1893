"""Networks run by NumPy answer as those run by LiteRT."""

import struct
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest

from au_detect import AUDetector, sample_sequences
from au_detect.errors import ModelFileError
from au_detect.networks import litert
from au_detect.networks.litert import open_network
from au_detect.networks.network_file import read_network_file
from au_detect.networks.numpy_network import NumpyInterpreter
from au_detect.paths import packaged_folder

FIXTURES = Path(__file__).parents[2] / "fixtures"
TWO_AUS = FIXTURES / "two_aus.tflite"
SHIPPED = sorted(packaged_folder("models").rglob("*.tflite"))
needs_litert = pytest.mark.skipif(
    find_spec("ai_edge_litert") is None, reason="LiteRT has no wheel here"
)


def answers(content, rows):
    """Return what a network gives for rows."""
    interpreter, (taken,), (given,) = open_network(content, len(rows))
    interpreter.set_tensor(taken["index"], rows)
    interpreter.invoke()
    return interpreter.get_tensor(given["index"])


def likely_input(content):
    """Return rows as a network is used to: features in their spread, or a smooth picture."""
    network, rng = read_network_file(content), np.random.default_rng(0)
    (n_rows, *shape) = network.shapes[network.inputs[0]]
    x = rng.normal(size=(16 if len(shape) == 1 else n_rows, *shape)).astype(np.float32)
    if len(shape) == 3:
        x[0, ..., 0] = 8 * cv2.GaussianBlur(x[0, ..., 0], (0, 0), 3)
    elif network.steps[0].name == "SUB":
        mean, scale = (network.constants[step.inputs[1]] for step in network.steps[:2])
        x = mean + x / scale
    return x


@needs_litert
@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_network_gives_the_same(path, monkeypatch):
    content = path.read_bytes()
    x = likely_input(content)
    expected = answers(content, x)
    monkeypatch.setattr(litert, "Interpreter", NumpyInterpreter)
    found = answers(content, x)
    assert found.dtype == np.float32
    atol = 1e-6 if x.ndim == 2 else 2e-5  # log-odds and pixels of pictures: long sums of floats
    np.testing.assert_allclose(found, expected, atol=atol, rtol=2e-5)


@needs_litert
def test_a_landmark_network_gives_the_same(monkeypatch):
    content = (FIXTURES / "small_landmarks.tflite").read_bytes()
    x = likely_input(content)
    expected = answers(content, x)
    assert np.ptp(expected[0, :, :2], axis=0).min() > 5  # px: the points differ
    monkeypatch.setattr(litert, "Interpreter", NumpyInterpreter)
    np.testing.assert_allclose(answers(content, x), expected, atol=1e-4, rtol=1e-5)


@needs_litert
def test_detection_gives_the_same(monkeypatch):
    folder = sample_sequences()["surprise"]
    expected = AUDetector().run(folder)
    monkeypatch.setattr(litert, "Interpreter", NumpyInterpreter)
    found = AUDetector().run(folder)
    # Landmarks come from a deep network, whose last digits every later network sees.
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
    np.testing.assert_array_equal(found.active, expected.active)


@pytest.mark.slow
def test_numpy_answers_where_litert_is_missing():
    code = (
        "import sys; sys.modules['ai_edge_litert'] = None\n"
        "from au_detect import detect_aus, sample_sequences\n"
        "from au_detect.networks.litert import Interpreter\n"
        "result = detect_aus(sample_sequences()['happiness'])\n"
        "print(Interpreter.__name__, result.active[-1, result.aus.index(12)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["NumpyInterpreter", "True"]


def test_steps_and_weights_are_read():
    network = read_network_file(TWO_AUS.read_bytes())
    assert [step.name for step in network.steps] == ["FULLY_CONNECTED", "LOGISTIC"]
    dense = network.steps[0]
    assert [network.shapes[i] for i in network.inputs + network.outputs] == [(1, 3), (1, 2)]
    kernel = network.constants[dense.inputs[1]]
    np.testing.assert_allclose(kernel, [[1, -1, 0], [0, 0, 2]])
    assert dense.options["activation"] == 0


@pytest.mark.parametrize("n_bytes", [0, 4, 8, 40, 200, 600])
def test_what_is_cut_short_is_refused(n_bytes):
    with pytest.raises(ModelFileError, match="content must be a LiteRT network"):
        NumpyInterpreter(TWO_AUS.read_bytes()[:n_bytes])


def test_steps_that_our_networks_do_not_have_are_refused():
    content = bytearray(TWO_AUS.read_bytes())
    dense = struct.pack("<bxxx", 9)
    assert content.count(dense) >= 1
    for place in range(len(content) - 4):
        if content[place : place + 4] == dense:
            content[place] = 105  # REDUCE_ANY has no place in a network of ours
    with pytest.raises(ModelFileError, match="must be a network of ours"):
        NumpyInterpreter(bytes(content))
