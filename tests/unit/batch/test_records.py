"""Records of a batch: what tells that an input is done and whole, and the summary."""

import json
import os
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from au_detect.batch.inputs import BatchInput
from au_detect.batch.records import (
    discard,
    file_state,
    read_whole,
    record_path,
    remove_leftovers,
    remove_unfinished,
    result_path,
    store,
)
from au_detect.batch.summaries import InputSummary, summary_frame, write_summary
from au_detect.results import AUResult
from au_detect.results.files import part_file

RECIPE = {
    "detector": {"version": "1"},
    "format": "csv",
    "landmark_columns": False,
    "columns": "standard",
}


def make_result(found=(True, True, False), face_id=None, name="clip.mp4"):
    n = len(found)
    found = np.array(found)
    missing = np.where(found, 0.0, np.nan)
    probabilities = np.linspace(0.1, 0.6, 2 * n).reshape(n, 2) + missing[:, None]
    ids = np.zeros(n, int) if face_id is None else np.array(face_id)
    return AUResult(
        aus=(1, 12),
        probabilities=probabilities,
        left=probabilities,
        right=probabilities,
        thresholds=np.array([0.5, 0.5]),
        frame=np.arange(n) if face_id is None else np.arange(n) // 2,
        timestamp_s=np.arange(n) / 30,
        face_id=ids,
        face_found=found,
        confidence=found * 0.5,
        points=np.zeros((n, 68, 2)) + missing[:, None, None],
        pose=np.zeros((n, 3)) + missing[:, None],
        reliable=found,
        neutral={int(i): f"frame {i}" for i in np.unique(ids[found])},
        input=name,
        settings={},
    )


@pytest.fixture
def item(tmp_path):
    source = tmp_path / "in" / "clip.mp4"
    source.parent.mkdir()
    source.write_bytes(b"video")
    return BatchInput(str(source), "sub/clip.mp4")


@pytest.fixture
def out(tmp_path):
    return str(tmp_path / "out")


def stored(item, out, **options):
    recipe = RECIPE | options
    started_s = time.perf_counter()
    return store(make_result(), item, out, recipe, file_state(item.source), started_s)


# Done and whole


def test_files_are_where_they_are_said_to_be(item, out, tmp_path):
    row = stored(item, out)
    assert row.result == "results/sub/clip.mp4.csv"
    assert result_path(out, item, "csv") == tmp_path / "out" / "results" / "sub" / "clip.mp4.csv"
    assert len(pd.read_csv(tmp_path / "out" / row.result)) == 3
    record = json.loads((tmp_path / "out" / "settings" / "sub" / "clip.mp4.json").read_text())
    assert record["thresholds"] == {"AU01": 0.5, "AU12": 0.5}
    assert record["batch"]["recipe"]["neutral"] == "auto"


def test_what_was_stored_is_whole_and_gives_the_same_row(item, out):
    row = stored(item, out)
    assert read_whole(item, out, RECIPE) == row


def test_nothing_stored_is_not_whole(item, out):
    assert read_whole(item, out, RECIPE) is None


@pytest.mark.parametrize("change", ["cut", "append", "flip", "remove"])
def test_a_changed_result_is_not_whole(item, out, change):
    stored(item, out)
    path = result_path(out, item, "csv")
    data = path.read_bytes()
    if change == "remove":
        path.unlink()
    else:
        changed = {"cut": data[:-9], "append": data + b"x", "flip": b"g" + data[1:]}
        path.write_bytes(changed[change])
    assert read_whole(item, out, RECIPE) is None


@pytest.mark.parametrize("record", ["", "{", "[]", "{}", '{"batch": {}}', '{"batch": 3}', "\xff"])
def test_a_damaged_record_is_not_whole(item, out, record):
    stored(item, out)
    record_path(out, item).write_bytes(record.encode("latin-1"))
    assert read_whole(item, out, RECIPE) is None


@pytest.mark.parametrize("share", np.linspace(0, 0.99, 12))
def test_a_record_cut_short_is_not_whole(item, out, share):
    stored(item, out)
    path = record_path(out, item)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    assert read_whole(item, out, RECIPE) is None


@pytest.mark.parametrize(
    "change", [{"detector": {"version": "2"}}, {"landmark_columns": True}, {"format": "json"}]
)
def test_other_options_are_not_whole(item, out, change):
    stored(item, out)
    assert read_whole(item, out, RECIPE | change) is None


def test_another_neutral_is_not_whole(item, out):
    stored(item, out)
    assert read_whole(BatchInput(item.source, item.name, "first"), out, RECIPE) is None


def test_a_changed_neutral_picture_is_not_whole(item, out, tmp_path):
    rest = tmp_path / "rest.png"
    rest.write_bytes(b"a")
    item = BatchInput(item.source, item.name, str(rest))
    stored(item, out)
    assert read_whole(item, out, RECIPE) is not None
    rest.write_bytes(b"ab")
    assert read_whole(item, out, RECIPE) is None


@pytest.mark.parametrize("change", ["size", "time", "missing"])
def test_a_changed_input_is_not_whole(item, out, change):
    stored(item, out)
    if change == "size":
        status = os.stat(item.source)
        with open(item.source, "ab") as file:
            file.write(b"x")
        os.utime(item.source, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "time":
        os.utime(item.source, (1, 1))
    else:
        os.unlink(item.source)
    assert read_whole(item, out, RECIPE) is None


def test_a_folder_changes_with_every_file_in_it(tmp_path):
    folder = tmp_path / "frames"
    folder.mkdir()
    states = [file_state(str(folder))]
    for name in ("1.png", "2.png"):
        (folder / name).write_bytes(b"x")
        states.append(file_state(str(folder)))
    os.utime(folder / "1.png", (1, 1))
    states.append(file_state(str(folder)))
    (folder / "1.png").rename(folder / "0.png")
    states.append(file_state(str(folder)))
    assert len(set(states)) == 5
    assert file_state(str(folder)) == states[-1]


def test_a_missing_input_has_no_state(tmp_path):
    assert file_state(str(tmp_path / "missing")) is None


def test_discarded_files_are_gone(item, out):
    stored(item, out)
    discard(item, out, "csv")
    assert not result_path(out, item, "csv").exists()
    assert not record_path(out, item).exists()
    discard(item, out, "csv")  # again: nothing to do


def test_only_old_unfinished_files_of_ours_are_removed(tmp_path):
    names = [f".{'0a' * 16}.part", f"results/x/.{'b' * 32}.part", "results/x/.mine.part", "a.part"]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
        os.utime(path, (1, 1))
    young = tmp_path / "results" / f".{'c' * 32}.part"
    young.write_bytes(b"half")
    remove_leftovers(str(tmp_path))
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.part")}
    assert left == {"results/x/.mine.part", "a.part", f"results/{young.name}"}


def test_what_ended_workers_had_begun_to_write_is_removed_and_no_more(item, out):
    other = BatchInput("x/other", item.source)
    targets = [
        result_path(out, item, "csv"),
        record_path(out, item),
        Path(out, "annotated", f"{item.name}.mp4"),
        result_path(out, other, "csv"),
    ]
    for target in targets:
        target.parent.mkdir(parents=True, exist_ok=True)
    writing = [part_file(target, target.suffix) for target in targets]
    begun = [file.__enter__() for file in writing]  # and never ended, as in a killed process
    for part in begun:
        part.write_bytes(b"half")
    remove_unfinished([item], out, "csv")
    assert [part.exists() for part in begun] == [False, False, False, True]


# The summary


def test_a_row_counts_frames_and_faces_and_has_the_peaks(item, out):
    row = stored(item, out)
    assert (row.frames, row.frames_with_face, row.faces, row.neutral) == (3, 2, 1, "frame 0")
    assert row.peaks == {"AU01": pytest.approx(0.3), "AU12": pytest.approx(0.4)}
    assert row.error == ""


def test_peaks_are_over_all_faces(item, out):
    result = make_result(found=(True,) * 4, face_id=(0, 1, 0, 1))
    row = store(result, item, out, RECIPE, None, time.perf_counter())
    assert (row.frames, row.frames_with_face, row.faces) == (2, 2, 2)
    assert row.neutral == "frame 0, frame 1"
    assert row.peaks["AU12"] == pytest.approx(0.6)


def test_without_a_face_there_are_no_peaks(item, out):
    row = store(make_result((False, False)), item, out, RECIPE, None, time.perf_counter())
    assert (row.frames, row.frames_with_face, row.faces, row.peaks) == (2, 0, 0, {})
    table = summary_frame([row, stored(item, out)])
    assert table["AU01_peak"].isna().tolist() == [True, False]


def test_a_failed_input_has_a_reason_and_empty_cells(tmp_path):
    rows = [InputSummary("bad.mp4", error="bad.mp4 is empty"), InputSummary("a", "r", 1, 1, 1)]
    write_summary(rows, tmp_path / "s.csv")
    table = pd.read_csv(tmp_path / "s.csv", keep_default_na=False)
    assert table["error"].tolist() == ["bad.mp4 is empty", ""]
    assert table["frames"].tolist() == ["", "1"]


def test_a_summary_of_nothing_has_its_columns(tmp_path):
    write_summary([], tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_text() == (
        "input,result,frames,frames_with_face,faces,neutral,seconds,error\n"
    )


@pytest.mark.parametrize("text", ["=1+1.mp4", "+a", "-a", "@a", '=cmd|"/c calc"!A1'])
def test_no_text_in_the_summary_can_be_a_formula(tmp_path, text):
    row = InputSummary(input=text, result=text, neutral=text, error=text)
    write_summary([row], tmp_path / "s.csv")
    table = pd.read_csv(tmp_path / "s.csv")
    assert table[["input", "result", "neutral", "error"]].iloc[0].tolist() == ["'" + text] * 4


def test_every_row_of_the_summary_is_one_line(tmp_path):
    write_summary([InputSummary("a\r\nb", error="c\nd")], tmp_path / "s.csv")
    assert (tmp_path / "s.csv").read_bytes().count(b"\n") == 2


def test_control_characters_in_the_summary_are_escapes(tmp_path):
    write_summary([InputSummary("\t=1\x1b[2J", error="\x9b31m\u202e")], tmp_path / "s.csv")
    table = pd.read_csv(tmp_path / "s.csv")
    assert table["input"][0] == r"'\t=1\x1b[2J"
    assert table["error"][0] == r"\x9b31m\u202e"


@pytest.mark.parametrize("name", ["a:b/c?.mp4", "x" * 254, "con.mp4", "a\nb"])
def test_files_have_names_that_every_system_takes(tmp_path, out, name):
    source = tmp_path / "clip.mp4"
    source.write_bytes(b"video")
    item = BatchInput(str(source), name)
    row = stored(item, out)
    parts = row.result.split("/")[1:]
    assert all(len(part.encode()) <= 255 for part in parts)
    assert not set(row.result) & set(':?\n"<>|*\\')
    assert not any(part.split(".")[0] == "con" for part in parts)
    assert read_whole(item, out, RECIPE) == row


def test_names_that_are_not_utf_8_can_be_written(tmp_path):
    write_summary([InputSummary(os.fsdecode(b"\xff.mp4"))], tmp_path / "s.csv")
    assert "dcff" in (tmp_path / "s.csv").read_text(encoding="utf-8")
