"""Any collection as a plain table that is read again."""

import cv2
import numpy as np
import pytest

from au_detect.datasets.coded_frames import UNKNOWN_STRENGTH, CodedVideo, records_of
from au_detect.datasets.collection import Collection, SequenceRecord
from au_detect.datasets.sequence_table import read_sequence_table
from au_detect.datasets.table_writing import write_sequence_table


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "pictures" / "film"
    place.mkdir(parents=True)
    for i in range(40):
        cv2.imwrite(str(place / f"f{i:02}.png"), np.zeros((8, 8), np.uint8))
    return place


def test_what_is_written_is_read_again(folder, tmp_path):
    frames = tuple(sorted(folder.iterdir()))
    intensity = np.zeros((40, 2), np.float32)
    intensity[9], intensity[20] = [3, np.nan], [0, UNKNOWN_STRENGTH]
    coded = CodedVideo("film", "anna", frames, False, np.arange(40), (4, 12), intensity)
    ben = SequenceRecord("ben", "ben", (frames[0],), {12: 2.5}, "happiness", neutral=None)
    dana = SequenceRecord(
        "dana", "dana", frames, {4: 1.0, 12: 2.0, 14: np.nan}, neutral=frames[3],
        fully_coded=False, sides={12: (2.0, 0.5), 14: (0.0, np.nan)},
    )  # fmt: skip
    records = (*records_of([coded]), ben, dana)
    path = tmp_path / "sequences.csv"
    write_sequence_table(path, Collection("somewhere", records))
    again = read_sequence_table(path)
    assert {problem.kind for problem in again.problems} == {"one-sided AUs"}
    assert len(again) == len(records)
    for one, other in zip(records, again.records, strict=True):
        assert (one.name, one.subject, one.emotion) == (other.name, other.subject, other.emotion)
        np.testing.assert_array_equal(one.intensity([4, 12]), other.intensity([4, 12]))
        np.testing.assert_array_equal(one.strengths([4, 12, 14]), other.strengths([4, 12, 14]))
        if one.apex is not None:
            assert one.frame(one.apex).path.samefile(other.frame(other.apex).path)
        assert bool(one.neutral_frames()) == bool(other.neutral_frames())
    kept = {frame.path.name for frame in again.records[0].neutral_frames()}
    assert kept == {record.frame(record.apex).path.name for record in records[:-2]}


def test_cells_that_are_not_coded_and_frames_by_name(folder, tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(
        "path,subject,frame,neutral,AU1,AU4,AU12\n"
        "pictures/film,anna,f07.png,auto,?,9,3\n"
        "pictures/film,anna,f09,auto,999,-1,0\n"
        "pictures/film/f03.png,ben,,none,x,0,\n"
        "pictures/film,anna,nothere,auto,0,0,0\n"
    )
    collection = read_sequence_table(path)
    first, second, third = collection.records
    assert (first.apex, second.apex) == (7, 9)
    assert first.aus == {12: 3}
    assert second.aus == {12: 0}
    assert [f.path.name for f in first.neutral_frames()] == ["f07.png", "f09.png"]
    assert third.neutral_frames() == ()
    assert "no picture is called so" in str(collection.problems[0])
