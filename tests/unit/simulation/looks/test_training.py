from importlib.util import find_spec

import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")
if not find_spec("tensorflow"):
    pytest.skip("training needs TensorFlow (extra: train)", allow_module_level=True)

from au_detect.errors import InputError
from au_detect.features.looks import LooksNetwork
from au_detect.landmarks.points import POINTS
from au_detect.simulation.landmarks.examples import EXAMPLE_CROP, LandmarkExamples
from au_detect.simulation.landmarks.points import N_POINTS
from au_detect.simulation.looks.training import train_gaze_network


def faces_with_spots(n):
    """Return faces that are flat but for dark irises, off the middle of eyes as they look."""
    rng = np.random.default_rng(0)
    side = EXAMPLE_CROP.side_px
    y, x = np.mgrid[:side, :side]
    crops = np.full((n, side, side), 190, np.uint8)
    points = np.zeros((n, N_POINTS, 2), np.float32)
    looks = rng.uniform(-0.7, 0.7, (n, 2)).astype(np.float32)
    for row, look in enumerate(looks):
        for name, middle in (("right", (75, 105)), ("left", (149, 105))):
            points[row, POINTS[f"{name}_eye_outer"]] = (middle[0] - 10, middle[1])
            points[row, POINTS[f"{name}_eye_inner"]] = (middle[0] + 10, middle[1])
            for end, off in (("outer", -3), ("inner", 3)):
                points[row, POINTS[f"{name}_upper_lid_{end}"]] = (middle[0] + off, middle[1] - 6)
                points[row, POINTS[f"{name}_lower_lid_{end}"]] = (middle[0] + off, middle[1] + 6)
            near = np.hypot(x - middle[0], (y - middle[1]) * 1.6) < 14
            iris = np.hypot(x - middle[0] - 8 * look[0], y - middle[1] - 8 * look[1]) < 5
            crops[row][near] = 240
            crops[row][iris] = 30
    return LandmarkExamples(crops, points, np.arange(n) // 2, looks)


@pytest.mark.slow
def test_a_network_learns_where_irises_are(tmp_path):
    examples = faces_with_spots(160)
    error_rad = train_gaze_network(examples, tmp_path / "g.tflite", epochs=24, random_state=1)
    spread = np.median(np.linalg.norm(examples.looks, axis=1))
    assert error_rad < 0.5 * spread
    assert LooksNetwork((tmp_path / "g.tflite").read_bytes())
    assert len((tmp_path / "g.progress.csv").read_text().splitlines()) == 25


def test_what_cannot_be_trained_on_is_refused(tmp_path):
    examples = faces_with_spots(4)
    with pytest.raises(InputError, match=r"out must be a \.tflite file, got .*gaze\.dat"):
        train_gaze_network(examples, tmp_path / "gaze.dat")
    blind = LandmarkExamples(examples.crops, examples.points, examples.subject)
    with pytest.raises(InputError, match="looks of two people at least, got 0"):
        train_gaze_network(blind, tmp_path / "gaze.tflite")
