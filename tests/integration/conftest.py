"""Fixtures of the tests that go the whole way: a detector and the sample sequence of a smile."""

import pytest

from au_detect import AUDetector, sample_sequences
from au_detect.frames.pictures import read_picture, select_pictures


@pytest.fixture(scope="module")
def own_landmarks():
    """Find landmarks with our own model, in every process: the other takes a second to be loaded.

    For tests of what goes on around landmarks.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AU_DETECT_LANDMARKS", "open")
        yield


@pytest.fixture(scope="module")
def detector():
    return AUDetector(experimental=True)


@pytest.fixture(scope="module")
def folder():
    return sample_sequences()["happiness"]


@pytest.fixture(scope="module")
def pictures(folder):
    return [read_picture(path) for path in select_pictures(folder.iterdir())]
