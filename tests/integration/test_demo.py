"""The demo on the packaged sample sequences."""

import pandas as pd
import pytest

from au_detect import sample_sequences
from au_detect.cli.main import main
from au_detect.demo import run_demo
from au_detect.samples import read_samples

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "not" / "there"
    names = []

    def progress(name):
        names.append(name)
        return lambda frames, n_frames: frames

    table, report = run_demo(out, progress=progress)
    return out, table, report, names


def test_the_table_has_a_row_for_every_sample(demo):
    out, table, _, names = demo
    samples = read_samples()
    assert table["sequence"].tolist() == [s.name for s in samples] == names
    assert table["emotion"].tolist() == [s.emotion for s in samples]
    written = pd.read_csv(out / "demo.csv", keep_default_na=False)
    assert written.to_dict() == table.to_dict()


def test_labelled_is_what_was_detected_or_missed(demo):
    table = demo[1].set_index("emotion")
    for _, row in table.iterrows():
        labelled, detected, missed, other = (
            set(row[name].split()) for name in ("labelled", "detected", "missed", "not labelled")
        )
        left_out = set(row["not reported"].split())
        assert labelled - detected == missed | left_out
        assert not missed & left_out
        assert detected - labelled == other
        assert not detected & set(row["other frames"].split())
    assert {"AU12", "AU25"} <= set(table.loc["happiness", "detected"].split())


def test_every_sequence_has_a_table_with_a_face_in_every_frame(demo):
    out, table, _, _ = demo
    for name in table["sequence"]:
        rows = pd.read_csv(out / f"{name}.csv")
        assert 8 <= len(rows) <= 12
        assert rows["success"].all()


def test_the_report_is_a_page_that_stands_alone(demo):
    _, table, report, _ = demo
    page = report.read_text(encoding="utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "<svg" in page
    assert 'src="http' not in page
    for folder in sample_sequences().values():
        assert folder.parent.name in page
    assert page.count('"picture": "/9j/') == 10 * len(table)


def test_command(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert "happiness" in out
    assert f"Report: {tmp_path / 'report.html'}" in out
    assert err == ""
    assert (tmp_path / "report.html").is_file()
