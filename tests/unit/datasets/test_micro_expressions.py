"""CASME II and SAMM in the documented formats."""

import pytest

pytest.importorskip("openpyxl")

import openpyxl

from au_detect.datasets.loading import read_collection
from au_detect.datasets.micro_expressions import read_micro_expressions
from au_detect.errors import InputError

CASME = ("Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None,
         "Action Units", "Estimated Emotion")  # fmt: skip
SAMM = ("Subject", "Filename", "Inducement Code", "Onset Frame", "Apex Frame", "Offset Frame",
        "Duration", "Micro", "Objective Classes", "Estimated Emotion", "Action Units")  # fmt: skip


def write(path, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    book.save(path)


def pictures(folder, names):
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_bytes(b"")


def test_casme(tmp_path):
    write(tmp_path / "CASME2-coding-20140508.xlsx", [
        CASME,
        (1, "EP02_01f", None, 46, 59, 86, None, "L12+4?", "happiness"),
        (1, "EP03_02", None, 46, "/", 86, None, "4", "others"),
        (2, "EP09_01", None, 46, 59, 86, None, "4", "others"),
    ])  # fmt: skip
    frames = [f"img{i}.jpg" for i in range(46, 87)]
    pictures(tmp_path / "CASME2_RAW_selected" / "sub01" / "EP02_01f", frames)
    pictures(tmp_path / "CASME2_RAW_selected" / "sub01" / "EP03_02", frames)
    collection = read_collection(tmp_path)
    assert collection.kind == "CASME II or SAMM"
    (record,) = collection.records
    assert record.frame(record.apex).path.name == "img59.jpg"
    assert record.neutral_frames()[0].path.name == "img46.jpg"
    assert record.emotion == "happiness"
    assert record.subject == "1"
    assert 4 not in record.aus  # doubtful
    assert record.aus[12] != 0
    assert record.aus[25] == 0
    texts = [str(problem) for problem in collection.problems]
    assert "the apex frame must be a number, got '/'" in texts[0]
    assert "the pictures of 2_EP09_01 are not there" in texts[1]


def test_samm_has_remarks_above_its_heading(tmp_path):
    remarks = [("SAMM",), ("Notes",), ()]
    row = ("006", "006_1_2", 1, 5562, 5572, 5588, 27, "Micro", 1, "Anger", "AU4B")
    write(tmp_path / "SAMM_Micro_FACS_Codes_v2.xlsx", [*remarks, SAMM, row])
    pictures(tmp_path / "006" / "006_1_2", [f"006_{i:05}.jpg" for i in range(5562, 5589)])
    (record,) = read_micro_expressions(tmp_path).records
    assert record.apex == 10
    assert record.aus[4] == 2
    assert record.subject == "6"
    assert record.emotion == "anger"


def test_other_spreadsheets_are_not_taken_for_one(tmp_path):
    write(tmp_path / "costs.xlsx", [("What", "How much")])
    (tmp_path / "damaged.xlsx").write_bytes(b"PK")
    with pytest.raises(InputError, match="must hold a spreadsheet with columns subject, filename"):
        read_micro_expressions(tmp_path)
