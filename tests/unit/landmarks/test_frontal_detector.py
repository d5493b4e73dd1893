"""dlib's detector from the cache: the same answers, whatever lies there."""

from pathlib import Path

import dlib
import numpy as np
import pytest

from au_detect.landmarks.frontal_detector import frontal_detector


def found(detector, picture):
    boxes, scores, _ = detector.run(picture, 0, -2.0)
    return [(box.left(), box.top(), box.right(), box.bottom()) for box in boxes], list(scores)


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(0).integers(0, 256, (300, 300), dtype=np.uint8)


@pytest.fixture(scope="module")
def expected(picture):
    boxes, scores = found(dlib.get_frontal_face_detector(), picture)
    assert boxes  # what scores above -2 is no face, and must be the same all the same
    return boxes, scores


@pytest.fixture(scope="module")
def cache(tmp_path_factory, picture, expected):
    """Return a folder that keeps the detector, which was unpacked to be kept there."""
    folder = tmp_path_factory.mktemp("cache") / "new"
    assert found(frontal_detector(folder), picture) == expected
    return folder


def test_the_kept_detector_finds_the_same_and_is_not_unpacked(
    cache, picture, expected, monkeypatch
):
    (kept,) = cache.iterdir()
    assert dlib.__version__ in kept.name
    monkeypatch.setattr(dlib, "get_frontal_face_detector", None)
    assert found(frontal_detector(cache), picture) == expected


@pytest.mark.parametrize("n_bytes", [0, 100, 100_000])
def test_a_damaged_file_is_replaced(cache, picture, expected, n_bytes):
    (kept,) = cache.iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(whole[:n_bytes])
    assert found(frontal_detector(cache), picture) == expected
    assert kept.read_bytes() == whole


def test_a_folder_that_cannot_be_written_costs_only_time(tmp_path, picture, expected):
    file = tmp_path / "file"
    file.touch()
    assert found(frontal_detector(file), picture) == expected
    assert list(tmp_path.iterdir()) == [Path(file)]
