"""What is written: whole or not at all, never over an input or another's result, no escapes."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import cv2
import pandas as pd
import pytest

import au_detect
from au_detect import sample_sequences
from au_detect.cli.main import main
from au_detect.frames.pictures import select_pictures

pytestmark = pytest.mark.slow

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(au_detect.__file__).parents[1])}
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\nau-detect: all is well"
"""A name that would rename the window, clear it, colour it and add a line."""


@pytest.fixture(scope="module")
def frames():
    return select_pictures(sample_sequences()["happiness"].iterdir())


@pytest.fixture(scope="module")
def video(frames, tmp_path_factory):
    """Return a video of a face."""
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    pictures = [cv2.imread(str(frame)) for frame in (frames[0], frames[4], frames[-1])]
    size = pictures[0].shape[1::-1]
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mp4v"), 30.0, size)
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return an empty folder, and go there."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return main(["run", *map(str, arguments)])


def names(folder):
    return sorted(path.name for path in Path(folder).iterdir())


# Results of others


def test_a_result_of_another_input_is_not_overwritten(place, frames, capsys):
    for folder, frame in (("a", frames[0]), ("b", frames[-1])):
        (place / folder).mkdir()
        shutil.copy(frame, place / folder / "clip.png")
    assert run("a/clip.png", "--out", "out") == 0
    whole = (place / "out/clip.csv").read_bytes()
    for more in ([], ["--format", "json"]):  # its side-car would be overwritten
        assert run("b/clip.png", "--out", "out", *more) == 2
        err = capsys.readouterr().err
        assert "must not be of another input than b/clip.png, got one of a/clip.png" in err
        assert err.count("\n") == 1
    assert (place / "out/clip.csv").read_bytes() == whole
    assert run("a/clip.png", "--out", "out") == 0
    assert run(place / "a/clip.png", "--out", "out") == 0, "the same under another name"
    assert run("b/clip.png", "--out", "out", "--overwrite") == 0
    assert pd.read_csv("out/clip.csv")["input"].tolist() == ["b/clip.png"]


def test_the_same_words_from_another_folder_are_another_input(place, frames, monkeypatch):
    for folder, frame in (("a", frames[0]), ("b", frames[-1])):
        (place / folder).mkdir()
        shutil.copy(frame, place / folder / "clip.png")
    monkeypatch.chdir(place / "a")
    assert run("clip.png", "--out", place / "out") == 0
    monkeypatch.chdir(place / "b")
    assert run("clip.png", "--out", place / "out") == 2


def test_a_file_of_somebody_else_is_not_overwritten(place, frames, capsys):
    shutil.copy(frames[0], "clip.png")
    (place / "clip.csv").write_text("my notes")
    assert run("clip.png", "--out", ".") == 2
    assert "got one of unknown origin" in capsys.readouterr().err
    assert (place / "clip.csv").read_text() == "my notes"


def test_a_refused_input_does_not_stop_the_others(place, frames):
    for name in ("a", "b"):
        shutil.copy(frames[0], f"{name}.png")
    (place / "a.csv").write_text("my notes")
    assert run("a.png", "b.png", "--out", ".") == 2
    assert (place / "b.csv").exists()


def test_a_side_car_does_not_overwrite_a_result(place, frames):
    for name in ("x.settings.png", "x.png"):
        shutil.copy(frames[0], name)
    assert run("x.settings.png", "x.png", "--format", "json", "--out", "out") == 0
    for path in Path("out").glob("*.json"):
        if not path.name.endswith("settings.settings.json"):
            document = json.loads(path.read_text())
            assert ("rows" in document) == (not path.name.endswith("_2.settings.json")), path
    assert names("out") == [
        "x.settings.json", "x.settings.settings.json", "x_2.json", "x_2.settings.json",
    ]  # fmt: skip


def test_names_that_differ_in_case_only_get_files_of_their_own(place, frames):
    for name in ("Clip.png", "clip.png"):
        shutil.copy(frames[0], name)
    assert run("Clip.png", "clip.png", "--out", "out") == 0
    assert len({name.casefold() for name in names("out")}) == 4


# Inputs


def test_an_annotated_copy_does_not_overwrite_an_input(place, frames):
    for name in ("keep.annotated.png", "keep.png"):
        shutil.copy(frames[0], name)
    assert run("keep.annotated.png", "keep.png", "--video", "--out", ".") == 0
    for name in ("keep.annotated.png", "keep.png"):
        assert (place / name).read_bytes() == frames[0].read_bytes()
    assert (place / "keep_2.annotated.png").exists()
    assert (place / "keep.annotated.annotated.png").exists()


@pytest.mark.parametrize("given", ["folder", "folder/*.png", "neutral"])
def test_nor_a_picture_of_a_folder_nor_the_neutral(place, frames, given):
    (place / "folder").mkdir()
    for name in ("keep.annotated.png", "keep.png"):
        shutil.copy(frames[0], place / "folder" / name)
    more = [given] if given != "neutral" else ["--neutral", "folder/keep.annotated.png"]
    code = run("folder/keep.png", *more, "--video", "--overwrite", "--out", "folder")
    assert code == 0
    assert (place / "folder/keep.annotated.png").read_bytes() == frames[0].read_bytes()


def test_an_annotated_copy_over_its_own_source_is_refused(place, frames):
    from au_detect import AUDetector
    from au_detect.plots.annotation import write_annotated

    shutil.copy(frames[0], "keep.png")
    result = AUDetector().run("keep.png")
    with pytest.raises(au_detect.errors.InputError, match=r"must not be an input, got .*keep\.png"):
        write_annotated(result, "keep.png", place / "keep")


@pytest.mark.parametrize("where", ["keep.mp4", "other.mp4", "link.html"])
def test_a_report_replaces_no_recording(place, video, capsys, where):
    for name in ("keep.mp4", "other.mp4"):
        shutil.copy(video, name)
    (place / "link.html").symlink_to("keep.mp4")
    assert main(["report", "keep.mp4", "--out", where]) == 2
    assert capsys.readouterr().err.startswith("au-detect: --out must ")
    for name in ("keep.mp4", "other.mp4"):
        assert (place / name).read_bytes() == video.read_bytes()
    assert main(["report", "keep.mp4", "--out", "page.html"]) == 0
    assert main(["report", "keep.mp4", "--out", "page.html"]) == 0, "a page may be replaced"


def test_nor_does_a_plot(place, frames, capsys):
    pytest.importorskip("matplotlib")
    shutil.copy(frames[0], "keep.png")
    assert run("keep.png", "--format", "json", "--out", ".") == 0
    assert main(["plot", "keep.json", "--frames", "keep.png", "--out", "keep.png"]) == 2
    assert capsys.readouterr().err == "au-detect: --out must not be an input, got keep.png\n"
    assert (place / "keep.png").read_bytes() == frames[0].read_bytes()
    assert main(["plot", "keep.json", "--out", "plot.png"]) == 0
    assert names(".") == ["keep.json", "keep.png", "keep.settings.json", "plot.png"]


def test_nor_does_a_batch_or_a_list_of_problems(place, frames, capsys):
    (place / "summary.csv").write_text(f"input\n{frames[0]}\n")
    for command in (
        ["batch", "summary.csv", "--out", "."],
        ["dataset", "summary.csv", "--problems", "summary.csv"],
    ):
        assert main(command) == 2
        assert "must not be an input, got summary.csv" in capsys.readouterr().err
        assert (place / "summary.csv").read_text() == f"input\n{frames[0]}\n"


def test_a_batch_of_another_tree_does_not_overwrite_results(place, frames, capsys):
    for folder, frame in (("a", frames[0]), ("b", frames[-1])):
        (place / folder / "smile").mkdir(parents=True)
        shutil.copy(frame, place / folder / "smile" / "1.png")
    assert main(["batch", "a", "--out", "out"]) == 0
    whole = (place / "out/results/smile.csv").read_bytes()
    for more in ([], ["--resume"]):
        assert main(["batch", "b", "--out", "out", *more]) == 2
        err = capsys.readouterr().err
        assert "must not be of another input than b/smile, got one of a/smile" in err
        assert (place / "out/results/smile.csv").read_bytes() == whole
    (place / "a").rename("moved")
    assert main(["batch", "moved", "--out", "out"]) == 0, "the same input at another place"
    assert main(["batch", "b", "--out", "out", "--overwrite"]) == 0
    assert pd.read_csv("out/results/smile.csv")["input"].tolist() == ["b/smile"]


# Whole or not at all

LITTLE_ROOM = """
import resource, sys
from au_detect.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such limit")
def test_an_annotated_video_that_does_not_fit_is_one_line_and_no_file(place, video):
    command = [sys.executable, "-c", LITTLE_ROOM, "run", str(video), "--video", "--out", "out"]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("au-detect: out/clip.annotated.mp4 must have 3 frames, but ")
    assert done.stderr.count("\n") == 1
    assert names("out") == ["clip.csv", "clip.settings.json"]


# Names


@pytest.mark.parametrize("name", ["x" * 250, "ä" * 125, 'a<b>:"|?', "con", "dot.", "new\nline"])
def test_any_name_gets_valid_names(place, video, name):
    shutil.copy(video, f"{name}.mp4")
    assert run(f"{name}.mp4", "--video", "--out", "out") == 0
    written = names("out")
    assert len(written) == 3
    for file in written:
        assert len(file.encode()) <= 255
        assert not set(file) & set('<>:"/\\|?*\n')
        assert not file.startswith(("con.", "dot.."))


def test_names_are_never_raw_on_the_terminal_or_in_a_table(place, frames, capfd):
    folder = place / "walls"
    folder.mkdir()
    shutil.copy(frames[-1], f"{EVIL}.png")
    (place / f"{EVIL}.mp4").write_bytes(b"no video\0")
    for command in (
        ["run", f"{EVIL}.png", "--emotions", "--out", "out"],
        ["run", f"{EVIL}.mp4", "--out", "out"],
        ["run", f"{EVIL}.png", "--out", EVIL],
        ["run", f"missing{EVIL}", "--out", "out"],
        ["run", "x.png", f"--wrong{EVIL}"],
        ["batch", f"{EVIL}.png", f"{EVIL}.mp4", "--out", "scored"],
        ["report", f"{EVIL}.png", "--out", f"{EVIL}.html"],
        ["dataset", f"{EVIL}.mp4"],
    ):
        with suppress(SystemExit):  # argparse
            main(command)
        captured = capfd.readouterr()
        shown = captured.out + captured.err
        assert not set(shown) & set("\x1b\x07\x9b"), command
        assert not any(line.startswith("au-detect: all is well") for line in shown.splitlines())
    tables = [*Path("out").glob("*.csv"), Path("scored/summary.csv")]
    for table in [*tables, *Path("scored/results").glob("*.csv")]:
        assert not set(table.read_text()) & set("\x1b\x07\x9b")
        assert r"\x1b]0;owned\x07\x1b[2J\x9b31m\nau" in table.read_text()


# Reports


def report_of(result):
    assert main(["report", str(result), "--out", "page.html"]) == 0
    return Path("page.html").read_text("utf-8").count('"picture": "/9j/')


def test_a_report_shows_pictures_beside_the_result_only(place, frames):
    (place / "private").mkdir()
    shutil.copy(frames[0], place / "private/me.png")
    assert run("private/me.png", "--format", "json", "--out", "sent") == 0
    assert report_of("sent/me.json") == 0
    (place / "sent/me.png").symlink_to(place / "private/me.png")
    assert report_of("sent/me.json") == 0, "a link leads elsewhere"
    (place / "sent/me.png").unlink()
    shutil.copy(frames[0], place / "sent/me.png")
    assert report_of("sent/me.json") == 1
    arguments = ["report", "sent/me.json", "--frames", "private/me.png", "--out", "page.html"]
    assert main(arguments) == 0
    assert Path("page.html").read_text("utf-8").count('"picture": "/9j/') == 1


@pytest.mark.parametrize("named", ["..", ".", "", "/", "a/../..", "x\0y", "*.png"])
def test_a_result_with_an_odd_input_shows_no_picture(place, frames, named):
    shutil.copy(frames[0], "me.png")
    assert run("me.png", "--format", "json", "--out", "sent") == 0
    document = json.loads(Path("sent/me.json").read_text()) | {"input": named}
    Path("sent/me.json").write_text(json.dumps(document))
    shutil.copy(frames[0], "sent/other.png")
    assert report_of("sent/me.json") == 0


def test_a_folder_beside_a_result_is_shown_unless_it_links_elsewhere(place, frames):
    (place / "study/001").mkdir(parents=True)
    for number in (0, -1):
        shutil.copy(frames[number], place / "study/001")
    assert run("study/001", "--format", "json", "--out", "study") == 0
    assert report_of("study/001.json") == 2
    picture = next((place / "study/001").iterdir())
    picture.rename(place / "elsewhere.png")
    picture.symlink_to(place / "elsewhere.png")
    assert report_of("study/001.json") == 0
