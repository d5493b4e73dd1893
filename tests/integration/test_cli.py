"""The command au-detect, as a user types it."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

import au_detect
from au_detect import AUDetector, read_result, sample_sequences
from au_detect.cli.main import main
from au_detect.frames.pictures import select_pictures

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(au_detect.__file__).parents[1])}


@pytest.fixture(scope="module")
def folder():
    return sample_sequences()["happiness"]


@pytest.fixture(scope="module")
def frames(folder):
    return select_pictures(folder.iterdir())


@pytest.fixture(scope="module")
def table(folder):
    return AUDetector().run(folder).to_dataframe()


@pytest.fixture
def walls(tmp_path):
    """Return a folder of pictures without a face."""
    folder = tmp_path / "walls"
    folder.mkdir()
    for i in range(2):
        cv2.imwrite(str(folder / f"{i}.png"), np.full((120, 160), 90, np.uint8))
    return folder


def run(*arguments):
    return main(["run", *map(str, arguments)])


def assert_same_table(read, table):
    assert list(read.columns) == list(table.columns)
    for name in table.columns:
        if name in ("input", "neutral"):
            assert read[name].tolist() == table[name].tolist()
        else:
            np.testing.assert_array_equal(
                read[name].to_numpy(float, na_value=np.nan),
                table[name].to_numpy(float, na_value=np.nan),
                err_msg=name,
            )


def test_csv_holds_what_the_library_returns(tmp_path, folder, table, capsys):
    assert run(folder, "--out", tmp_path) == 0
    written = tmp_path / f"{folder.name}.csv"
    assert_same_table(pd.read_csv(written), table)
    out, err = capsys.readouterr()
    said = rf"{len(table)} rows, face in {len(table)}, neutral: median of 2 calm frames "
    assert re.search(rf"{said}\(quality 0\.\d\d\) -> {re.escape(str(written))}", out)
    assert "Lip Corner Puller" in out
    assert err == ""


def test_parquet_holds_the_same(tmp_path, folder, table):
    pytest.importorskip("pyarrow")
    assert run(folder, "--out", tmp_path, "--format", "parquet") == 0
    assert_same_table(pd.read_parquet(tmp_path / f"{folder.name}.parquet"), table)


def test_json_holds_the_same_and_can_be_read_back(tmp_path, folder, table):
    assert run(folder, "--out", tmp_path, "--format", "json") == 0
    result = read_result(tmp_path / f"{folder.name}.json")
    assert_same_table(result.to_dataframe(), table)


@pytest.mark.slow
def test_a_process_of_its_own_writes_the_same_bytes(tmp_path, folder):
    assert run(folder, "--out", tmp_path / "here") == 0
    command = [sys.executable, "-m", "au_detect.cli", "run", str(folder), "--out", "there"]
    done = subprocess.run(
        command, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    name = f"{folder.name}.csv"
    assert (tmp_path / "there" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()


def test_settings_stand_beside_the_table(tmp_path, folder):
    run(folder, "--out", tmp_path, "--fps", "5", "--neutral", "1", "--experimental")
    settings = json.loads((tmp_path / f"{folder.name}.settings.json").read_text())
    assert settings["input"] == str(folder)
    assert settings["neutral"] == {"0": "frame 1"}
    assert settings["settings"]["fps"] == 5.0
    assert settings["settings"]["neutral"] == 1
    assert settings["settings"]["experimental"] is True
    assert set(settings["aus"]) == set(settings["thresholds"])


def test_neutral_picture_and_landmark_columns(tmp_path, frames):
    apex, neutral = frames[-1], frames[0]
    assert run(apex, "--neutral", neutral, "--landmark-columns", "--out", tmp_path) == 0
    (row,) = pd.read_csv(tmp_path / f"{apex.stem}.csv").to_dict("records")
    assert row["AU12_c"] == row["AU25_c"] == 1
    assert row["neutral"] == str(neutral)
    assert 0 < row["x_30"] < 320


def test_neutral_none_and_independent_pictures(tmp_path, folder):
    for options, name in ((("--neutral", "none"), "a"), (("--independent",), "b")):
        assert run(folder, "--out", tmp_path / name, *options) == 0
        assert set(pd.read_csv(tmp_path / name / f"{folder.name}.csv")["neutral"]) == {"none"}


def test_several_inputs_with_one_name_get_files_of_their_own(tmp_path, frames, capsys):
    assert run(frames[0], frames[0].parent, frames[0], "--out", tmp_path) == 0
    stem = frames[0].stem
    written = {path.name for path in tmp_path.glob("*.csv")}
    assert written == {f"{stem}.csv", f"{frames[0].parent.name}.csv", f"{stem}_2.csv"}
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_max_faces_has_a_row_for_each(tmp_path, frames):
    picture = cv2.imread(str(frames[0]))
    cv2.imwrite(str(tmp_path / "two.png"), np.hstack([picture, picture]))
    assert run(tmp_path / "two.png", "--max-faces", "2", "--out", tmp_path) == 0
    assert pd.read_csv(tmp_path / "two.csv")["face_id"].tolist() == [0, 1]


def test_no_face_anywhere_is_exit_code_3_and_one_line(tmp_path, walls, capsys):
    assert run(walls, "--out", tmp_path) == 3
    assert capsys.readouterr().err == f"au-detect: no face found in {walls}\n"
    table = pd.read_csv(tmp_path / "walls.csv")
    assert table["success"].tolist() == [0, 0]
    assert table.filter(regex=r"^AU").isna().all(axis=None)


def test_one_input_with_a_face_is_enough(tmp_path, walls, frames, capsys):
    assert run(walls, frames[0], "--out", tmp_path) == 0
    assert "no face found" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.mp4"], "missing.mp4 does not exist"),
        (["{walls}", "--fps", "0"], "fps must be a positive number"),
        (["{walls}", "--max-faces", "0"], "max_faces must be a whole number above 0, got 0"),
        (["{walls}", "--neutral", "{walls}"], "must show a face"),
        (["{walls}", "--neutral", "1"], "neutral frame 1 must show the face"),
        (["{walls}", "--neutral", "first", "--independent"], "independent pictures"),
        (["{walls}", "--model", "{walls}"], "manifest"),
        (["{walls}", "--landmarks", "none.dat"], "none.dat"),
        (["{walls}", "--out", "{walls}/0.png"], "File exists"),
        (["{walls}", "--out", "{walls}/0.png/x"], "Not a directory"),
    ],
)
def test_bad_input_is_exit_code_2_and_one_line(walls, tmp_path, arguments, message, capsys):
    filled = [argument.format(walls=walls) for argument in arguments]
    if "--out" not in filled:
        filled += ["--out", tmp_path / "out"]
    assert run(*filled) == 2
    err = capsys.readouterr().err
    assert err.startswith("au-detect: ")
    assert err.count("\n") == 1
    assert message in err


def test_a_failed_input_does_not_stop_the_others(tmp_path, frames, capsys):
    assert run("missing.mp4", frames[0], "--out", tmp_path) == 2
    assert (tmp_path / f"{frames[0].stem}.csv").is_file()
    assert "missing.mp4 does not exist" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["dance"], ["run"], ["run", "x", "--format", "xls"]])
def test_wrong_usage_is_exit_code_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "au-detect" in capsys.readouterr().err


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out == f"au_detect {au_detect.__version__}\n"


def test_info_lists_versions_models_and_reliability(capsys):
    assert main(["info", "--all"]) == 0
    out = capsys.readouterr().out
    for text in (au_detect.__version__, "numpy", "landmarks: open", "a neutral face", "TPR"):
        assert text in out
    assert "Lip Corner Puller" in out
    assert "without a neutral face" in out


def test_info_fits_a_screen(capsys):
    assert main(["info"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= 24
    assert any("AU12 Lip Corner Puller" in line for line in lines)
    assert max(len(line) for line in lines if "model" not in line and "/" not in line) <= 88


def test_info_about_a_folder_without_a_model(tmp_path, capsys):
    assert main(["info", "--model", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_simulate_and_train_explain_bad_input(tmp_path, capsys):
    missing = str(tmp_path / "missing.npz")
    assert main(["simulate", "--face-model", missing, "--out", str(tmp_path / "x.npz")]) == 2
    assert main(["train", missing, "--out", str(tmp_path / "model")]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 2
    assert all("missing.npz" in line for line in err.splitlines())


def test_simulate_writes_labelled_sequences(tmp_path, evaluation_data, capsys):
    out = tmp_path / "simulated.npz"
    model = evaluation_data / "face_model" / "ict_facekit.npz"
    assert main(["simulate", "--face-model", str(model), "--out", str(out), "--n", "12"]) == 0
    assert capsys.readouterr().out == f"12 sequences of 2 people -> {out}\n"


WITHOUT = ("tensorflow", "keras", "sklearn", "skops", "matplotlib", "numba", "pyarrow")

SCRIPT = f"""
import sys
sys.modules.update(dict.fromkeys({WITHOUT!r}))
from au_detect.cli.main import main
code = main(["run", sys.argv[1], "--out", sys.argv[2]])
main(["info"])
sys.exit(code)
"""


@pytest.mark.slow
def test_detection_needs_none_of_the_training_packages(tmp_path, folder, table):
    command = [sys.executable, "-c", SCRIPT, str(folder), str(tmp_path)]
    environment = {k: v for k, v in ENVIRONMENT.items() if k != "DISPLAY"}
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert_same_table(pd.read_csv(tmp_path / f"{folder.name}.csv"), table)
