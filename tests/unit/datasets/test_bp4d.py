"""BP4D in the documented format."""

import numpy as np
import pytest

from au_detect.datasets.bp4d import read_bp4d
from au_detect.datasets.loading import read_collection
from au_detect.errors import InputError


@pytest.fixture
def bp4d(tmp_path):
    occurrence, intensity = (tmp_path / "AUCoding" / name for name in ("AU_OCC", "AU_INT"))
    occurrence.mkdir(parents=True)
    (intensity / "AU12").mkdir(parents=True)
    pictures = tmp_path / "2D+3D" / "F001" / "T1"
    pictures.mkdir(parents=True)
    rows = ["0,1,4,12"]
    for frame in range(501, 541):
        on = int(frame == 510)
        rows.append(f"{frame},{on},9,{int(frame in (520, 521))}")
        (pictures / f"{frame:04}.jpg").write_bytes(b"")
    (occurrence / "F001_T1.csv").write_text("\n".join(rows))
    (intensity / "AU12" / "F001_T1_AU12.csv").write_text(
        "\n".join(f"{frame},{5 if frame == 521 else 9}" for frame in range(501, 541))
    )
    return tmp_path


def test_nine_is_not_coded_and_strength_is_added_where_it_is_known(bp4d):
    collection = read_collection(bp4d)
    assert collection.kind == "BP4D"
    assert not collection.problems
    apexes = {
        record.frame(record.apex).path.name: record.aus
        for record in collection.records
        if any(value != 0 for value in record.aus.values())
    }
    assert apexes.keys() == {"0510.jpg", "0521.jpg"}
    assert apexes["0521.jpg"] == {1: 0, 12: 5}  # AU4 was not coded
    assert np.isnan(apexes["0510.jpg"][1])
    assert {record.subject for record in collection.records} == {"F001"}


def test_what_is_missing_is_named(bp4d):
    (bp4d / "AUCoding" / "AU_OCC" / "M002_T3.csv").write_text("0,1\n1,0\n")
    (bp4d / "2D+3D" / "F001" / "T1" / "0530.jpg").unlink()
    texts = [str(problem) for problem in read_bp4d(bp4d).problems]
    assert any("1 coded frames have no picture" in text for text in texts)
    assert any("M002_T3.csv: there are no pictures" in text for text in texts)


def test_damaged_codes_are_left_out(bp4d):
    (bp4d / "AUCoding" / "AU_OCC" / "F001_T1.csv").write_text("0,1\n501,7\n")
    collection = read_bp4d(bp4d)
    assert not collection.records
    assert "must hold 0, 1 or 9" in str(collection.problems[0])
    with pytest.raises(InputError, match="must hold the folder AU_OCC"):
        read_bp4d(bp4d / "2D+3D")
