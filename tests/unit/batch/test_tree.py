"""Trees with folders that cannot be searched; root may do that, so another user looks."""

import os
import tempfile
from pathlib import Path

import pytest

from au_detect.batch.inputs import find_inputs

NOBODY = 65534


def names_for_a_user(folder):
    """Return the names of the inputs that somebody without special rights finds."""
    if os.geteuid() != 0:
        return [item.name for item in find_inputs(folder)]
    answer, question = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setuid(NOBODY)
            text = "\n".join(item.name for item in find_inputs(folder))
        except BaseException as error:
            text = repr(error)
        os.write(question, text.encode())
        os._exit(0)
    os.close(question)
    with open(answer) as file:
        text = file.read()
    os.waitpid(child, 0)
    return text.split("\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
@pytest.mark.parametrize("mode", [0o444, 0o000])
def test_a_folder_that_cannot_be_searched_is_one_input(mode):
    with tempfile.TemporaryDirectory() as place:
        tree = Path(place, "tree")
        for name in ("a", "closed/deeper/deepest", "z"):
            (tree / name).mkdir(parents=True)
            (tree / name / "clip.mp4").write_bytes(b"x")
        (tree / "closed/one.mp4").write_bytes(b"x")
        Path(place).chmod(0o755)
        (tree / "closed").chmod(mode)
        try:
            assert names_for_a_user(str(tree)) == ["a/clip.mp4", "z/clip.mp4", "closed"]
        finally:
            (tree / "closed").chmod(0o755)


def test_a_folder_that_does_not_answer_is_one_input(tmp_path, monkeypatch):
    for name in ("a", "gone"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "clip.mp4").write_bytes(b"x")
    stat = os.stat

    def stale(path, *arguments, **options):
        if os.fspath(path) == str(tmp_path / "gone"):
            raise OSError(116, "Stale file handle")
        return stat(path, *arguments, **options)

    monkeypatch.setattr(os, "stat", stale)
    assert [item.name for item in find_inputs(tmp_path)] == ["a/clip.mp4", "gone"]
