import math

import cv2
import numpy as np
import pytest
from process_time import paced_seconds

from au_detect.datasets.labelled_features import PRESENT
from au_detect.datasets.sequence_table import read_sequence_table
from au_detect.errors import InputError

GREY = np.full((24, 32), 90, np.uint8)


@pytest.fixture
def root(tmp_path):
    """Return a folder with three pictures of anna, a picture of ben's, and a short video."""
    (tmp_path / "anna").mkdir()
    for name in ("1.png", "2.png", "10.png"):
        cv2.imwrite(str(tmp_path / "anna" / name), GREY)
    for name in ("rest.png", "angry.png"):
        cv2.imwrite(str(tmp_path / name), GREY)
    video = cv2.VideoWriter(
        str(tmp_path / "film.avi"), cv2.VideoWriter.fourcc(*"MJPG"), 10, (32, 24)
    )
    for _ in range(4):
        video.write(cv2.cvtColor(GREY, cv2.COLOR_GRAY2BGR))
    video.release()
    return tmp_path


def read(root, text, **options):
    """Write a table and read it."""
    path = root / "sequences.csv"
    path.write_text(text, **options)
    return read_sequence_table(path)


def read_row(root, text):
    """Return the only record of a table without problems."""
    collection = read(root, text)
    assert collection.problems == ()
    (record,) = collection.records
    return record


def left_out(root, text):
    """Return the problem of a table whose only row cannot be read."""
    collection = read(root, text)
    assert collection.records == ()
    (problem,) = collection.problems
    assert problem.kind == "rows left out"
    return str(problem)


def test_a_folder_is_a_sequence_from_its_first_frame_to_its_last(root):
    record = read_row(root, "path,subject,aus,emotion\nanna,Anna,12:3 25,happiness\n")
    assert [path.name for path in record.frames] == ["1.png", "2.png", "10.png"]
    assert (record.name, record.subject, record.emotion) == ("anna", "Anna", "happiness")
    assert (record.neutral, record.apex, record.is_video) == (0, None, False)
    np.testing.assert_array_equal(record.intensity([12, 25, 4]), [3, PRESENT, 0])


def test_a_glob_pattern_is_a_sequence(root):
    record = read_row(root, "path,subject,aus\nanna/1*.png,Anna,12\n")
    assert [path.name for path in record.frames] == ["1.png", "10.png"]


def test_a_video_is_a_sequence(root):
    record = read_row(root, "path,subject,neutral,aus\nfilm.avi,Anna,1,12\n")
    assert record.is_video
    assert record.frames == (root / "film.avi",)
    assert str(record.neutral_frames()[0]) == f"{root / 'film.avi'}#1"


def test_a_picture_with_a_neutral_picture(root):
    record = read_row(root, "path,subject,neutral,aus\nangry.png,Ben,rest.png,4\n")
    assert record.neutral_frames()[0].path == root / "rest.png"
    assert record.frame(0).path == root / "angry.png"


@pytest.mark.parametrize("where", ["anna", "film.avi"])
def test_frame_coded_rows_share_their_frames(root, where):
    collection = read(root, f"path,subject,frame,AU12\n{where},Anna,1,3\n{where},Anna,2,5\n")
    assert [record.apex for record in collection.records] == [1, 2]
    assert [record.name for record in collection.records] == [f"{where}#1", f"{where}#2"]
    assert collection.problems == ()


def test_au_columns_say_absent_and_not_coded(root):
    text = "path,subject,AU1,AU02,au4,AU12,AU15\nanna,Anna,0,,C,2.5,x\n"
    record = read_row(root, text)
    np.testing.assert_array_equal(
        record.intensity([1, 2, 4, 12, 15, 25]), [0, math.nan, 3, 2.5, PRESENT, math.nan]
    )


def test_an_empty_cell_of_aus_is_a_face_at_rest(root):
    record = read_row(root, "path,subject,aus\nanna,Anna,\n")
    np.testing.assert_array_equal(record.intensity([1, 12]), [0, 0])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_tables_of_spreadsheets(root, delimiter, encoding, newline):
    lines = ["Path,Subject,AUs,Remark", "anna,Zoë,12:3 25,", '"anna/1*.png",Zoë,,"a, b"', ",,,", ""]
    text = newline.join(lines).replace(",", delimiter)
    collection = read(root, text, encoding=encoding, newline="")
    assert [record.subject for record in collection.records] == ["Zoë", "Zoë"]
    assert collection.problems == ()


def test_names_may_be_given(root):
    assert read_row(root, "name,path,subject,aus\nsmile,anna,Anna,12\n").name == "smile"


def test_short_rows_have_empty_cells(root):
    assert read_row(root, "path,subject,aus,emotion\nanna,Anna,12\n").emotion == ""


def test_emotions_are_names_or_numbers(root):
    assert read_row(root, "path,subject,aus,emotion\nanna,Anna,,5\n").emotion == "happiness"
    collection = read(root, "path,subject,aus,emotion\nanna,Anna,,bored\n")
    assert collection.records[0].emotion == ""
    assert "an emotion must be a number from 0 to 7 or one of neutral" in str(
        collection.problems[0]
    )


def test_unusual_aus_are_read_and_named(root):
    collection = read(root, "path,subject,aus\nanna,Anna,12 L14 61 12\n")
    assert collection.records[0].aus.keys() == {12, 14, 61}
    assert {p.kind for p in collection.problems} == {
        "unknown AUs", "one-sided AUs", "duplicate AUs",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("nobody,Anna,,,12,", "row 2: path nobody does not exist: left out"),
        ("sequences.csv,Anna,,,12,", "sequences.csv must be a picture"),
        ("empty,Anna,,,12,", "path empty must hold pictures, got none"),
        ("*.jpg,Anna,,,12,", "must hold pictures, got none"),
        (",Anna,,,12,", "path must be given, got an empty cell"),
        ("anna,,,,12,", "subject must be given, got an empty cell"),
        ("anna,Anna,3,,12,", "neutral must be a frame from 0 to 2, got 3"),
        ("anna,Anna,-1,,12,", "neutral must be a frame number or a picture, got '-1'"),
        ("anna,Anna,film.avi,,12,", "neutral must be a frame number or a picture, got 'film.avi'"),
        ("anna,Anna,,3,12,", "apex must be a frame from 0 to 2, got 3"),
        ("anna,Anna,,last,12,", "frame must be the number of a frame, from 0, got 'last'"),
        ("anna,Anna,1,1,12,", "neutral must be another frame than the coded one, got frame 1"),
        ("anna,Anna,2,,12,", "neutral must be another frame than the coded one, got frame 2"),
        ("angry.png,Anna,,,12,", "neutral must be another frame than the coded one, got frame 0"),
        ("anna,Anna,,,smile,", "an action unit must be a whole number above 0, got 'smile'"),
        ("anna,Anna,,,12:9,", "an intensity must be 0 to 5 or A to E, got '9'"),
    ],
)
def test_rows_that_cannot_be_read_are_left_out(root, row, message):
    (root / "empty").mkdir()
    assert message in left_out(root, f"path,subject,neutral,frame,aus,emotion\n{row}\n")


def test_the_other_rows_go_on(root):
    collection = read(root, "path,subject,aus\nnobody,Anna,12\nanna,Anna,12\nanna,Anna,25\n")
    assert [record.name for record in collection.records] == ["anna"]
    assert [p.place for p in collection.problems] == ["row 2", "row 4"]
    assert "anna stands above already" in str(collection.problems[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have a column 'path'"),
        ("path,aus\n", "must have a column 'subject', got path, aus"),
        ("path,subject\n", "a column 'aus' or columns 'AU1', 'AU2' …, got neither"),
        ("path,subject,aus,AU12\n", "a column 'aus' or columns 'AU1', 'AU2' …, got both"),
        ("path,subject,AU1,AU01\n", "must have one column for each AU"),
        ("path,subject,aus,Aus\n", "must differ, got twice: aus"),
        ("\0", "must be a table as text"),
    ],
)
def test_tables_that_cannot_be_read(root, text, message):
    with pytest.raises(InputError, match=message):
        read(root, text)


def test_a_missing_table(tmp_path):
    with pytest.raises(InputError, match=r"none\.csv cannot be read: No such file"):
        read_sequence_table(tmp_path / "none.csv")


def test_many_coded_frames_of_one_folder_are_read_quickly(root):
    for number in range(2000):
        (root / "anna" / f"f{number:04}.jpg").touch()
    rows = "".join(f"anna,anna,auto,f{number:04}.jpg,3,,x\n" for number in range(2000))
    table = f"path,subject,neutral,frame,AU1,AU2,AU4\n{rows}"
    assert paced_seconds(lambda: read(root, table)) < 1.5
    collection = read(root, table)
    assert len(collection) == 2000
    assert collection.records[7].frame(collection.records[7].apex).path.name == "f0007.jpg"
