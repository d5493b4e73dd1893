"""au-detect dataset, as a user types it."""

import argparse
import csv
import shutil

import numpy as np
import pytest

from au_detect.cli.data import add_data_options, sequences_from_options
from au_detect.cli.main import main
from au_detect.datasets.sequences import LabelledSequences
from au_detect.paths import packaged_folder


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Keep measurements out of the user's cache; return where they go."""
    folder = tmp_path / "cache of the user"
    monkeypatch.setattr(
        "au_detect.datasets.measured_frames.default_cache_folder", lambda: folder / "measurements"
    )
    return folder


@pytest.fixture
def happy(tmp_path):
    """Return a collection of one sample sequence."""
    for folder in ("cohn-kanade-images", "FACS", "Emotion", "Landmarks"):
        source = packaged_folder("data") / folder / "S005"
        shutil.copytree(source, tmp_path / "one" / folder / "S005")
    return tmp_path / "one"


def run(*arguments):
    return main(["dataset", *map(str, arguments)])


def test_the_samples_are_described(capsys):
    assert run(packaged_folder("data")) == 0
    out = capsys.readouterr().out
    assert out.startswith("7 subjects, 7 sequences, 70 frames\n")
    assert "  25          4         4               4  Lips Part" in out
    assert "emotions: anger 1, contempt 1" in out
    assert out.endswith("no problems found\n")


def test_problems_are_counted_shown_and_written(happy, tmp_path, capsys):
    facs = next((happy / "FACS").rglob("*.txt"))
    facs.write_text("61 1\n12 2\nL4 0\n")
    for picture in sorted((happy / "cohn-kanade-images").rglob("*.png"))[:5]:
        picture.write_bytes(b"")
    assert run(happy, "--problems", tmp_path / "problems.csv") == 0
    out = capsys.readouterr().out
    assert "unknown AUs: 1\n" in out
    assert "  61          1         1               1  (cannot be detected)\n" in out
    assert "one-sided AUs: 1\n" in out
    assert "unreadable frames: 5\n" in out
    assert "... and 2 more (--problems FILE)" in out
    with (tmp_path / "problems.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["kind", "place", "problem"]
    assert len(rows) == 8


def test_a_measured_table_is_written_and_described(happy, tmp_path, home, capsys):
    out = tmp_path / "happy.npz"
    assert run(happy, "--out", out, "--frames", "last3") == 0
    assert f"3 rows of 1 subjects -> {out}" in capsys.readouterr().out
    assert LabelledSequences.load(out).attributes["emotion"].tolist() == ["happiness"] * 3
    assert len(list(home.rglob("*.npz"))) == 1
    assert run(out) == 0
    assert capsys.readouterr().out.startswith("1 subjects, 1 sequences, 3 frames\n")


def test_the_cache_can_be_elsewhere_or_nowhere(happy, tmp_path, home):
    out = tmp_path / "happy.npz"
    assert run(happy, "--out", out, "--cache", tmp_path / "mine") == 0
    assert len(list((tmp_path / "mine").rglob("*.npz"))) == 1
    assert run(happy, "--out", out, "--no-cache") == 0
    assert not home.exists()


def test_options_of_other_commands(happy, tmp_path):
    parser = argparse.ArgumentParser()
    parser.add_argument("data")
    add_data_options(parser)
    options = parser.parse_args([str(happy), "--landmarks", "ckplus", "--no-cache", "--jobs", "1"])
    sequences, collection = sequences_from_options(options)
    assert sequences.landmark_model == "ckplus"
    assert len(collection) == 1
    sequences.save(tmp_path / "x.npz")
    again, nothing = sequences_from_options(parser.parse_args([str(tmp_path / "x.npz")]))
    assert nothing is None
    np.testing.assert_array_equal(again.points, sequences.points)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing"], "missing must be a folder in the layout of CK+"),
        (["missing.npz"], "missing.npz must be a table of labelled sequences"),
        (["missing.csv"], "missing.csv cannot be read: No such file"),
        (["."], "must hold the folder cohn-kanade-images"),
    ],
)
def test_bad_input_is_exit_code_2_and_one_line(tmp_path, monkeypatch, arguments, message, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(*arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith("au-detect: ")
    assert err.count("\n") == 1
    assert message in err


def test_a_collection_becomes_a_table_that_is_read_again(tmp_path, capsys):
    data, table = str(packaged_folder("data")), tmp_path / "sequences.csv"
    assert main(["dataset", data, "--to", "table", "--out", str(table)]) == 0
    assert "read as CK+" in capsys.readouterr().out
    assert main(["dataset", str(table)]) == 0
    out = capsys.readouterr().out
    assert "read as table" in out
    assert "7 subjects, 7 sequences" in out
    assert main(["dataset", data, "--to", "table", "--out", str(tmp_path / "a.npz")]) == 2
    assert "--to table needs a collection of files and --out FILE.csv" in capsys.readouterr().err
