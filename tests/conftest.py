"""Fixtures that several tests use: the mean face, a face in a picture, and real faces."""

import os
from pathlib import Path

import numpy as np
import pytest

from au_detect.pose import read_mean_face

IOD_PX = 100.0
CENTER_PX = (200.0, 190.0)


@pytest.fixture(scope="session")
def evaluation_data() -> Path:
    """Return the folder with real_faces/ and face_model/; skip the test where there is none."""
    folder = os.environ.get("AU_DETECT_EVALUATION_DATA")
    if not folder:
        pytest.skip("AU_DETECT_EVALUATION_DATA is not set")
    return Path(folder)


@pytest.fixture(scope="session")
def mean_face() -> np.ndarray:
    """Return the mean face (68, 3) in IOD: x right, y down, z away from the camera."""
    return read_mean_face()


@pytest.fixture
def face_px(mean_face) -> np.ndarray:
    """Return a frontal, symmetric face (68, 2) of 100 px IOD about (200, 190) px."""
    return mean_face[:, :2] * IOD_PX + CENTER_PX
