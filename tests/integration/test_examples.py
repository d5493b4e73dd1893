"""Every example runs as it is, and says what it promises."""

import runpy
import sys
from pathlib import Path

import pandas as pd
import pytest

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Return a function that runs an example in an empty folder and returns what it prints."""

    def run_example(name):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [name])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return run_example


def test_no_example_is_left_untested():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in text] == []


def test_score_a_picture(run):
    out = run("score_picture.py")
    assert "Lip Corner Puller" in out
    assert "Lips Part" in out


def test_score_a_sequence(run, tmp_path):
    out = run("score_sequence.py")
    table = pd.read_csv(tmp_path / "action_units.csv")
    assert table["AU12_c"].iloc[-1] == 1
    assert table["AU12_c"].iloc[0] == 0
    assert "Lip Corner Puller" in out


def test_live_stream(run):
    lines = run("live_stream.py").splitlines()
    assert lines[0].endswith("neutral")
    assert "AU12" in lines[-1]
    assert "AU25" in lines[-1]


def test_own_landmarks(run):
    out = run("own_landmarks.py")
    assert "success" in out
    assert "Lips Part" in out


def test_score_a_study(run, tmp_path):
    out = run("score_study.py")
    assert (tmp_path / "scored" / "summary.csv").is_file()
    head, *shares = out.splitlines()[-8:]
    assert "AU12" in head
    assert [line[:4] for line in shares] == [f"S00{number}" for number in range(1, 8)]


def test_train_on_own_labels(run, tmp_path):
    pytest.importorskip("tensorflow")
    out = run("train_on_labels.py")
    assert out.startswith("7 sequences of 7 people")
    assert (tmp_path / "my_model" / "manifest.json").is_file()
    assert "AU25" in out
