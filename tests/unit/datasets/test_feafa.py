"""FEAFA in the documented format."""

import pytest

from au_detect.datasets.feafa import read_feafa
from au_detect.datasets.loading import read_collection
from au_detect.errors import InputError


@pytest.fixture
def feafa(tmp_path):
    folder = tmp_path / "0001"
    folder.mkdir()
    for i in range(40):
        units = [0.0] * 24
        if i == 7:
            units[11], units[12] = 0.25, 0.6  # left and right lip corner pulled
        (folder / f"{i:05}.jpg").write_bytes(b"")
        (folder / f"{i:05}.auw").write_text(" ".join(map(str, units)))
    return tmp_path


def test_the_stronger_side_counts_and_one_is_e(feafa):
    collection = read_collection(feafa)
    assert collection.kind == "FEAFA"
    assert not collection.problems
    (smile,) = [record for record in collection.records if record.aus[12]]
    assert smile.aus[12] == pytest.approx(3)
    assert smile.frame(smile.apex).path.name == "00007.jpg"
    assert not {1, 2} & smile.aus.keys()  # "brow raised" is one of them, or both


def test_damaged_labels_are_named(feafa):
    (feafa / "0001" / "00003.auw").write_text("0.5 " * 23)
    (feafa / "0001" / "00004.auw").write_text("2 " * 24)
    (feafa / "0001" / "90000.auw").write_text("0 " * 24)
    texts = [str(problem) for problem in read_feafa(feafa).problems]
    assert sum("must hold 24 numbers in [0, 1]" in text for text in texts) == 2
    assert any("there is no such picture" in text for text in texts)
    with pytest.raises(InputError, match=r"must hold \.auw files"):
        read_feafa(feafa / "nowhere")
