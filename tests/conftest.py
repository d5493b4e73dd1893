"""Fixtures that several tests use: the mean face, a face in a picture, and real faces."""

import os
from collections import Counter
from pathlib import Path

# As many processes as cores run tests: threads of each would only wait for one another. Said
# before numpy is loaded, and taken over by every process that a test starts.
for library in ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
    os.environ.setdefault(library, "1")

import numpy as np  # noqa: E402
import pytest  # noqa: E402

from au_detect.landmarks.pose import read_mean_face  # noqa: E402

IOD_PX = 100.0
CENTER_PX = (200.0, 190.0)
MOST_WORKERS = 4  # each may load TensorFlow, which takes about 1 GB


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return a worker for each core that is ours; none, for the process itself, if it is one."""
    ours = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    return min(len(ours), MOST_WORKERS) if len(ours) > 1 else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that have most slow tests: begun last, one would keep all waiting."""
    n_slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -n_slow[item.path])


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


@pytest.fixture(scope="module")
def small_pixel_networks():
    """Let networks of pixels have few weights: how they are trained is what is tested."""
    from au_detect.appearance.networks import NETWORKS, Layers

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(NETWORKS, "mini9", Layers(((8,), (10, 10), (12,)), ()))
        patch.setitem(NETWORKS, "shallow", Layers(((6,), (12,)), (32,)))
        yield


@pytest.fixture(scope="session")
def make_labelled():
    """Return a function that makes labelled sequences of people who move three AUs."""
    from au_detect.datasets.sequences import LabelledSequences
    from au_detect.features.furrows import N_FURROWS
    from au_detect.landmarks import POINTS, REGIONS

    face = read_mean_face()[:, :2] * IOD_PX + CENTER_PX

    def make_sequences(n_subjects=40, per_person=5, seed=0, **changes):
        """Raise brows (AU1), pull lip corners (AU12) or lower the lip (AU25), on other faces."""
        rng = np.random.default_rng(seed)
        n = n_subjects * per_person
        subject = np.repeat(np.arange(n_subjects), per_person)
        own = rng.normal(0, 2.0, (n_subjects, 68, 2))[subject]
        present = rng.random((n, 3)) < [0.4, 0.3, 0.5]
        neutral = face + own + rng.normal(0, 0.6, (n, 68, 2))
        points = face + own + rng.normal(0, 0.6, (n, 68, 2))
        strength = rng.uniform(0.6, 1.4, (n, 3)) * present
        brows = [*range(68)[REGIONS["right_brow"]], *range(68)[REGIONS["left_brow"]]]
        points[:, brows, 1] -= 9 * strength[:, :1]
        corners = [POINTS["right_lip_corner"], POINTS["left_lip_corner"]]
        points[:, corners, 0] += strength[:, 1:2] * np.array([-9, 9])
        points[:, POINTS["lower_lip_top"], 1] += 12 * strength[:, 2]
        values = {
            "neutral_points": neutral.astype(np.float32),
            "points": points.astype(np.float32),
            "neutral_furrows": rng.random((n, N_FURROWS)).astype(np.float32),
            "furrows": rng.random((n, N_FURROWS)).astype(np.float32),
            "aus": (1, 12, 25),
            "intensity": (3 * strength).astype(np.float32),
            "subject": subject,
            "landmark_model": "made-up",
        }
        return LabelledSequences(**values | changes)

    return make_sequences
