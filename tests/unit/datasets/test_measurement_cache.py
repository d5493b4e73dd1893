from pathlib import Path

import numpy as np
import pytest

from au_detect.datasets import measurement_cache
from au_detect.datasets.frame_files import FrameFile
from au_detect.datasets.frame_measurement import MeasuredFace
from au_detect.datasets.measurement_cache import (
    MeasurementCache,
    content_of,
    default_cache_folder,
    measuring_code_sha256,
)
from au_detect.features.furrows import N_FURROWS


def face(value):
    return MeasuredFace(np.full((68, 2), value, np.float32), np.full(N_FURROWS, value, np.float32))


@pytest.fixture
def file(tmp_path):
    (tmp_path / "a.png").write_bytes(b"a picture")
    return FrameFile(tmp_path / "a.png")


@pytest.fixture
def cache(tmp_path, file):
    """Return a cache that knows one frame."""
    cache = MeasurementCache(tmp_path / "cache", "model")
    cache.write("anchor", {content_of([file])[file]: face(1.0)})
    return cache


def test_what_was_written_is_found_again(cache, file):
    found = cache.read("anchor", content_of([file]))
    np.testing.assert_array_equal(found[file].points, face(1.0).points)
    np.testing.assert_array_equal(found[file].furrows, face(1.0).furrows)
    assert found[file].points.dtype == found[file].furrows.dtype == np.float32


def test_names_and_dates_play_no_part(cache, file, tmp_path):
    moved = FrameFile(file.path.rename(tmp_path / "b.png"))
    assert cache.read("anchor", content_of([moved])).keys() == {moved}


def test_one_other_byte_is_another_frame(cache, file):
    file.path.write_bytes(b"b picture")
    assert cache.read("anchor", content_of([file])) == {}


def test_frames_of_a_video_and_other_landmarks_are_other_frames(cache, file, tmp_path):
    (tmp_path / "x.txt").write_text("1 2")
    others = [FrameFile(file.path, 0), FrameFile(file.path, 1)]
    others.append(FrameFile(file.path, landmarks=tmp_path / "x.txt"))
    content = content_of([file, *others])
    assert len(set(content.values())) == 4
    assert cache.read("anchor", content).keys() == {file}


def test_another_landmark_model_finds_nothing(cache, file):
    other = MeasurementCache(cache.folder, "another model")
    assert other.read("anchor", content_of([file])) == {}


def test_another_version_of_the_code_finds_nothing(cache, file, monkeypatch):
    monkeypatch.setattr(measurement_cache, "measuring_code_sha256", lambda: "another")
    assert cache.read("anchor", content_of([file])) == {}


@pytest.mark.parametrize("changed", ["MEASURING_MODULES", "MEASURING_LIBRARIES"])
def test_every_module_and_library_counts(changed, monkeypatch):
    before = measuring_code_sha256()
    for left_out in getattr(measurement_cache, changed):
        kept = [name for name in getattr(measurement_cache, changed) if name != left_out]
        with monkeypatch.context() as patch:
            patch.setattr(measurement_cache, changed, kept)
            measuring_code_sha256.cache_clear()
            assert measuring_code_sha256() != before
    measuring_code_sha256.cache_clear()
    assert measuring_code_sha256() == before


def test_more_frames_are_added_to_those_that_are_known(cache, file, tmp_path):
    (tmp_path / "b.png").write_bytes(b"another picture")
    other = FrameFile(tmp_path / "b.png")
    cache.write("anchor", {content_of([other])[other]: face(2.0)})
    found = cache.read("anchor", content_of([file, other]))
    assert found[file].points[0, 0] == 1
    assert found[other].points[0, 0] == 2


def test_a_frame_without_a_face_is_known_too(cache, file):
    cache.write("nobody", {content_of([file])[file]: face(np.nan)})
    assert not cache.read("nobody", content_of([file]))[file].found


def test_frames_that_cannot_be_read_have_no_content(tmp_path, file):
    missing = FrameFile(tmp_path / "none.png")
    no_points = FrameFile(file.path, landmarks=tmp_path / "none.txt")
    assert content_of([missing, no_points, file]).keys() == {file}


def test_a_damaged_file_never_gives_other_numbers(cache, file):
    (path,) = cache.folder.rglob("*.npz")
    whole, content = path.read_bytes(), content_of([file])
    n_lost = 0
    for position in [*range(0, len(whole), 37), *range(len(whole) - 300, len(whole))]:
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        found = cache.read("anchor", content)
        n_lost += not found
        if found:
            np.testing.assert_array_equal(found[file].points, face(1.0).points)
            np.testing.assert_array_equal(found[file].furrows, face(1.0).furrows)
    assert n_lost > 20
    for length in (0, 10, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert cache.read("anchor", content) == {}


def test_the_length_of_a_video_is_kept(cache):
    assert cache.read_length("video") is None
    cache.write_length("video", 17)
    assert cache.read_length("video") == 17
    for path in cache.folder.rglob("*.npz"):
        path.write_bytes(path.read_bytes()[:50])
    assert cache.read_length("video") is None


def test_an_interrupted_writer_leaves_the_old_file_and_no_other(cache, file, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(measurement_cache.np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cache.write("anchor", {"more": face(2.0)})
    assert len([path for path in cache.folder.rglob("*") if path.is_file()]) == 1
    assert cache.read("anchor", content_of([file])).keys() == {file}


def test_the_default_folder_is_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *a, **k: tmp_path / a[0])
    assert default_cache_folder() == Path(tmp_path / "au_detect" / "measurements")
