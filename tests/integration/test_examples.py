"""Every example runs as it is, and says what it promises."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import au_detect

EXAMPLES = Path(__file__).parents[2] / "examples"
ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(au_detect.__file__).parents[1])}


def run(name, folder, *arguments):
    """Run an example in an empty folder and return what it prints."""
    command = [sys.executable, str(EXAMPLES / name), *arguments]
    done = subprocess.run(command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


def test_no_example_is_left_untested():
    text = Path(__file__).read_text(encoding="utf-8")
    assert [path.name for path in EXAMPLES.glob("*.py") if f'"{path.name}"' not in text] == []


def test_score_a_picture(tmp_path):
    out = run("score_picture.py", tmp_path)
    assert "Lip Corner Puller" in out
    assert "Lips Part" in out


def test_score_a_sequence(tmp_path):
    out = run("score_sequence.py", tmp_path)
    table = pd.read_csv(tmp_path / "action_units.csv")
    assert table["AU12_c"].iloc[-1] == 1
    assert table["AU12_c"].iloc[0] == 0
    assert "Lip Corner Puller" in out


def test_live_stream(tmp_path):
    lines = run("live_stream.py", tmp_path).splitlines()
    assert lines[0].endswith("neutral")
    assert "AU12" in lines[-1]
    assert "AU25" in lines[-1]


@pytest.mark.parametrize("name", ["own_landmarks.py"])
def test_own_landmarks(tmp_path, name):
    out = run(name, tmp_path)
    assert "success" in out
    assert "Lips Part" in out


def test_score_a_study(tmp_path):
    out = run("score_study.py", tmp_path)
    assert (tmp_path / "scored" / "summary.csv").is_file()
    head, *shares = out.splitlines()[-8:]
    assert "AU12" in head
    assert [line[:4] for line in shares] == [f"S00{number}" for number in range(1, 8)]


def test_train_on_own_labels(tmp_path):
    pytest.importorskip("tensorflow")
    out = run("train_on_labels.py", tmp_path)
    assert out.startswith("7 sequences of 7 people")
    assert (tmp_path / "my_model" / "manifest.json").is_file()
    assert "AU25" in out
