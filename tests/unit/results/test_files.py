import errno
import os

import pytest

from au_detect.errors import InputError
from au_detect.results.files import check_is_no_input, part_file, write_atomically


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    file = tmp_path / "a.csv"
    write_atomically(file, b"old")

    def parts():
        yield b"new"
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space") as caught:
        write_atomically(file, parts())
    assert caught.value.filename == str(file)
    assert file.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a.csv"]


def test_an_error_of_another_file_keeps_its_name(tmp_path):
    with pytest.raises(OSError, match="missing") as caught, part_file(tmp_path / "out"):
        (tmp_path / "missing").read_bytes()
    assert caught.value.filename == str(tmp_path / "missing")


def test_a_name_of_255_bytes_can_be_written(tmp_path):
    write_atomically(tmp_path / ("x" * 255), b"data")
    assert (tmp_path / ("x" * 255)).read_bytes() == b"data"


def test_an_input_is_known_under_another_name(tmp_path, monkeypatch):
    (tmp_path / "keep.mp4").write_bytes(b"video")
    (tmp_path / "link").symlink_to("keep.mp4")
    monkeypatch.chdir(tmp_path)
    for name in ("keep.mp4", "link", tmp_path / "keep.mp4"):
        with pytest.raises(InputError, match="--out must not be an input, got "):
            check_is_no_input(name, ["http://a/b", "keep.mp4"], "--out")
    check_is_no_input("new.mp4", ["keep.mp4", "new.mp4", "\0"], "--out")
