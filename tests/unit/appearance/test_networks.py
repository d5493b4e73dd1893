from importlib.util import find_spec

import numpy as np
import pytest

if not find_spec("tensorflow"):
    pytest.skip("training needs tensorflow", allow_module_level=True)

from au_detect.appearance.keras_session import load_keras
from au_detect.appearance.networks import NETWORKS, Restraint, build_emotion_network

pytestmark = pytest.mark.slow

STATISTICS = (np.full((48, 48, 1), 100.0, np.float32), np.full((48, 48, 1), 90.0, np.float32))


@pytest.mark.parametrize(
    ("name", "n_convolutions", "millions"),
    [("shallow", 2, 4.7), ("medium", 4, 2.4), ("deep", 8, 9.4), ("mini9", 9, 0.125)],
)
def test_networks_have_the_numbers_of_weights_that_were_published(name, n_convolutions, millions):
    keras = load_keras()
    network = build_emotion_network(keras, name, 7, STATISTICS, Restraint())
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds.count("Conv2D") == n_convolutions
    assert kinds.count("MaxPooling2D") == len(NETWORKS[name].blocks)
    assert network.count_params() == pytest.approx(1e6 * millions, rel=0.05)
    assert network.output_shape == (None, 7)
