"""The UNBC-McMaster archive in the documented format."""

import numpy as np
import pytest
from process_time import paced_seconds

from au_detect.datasets.loading import read_collection
from au_detect.datasets.unbc import read_unbc
from au_detect.errors import InputError

PERSON, SEQUENCE = "042-ll042", "ll042t1aaaff"


def make(root, n, lines):
    labels = root / "Frame_Labels" / "FACS" / PERSON / SEQUENCE
    images = root / "Images" / PERSON / SEQUENCE
    labels.mkdir(parents=True)
    images.mkdir(parents=True)
    for i in range(1, n + 1):
        (images / f"{SEQUENCE}{i:03}.png").write_bytes(b"")
        (labels / f"{SEQUENCE}{i:03}_facs.txt").write_text(lines.get(i, ""))
    return root


@pytest.fixture
def unbc(tmp_path):
    brow = "   4.0000000e+00   2.0000000e+00   3.0000000e+00   6.0000000e+00\n"
    eyes = "   4.3000000e+01   0.0000000e+00   8.0000000e+00   9.0000000e+00\n"
    return make(tmp_path, 30, {4: brow, 5: brow, 8: eyes + brow})


def test_four_columns_a_line(unbc):
    collection = read_collection(unbc)
    assert collection.kind == "UNBC-McMaster"
    assert not collection.problems
    shown = {
        record.frame(record.apex).path.stem[-3:]: record.aus
        for record in collection.records
        if any(value != 0 for value in record.aus.values())
    }
    assert shown.keys() == {"005", "008"}
    assert shown["005"][4] == 2
    assert shown["005"][12] == 0  # not listed: absent
    assert np.isnan(shown["008"][43])
    assert {record.subject for record in collection.records} == {PERSON}


def test_problems_are_named(unbc):
    labels = unbc / "Frame_Labels" / "FACS" / PERSON / SEQUENCE
    (labels / f"{SEQUENCE}004_facs.txt").write_text("4 2\n")
    (labels / f"{SEQUENCE}099_facs.txt").write_text("")
    texts = [str(problem) for problem in read_unbc(unbc).problems]
    assert any("must hold AU, intensity, onset and offset a line" in text for text in texts)
    assert any("there is no such picture" in text for text in texts)
    with pytest.raises(InputError, match="must hold the folders Frame_Labels/FACS and Images"):
        read_unbc(unbc / "Images")


def test_many_small_files_are_read_quickly(tmp_path):
    make(tmp_path, 2000, {7: "4 2 1 9\n"})
    assert paced_seconds(lambda: read_unbc(tmp_path)) < 1.5  # 0.1 as a rule
