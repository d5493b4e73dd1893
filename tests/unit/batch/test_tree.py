"""Trees with folders that cannot be searched; root may do that, so another user looks."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import au_detect
from au_detect.batch.inputs import find_inputs

NOBODY = 65534
LISTING = (
    "import sys; from au_detect.batch.inputs import find_inputs\n"
    "print(*(item.name for item in find_inputs(sys.argv[1])), sep='\\n')"
)


def names_for_a_user(folder):
    """Return the names of the inputs that somebody without special rights finds."""
    if os.geteuid() != 0:
        return [item.name for item in find_inputs(folder)]
    done = subprocess.run(
        [sys.executable, "-c", LISTING, str(folder)], user=NOBODY, cwd="/", text=True,
        env=os.environ | {"PYTHONPATH": str(Path(au_detect.__file__).parents[1])},
        capture_output=True, check=False,
    )  # fmt: skip
    if "No module named" in done.stderr or "Permission denied: '/root" in done.stderr:
        pytest.skip("the package cannot be read by others")
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
@pytest.mark.parametrize("mode", [0o444, 0o000])
def test_a_folder_that_cannot_be_searched_is_one_input(tmp_path, mode):
    for place in (tmp_path, *tmp_path.parents[:-1]):
        if place.stat().st_uid == os.geteuid():
            place.chmod(place.stat().st_mode | 0o055)
    for name in ("a", "closed/deeper/deepest", "z"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        (tmp_path / "tree" / name / "clip.mp4").write_bytes(b"x")
    (tmp_path / "tree/closed/one.mp4").write_bytes(b"x")
    (tmp_path / "tree/closed").chmod(mode)
    try:
        assert names_for_a_user(tmp_path / "tree") == ["a/clip.mp4", "z/clip.mp4", "closed"]
    finally:
        (tmp_path / "tree/closed").chmod(0o755)


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
