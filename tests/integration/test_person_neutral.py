"""One neutral face for all clips of a person."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from made_results import on

from au_detect.batch import score_sequences
from au_detect.cli.main import main
from au_detect.detecting import find_neutral
from au_detect.errors import InputError, NoFaceError
from au_detect.frames.pictures import select_pictures


@pytest.fixture(scope="module")
def clips(tmp_path_factory, folder):
    """Two clips of one person: at rest, and smiling from the first to the last frame."""
    root = tmp_path_factory.mktemp("anna")
    files = select_pictures(folder.iterdir())
    for name, kept in (("rest", files[:3]), ("smile", files[-2:])):
        (root / name).mkdir()
        for file in kept:
            shutil.copy(file, root / name / file.name)
    return root


def test_the_neutral_comes_from_the_calm_clip(detector, clips):
    neutral = find_neutral(detector, [clips / "smile", clips / "rest"], name="anna")
    assert neutral.description == "anna, 1 calm frame of 2 inputs"
    smile = detector.run(clips / "smile", neutral=neutral)
    assert {12, 25} <= on(smile, 0)
    assert smile.neutral == {0: neutral.description}
    assert smile.neutral_quality == {0: neutral.quality}


def test_clips_without_a_face_give_no_neutral(detector):
    wall = np.full((200, 200), 90, np.uint8)
    with pytest.raises(NoFaceError, match="the clips of bob must show a face"):
        find_neutral(detector, [[wall, wall]], name="bob")


@pytest.mark.parametrize("subjects", [True, False])
def test_a_list_asks_for_one_neutral_for_each_person(clips, tmp_path, subjects):
    column, mark = (",subject", ",s1") if subjects else ("", "")
    rows = [f"{clips / name},person{mark}" for name in ("rest", "smile")]
    (tmp_path / "list.csv").write_text("\n".join([f"input,neutral{column}", *rows]))
    summary = score_sequences(tmp_path / "list.csv", tmp_path / "out", experimental=True)
    assert (summary["error"] == "").all()
    person = "s1" if subjects else clips.name
    assert set(summary["neutral"]) == {f"{person}, 1 calm frame of 2 inputs"}
    smile = summary.set_index(summary["input"].str.endswith("smile")).loc[True]
    assert smile["AU12_peak"] > 0.5


def test_a_batch_with_people_is_resumed(clips, tmp_path):
    options = {"neutral": "person", "resume": True}
    score_sequences(clips, tmp_path / "out", **options)
    score_sequences(clips, tmp_path / "out", **options)
    run = json.loads(next((tmp_path / "out").glob("run*.json")).read_text())
    assert run["n_from_earlier_runs"] == 2


def test_the_command_takes_the_neutral_from_a_folder(clips, tmp_path, capsys):
    arguments = ["run", str(clips / "smile"), "--neutral-from", str(clips), "--out", str(tmp_path)]
    assert main(arguments) == 0
    assert "calm frame of 2 inputs (quality" in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "smile.csv")
    assert table["AU12_c"].tolist() == [1, 1]


def test_a_folder_without_clips_is_refused(tmp_path, clips, capsys):
    (tmp_path / "empty").mkdir()
    arguments = ["run", str(clips / "smile"), "--neutral-from", str(tmp_path / "empty")]
    assert main([*arguments, "--out", str(tmp_path)]) == 2
    assert "empty" in capsys.readouterr().err


def test_person_is_a_word_of_batches_only(detector, pictures):
    with pytest.raises(InputError, match="person"):
        detector.run(pictures, neutral="person")
