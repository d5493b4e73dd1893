"""How right the detector is about the rendered people that come with the package.

Their pictures, labels and true landmarks are there for everybody who has the tests.
"""

import numpy as np
import pytest

from au_detect import AUDetector
from au_detect.errors import InputError
from au_detect.landmarks.models import find_landmark_model
from au_detect.landmarks.points import interocular_distance_px
from au_detect.paths import packaged_folder
from au_detect.samples import read_samples


@pytest.fixture(scope="module", params=["ibug300w", "open"])
def detector(request):
    try:
        find_landmark_model(request.param)
    except InputError as error:
        pytest.skip(str(error))
    return AUDetector(landmark_model=request.param)


@pytest.fixture(scope="module")
def results(detector):
    return [(sample, detector.run(sample.folder, neutral="first")) for sample in read_samples()]


def true_points(sample):
    """Return the landmarks that were rendered, (n, 68, 2) px."""
    images = packaged_folder("data") / "cohn-kanade-images"
    folder = packaged_folder("data") / "Landmarks" / sample.folder.relative_to(images)
    return np.stack([np.loadtxt(path) for path in sorted(folder.glob("*.txt"))])


def test_aus_of_the_apex(results):
    hits = misses = false_alarms = rejections = 0
    for sample, result in results:
        shown = {au for au, intensity in sample.aus.items() if intensity != 0} & set(result.aus)
        found = {au for au, on in zip(result.aus, result.active[-1], strict=True) if on}
        hits += len(found & shown)
        misses += len(shown - found)
        false_alarms += len(found - shown)
        rejections += len(set(result.aus) - found - shown)
    assert hits / (hits + misses) >= 0.8
    assert false_alarms / (false_alarms + rejections) <= 0.06


def test_nothing_is_on_at_rest(results):
    assert sum(result.active[1].sum() for _, result in results) <= 1


def test_landmarks(results):
    errors = []
    for sample, result in results:
        truth = true_points(sample)
        distance = np.linalg.norm(result.points - truth, axis=-1)
        errors.append((distance / interocular_distance_px(truth)[:, None])[:, 17:].mean())
    assert max(errors) < 0.045
    assert np.mean(errors) < 0.03
