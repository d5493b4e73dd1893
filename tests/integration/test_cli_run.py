"""``au-detect run``: folders of pictures and videos, what is written, and going on."""

import json

import cv2
import numpy as np
import pandas as pd
import pytest

from au_detect import sample_sequences
from au_detect.cli.main import main
from au_detect.frames.encoding import VideoEncoder
from au_detect.frames.pictures import select_pictures


def run(*arguments):
    return main(["run", *map(str, arguments)])


@pytest.fixture(scope="module")
def pictures():
    files = select_pictures(sample_sequences()["happiness"].iterdir())
    return [cv2.imread(str(file)) for file in files]


@pytest.fixture(scope="module")
def videos(tmp_path_factory, pictures):
    folder = tmp_path_factory.mktemp("videos")
    height, width = pictures[0].shape[:2]
    for name in ("one.mp4", "two.mp4"):
        with VideoEncoder(folder / name, 25.0, (width, height)) as encoder:
            for picture in pictures:
                encoder.write(picture)
    return folder


@pytest.fixture
def album(tmp_path, pictures):
    """Return a folder of pictures whose names and sizes have nothing to do with each other."""
    folder = tmp_path / "album"
    folder.mkdir()
    cv2.imwrite(str(folder / "anna.png"), pictures[-1])
    cv2.imwrite(str(folder / "bert.png"), np.pad(pictures[0], ((0, 0), (0, 30), (0, 0))))
    return folder


def test_independent_pictures_are_told_apart(album, tmp_path, capsys):
    assert run(album, "--independent", "--out", tmp_path / "out") == 0
    table = pd.read_csv(tmp_path / "out" / "album.csv")
    assert table["file"].tolist() == ["anna.png", "bert.png"]
    assert table["timestamp"].isna().all()
    settings = json.loads((tmp_path / "out" / "album.settings.json").read_text())
    assert settings["settings"]["files"] == ["anna.png", "bert.png"]
    out, err = capsys.readouterr()
    assert (
        "anna.png: AU12 Lip Corner Puller" in out.replace("AU25", "AU12") or "anna.png: AU" in out
    )
    assert "bert.png: " in out
    assert err == ""


def test_unrelated_pictures_are_no_film_without_a_word(album, tmp_path, capsys):
    assert run(album, "--out", tmp_path / "out") == 0
    assert "read as one sequence, though their sizes differ" in capsys.readouterr().err


@pytest.mark.slow
def test_a_folder_of_videos_is_run_one_by_one_and_resumed(videos, tmp_path, capsys):
    assert run(videos, "--out", tmp_path, "--events", "csv", "--decimal", "comma") == 0
    out, err = capsys.readouterr()
    assert "one.mp4: " in out
    assert "AU12" in out
    assert err == ""
    table = pd.read_csv(tmp_path / "two.csv", sep=";", decimal=",")
    assert table["AU12_p"].iloc[-1] > 0.5
    assert "AU12" in (tmp_path / "two.events.csv").read_text()
    before = (tmp_path / "two.csv").stat().st_mtime_ns
    (tmp_path / "one.csv").unlink()
    again = ("--out", tmp_path, "--events", "csv", "--decimal", "comma", "--resume")
    assert run(videos, *again) == 0
    assert (tmp_path / "two.csv").stat().st_mtime_ns == before
    assert (tmp_path / "one.csv").is_file()
    assert "two.mp4: done before" in capsys.readouterr().out
    assert run(videos, *again, "--threshold", "12=0.9") == 0
    assert (tmp_path / "two.csv").stat().st_mtime_ns != before


def test_two_people_of_whom_one_is_followed(tmp_path, pictures, capsys):
    cv2.imwrite(str(tmp_path / "two.png"), np.hstack([pictures[0], pictures[0]]))
    assert run(tmp_path / "two.png", "--out", tmp_path / "out") == 0
    assert "2 people are seen, and the largest was followed: --max-faces 2" in (
        capsys.readouterr().err
    )
    assert run(tmp_path / "two.png", "--max-faces", "2", "--out", tmp_path / "out2") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_the_annotated_copy_is_what_browsers_play(videos, tmp_path):
    import av

    assert run(videos / "one.mp4", "--video", "--out", tmp_path) == 0
    (copy,) = tmp_path.glob("one.annotated.*")
    with av.open(str(copy)) as container:
        assert container.streams.video[0].codec_context.name in ("h264", "vp9")
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--neutral", "99"], "neutral must be a frame of .*one.mp4, 0 to 9, got 99"),
        (["--neutral", "frist"], "no such file .did you mean first?"),
        (["--min-duration", "-1"], "min_duration must be 0 s or more, got -1"),
        (["--emotion-rules", "none.toml"], "none.toml"),
        (["--independent", "--events", "csv"], "events must be of sequences"),
    ],
)
def test_what_makes_no_sense_is_said_before_the_first_frame(
    videos, tmp_path, options, message, capsys, monkeypatch
):
    from au_detect.landmarks.tracking import FaceTracker

    monkeypatch.setattr(FaceTracker, "track", lambda *_: pytest.fail("a frame was measured"))
    assert run(videos / "one.mp4", *options, "--out", tmp_path) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert pd.Series([err]).str.contains(message).all()


def test_parquet_without_pyarrow_is_said_before_the_first_frame(
    videos, tmp_path, capsys, monkeypatch
):
    import sys

    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert run(videos, "--format", "parquet", "--out", tmp_path / "out") == 2
    assert "Parquet files need pyarrow" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_camera_ends_in_time(tmp_path, pictures, monkeypatch):
    from au_detect.frames import sources
    from au_detect.frames.pictures import to_grey
    from au_detect.frames.stream import Frame, FrameStream

    def frames():
        for index in range(1000):
            yield Frame(to_grey(pictures[0]), index, index / 10, "camera 0")

    monkeypatch.setattr(
        sources, "open_camera", lambda *_, **__: FrameStream("camera", "camera 0", None, frames())
    )
    assert run("camera:0", "--duration", "0.5", "--out", tmp_path) == 0
    (written,) = tmp_path.glob("camera_0_*.csv")
    assert len(pd.read_csv(written)) == 6
