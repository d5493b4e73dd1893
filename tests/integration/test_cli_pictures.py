"""The commands that draw, as a user would run them."""

import cv2
import pandas as pd
import pytest
from made_results import on

from au_detect import read_result, sample_sequences
from au_detect.cli.main import main


@pytest.fixture(scope="module")
def folder():
    return str(sample_sequences()["surprise"])


@pytest.fixture(scope="module")
def out(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    assert main(["run", folder, "--format", "json", "--out", str(out)]) == 0
    return out


@pytest.mark.slow
def test_emotions_are_printed_and_written(folder, tmp_path, capsys):
    assert main(["run", folder, "--emotions", "--out", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "emotion at frame 9: surprise" in printed
    assert "(AUs 1, 2, 5, 26, 27)" in printed
    table = pd.read_csv(tmp_path / "001.csv")
    assert table["emotion"].iloc[-1] == "surprise"
    assert table["emotion"].iloc[0] == "neutral"
    assert table["emotion_surprise"].between(0, 1).all()
    assert not any(name.startswith("emotion") for name in main_columns(folder, tmp_path / "plain"))


def main_columns(folder, out):
    assert main(["run", folder, "--out", str(out)]) == 0
    return pd.read_csv(out / "001.csv").columns


def test_own_rules_are_used(folder, tmp_path, capsys):
    rules = tmp_path / "rules.toml"
    rules.write_text('[wonder]\nrequired = ["1+2+25"]\n')
    arguments = ["run", folder, "--emotion-rules", str(rules), "--out", str(tmp_path)]
    assert main(arguments) == 0
    assert "emotion at frame 9: wonder" in capsys.readouterr().out
    rules.write_text("[wonder]\n")
    assert main(arguments) == 2
    assert "wonder: required must hold at least one" in capsys.readouterr().err


def test_an_annotated_copy_is_written(folder, tmp_path, capsys):
    assert main(["run", folder, "--video", "--emotions", "--out", str(tmp_path)]) == 0
    video = cv2.VideoCapture(str(tmp_path / "001.annotated.mp4"))
    assert int(video.get(cv2.CAP_PROP_FRAME_COUNT)) == 10
    assert "annotated copy -> " in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["png", "pdf"])
def test_a_result_is_drawn(folder, out, tmp_path, ending):
    pytest.importorskip("matplotlib")
    file = tmp_path / f"plot.{ending}"
    assert main(["plot", str(out / "001.json"), "--frames", folder, "--out", str(file)]) == 0
    assert file.stat().st_size > 10_000


@pytest.mark.slow
def test_several_results_are_compared_and_a_frame_is_explained(out, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    result, file = str(out / "001.json"), tmp_path / "plot.png"
    assert main(["plot", result, result, "--out", str(file)]) == 0
    assert cv2.imread(str(file)) is not None
    assert main(["plot", result, "--frame", "9", "--out", str(file)]) == 0
    assert "inner brows higher" in capsys.readouterr().out


def test_a_bad_plot_is_named(out, tmp_path, capsys):
    pytest.importorskip("matplotlib")
    assert main(["plot", str(out / "001.json"), "--out", str(tmp_path / "plot.xyz")]) == 2
    assert "--out must be a picture file" in capsys.readouterr().err
    assert main(["plot", str(tmp_path / "none.json"), "--out", "plot.png"]) == 2
    assert "cannot read the result file" in capsys.readouterr().err


@pytest.mark.slow
def test_a_report_of_results_and_inputs(folder, out, tmp_path, capsys):
    page = tmp_path / "report.html"
    arguments = [str(out / "001.json"), folder, "--frames", folder, "--title", "Two"]
    assert main(["report", *arguments, "--out", str(page)]) == 0
    assert f"Report: {page}" in capsys.readouterr().out
    text = page.read_text("utf-8")
    assert "<h1>Two</h1>" in text
    assert text.count('"picture": "/9j/') == 20, "of both"
    assert text.count("inner brows higher") > 1


def test_a_table_is_read_with_its_side_car_and_without(folder, tmp_path, capsys):
    assert main(["run", folder, "--landmark-columns", "--out", str(tmp_path)]) == 0
    result = read_result(tmp_path / "001.csv")
    assert len(result) == 10
    assert main(["report", str(tmp_path / "001.csv"), "--out", str(tmp_path / "r.html")]) == 0
    assert "tables (CSV, Parquet) hold no furrow densities" in (tmp_path / "r.html").read_text()
    (tmp_path / "001.settings.json").unlink()
    capsys.readouterr()
    assert main(["report", str(tmp_path / "001.csv"), "--out", str(tmp_path / "r.html")]) == 0
    assert capsys.readouterr().err == ""
    assert on(read_result(tmp_path / "001.csv")) == on(result)
