import pytest

from au_detect.datasets.ckplus import EMOTIONS, read_sequences
from au_detect.errors import InputError

FACS = "   1.2000000e+01   4.0000000e+00\n\n   2.5000000e+01   0.0000000e+00\n"


def add_sequence(root, subject, number, facs=FACS, emotion="   5.0000000e+00\n", n_frames=3):
    """Write a sequence as CK+ has it; `facs` or `emotion` None leaves the file out."""
    place = f"{subject}/{number}"
    stem = f"{subject}_{number}_{n_frames:08d}"
    for folder in ("cohn-kanade-images", "FACS", "Emotion"):
        (root / folder / place).mkdir(parents=True)
    for frame in range(1, n_frames + 1):
        name = f"{subject}_{number}_{frame:08d}.png"
        (root / "cohn-kanade-images" / place / name).write_bytes(b"")
    if facs is not None:
        (root / "FACS" / place / f"{stem}_facs.txt").write_text(facs, encoding="utf-8")
    if emotion is not None:
        (root / "Emotion" / place / f"{stem}_emotion.txt").write_text(emotion)


def test_labels_are_those_of_the_peak_frame(tmp_path):
    add_sequence(tmp_path, "S005", "001")
    (sequence,) = read_sequences(tmp_path)
    assert sequence.folder == tmp_path / "cohn-kanade-images" / "S005" / "001"
    assert (sequence.subject, sequence.number) == ("S005", "001")
    assert sequence.aus == {12: 4.0, 25: 0.0}
    assert sequence.emotion == "happiness"


def test_sequences_are_ordered_by_subject_and_number(tmp_path):
    for subject, number in (("S010", "002"), ("S005", "001"), ("S010", "001")):
        add_sequence(tmp_path, subject, number)
    found = [(s.subject, s.number) for s in read_sequences(tmp_path)]
    assert found == [("S005", "001"), ("S010", "001"), ("S010", "002")]


def test_without_facs_labels_a_sequence_is_left_out(tmp_path):
    add_sequence(tmp_path, "S005", "001")
    add_sequence(tmp_path, "S005", "002", facs=None)
    assert [s.number for s in read_sequences(tmp_path)] == ["001"]


def test_without_an_emotion_label_it_is_none(tmp_path):
    add_sequence(tmp_path, "S005", "001", emotion=None)
    assert read_sequences(tmp_path)[0].emotion is None


def test_a_folder_without_emotion_labels_at_all(tmp_path):
    add_sequence(tmp_path, "S005", "001", emotion=None)
    for folder in ("Emotion/S005/001", "Emotion/S005", "Emotion"):
        (tmp_path / folder).rmdir()
    assert read_sequences(tmp_path)[0].emotion is None


def test_a_face_at_rest_has_an_empty_facs_file(tmp_path):
    add_sequence(tmp_path, "S005", "001", facs="\n")
    assert read_sequences(tmp_path)[0].aus == {}


def test_files_beside_the_folders_do_not_matter(tmp_path):
    add_sequence(tmp_path, "S005", "001")
    (tmp_path / "cohn-kanade-images" / ".DS_Store").write_bytes(b"\0")
    (tmp_path / "cohn-kanade-images" / "S005" / ".DS_Store").write_bytes(b"\0")
    assert len(read_sequences(str(tmp_path))) == 1


@pytest.mark.parametrize(("number", "name"), EMOTIONS.items())
def test_emotions_have_the_numbers_of_ck_plus(tmp_path, number, name):
    add_sequence(tmp_path, "S005", "001", emotion=f"   {number:.7e}\n")
    assert read_sequences(tmp_path)[0].emotion == name


@pytest.mark.parametrize(
    "line",
    [
        "12",
        "12 4 1",
        "smile 4",
        "12.5 4",
        "0 4",
        "-1 4",
        "nan 4",
        "inf 4",
        "12 6",
        "12 nan",
        "12 é",
    ],
)
def test_damaged_facs_labels_are_named(tmp_path, line):
    add_sequence(tmp_path, "S005", "001", facs=f"4 3\n{line}\n")
    with pytest.raises(InputError, match=r"S005_001_00000003_facs\.txt must hold two numbers"):
        read_sequences(tmp_path)


@pytest.mark.parametrize("text", ["", "happy", "8", "-1", "nan", "inf", "5 6", "5.5"])
def test_damaged_emotion_labels_are_named(tmp_path, text):
    add_sequence(tmp_path, "S005", "001", emotion=text)
    with pytest.raises(InputError, match=r"emotion\.txt must hold a number from 0 to 7, got"):
        read_sequences(tmp_path)


@pytest.mark.parametrize("place", ["missing", "."])
def test_another_folder_is_refused(tmp_path, place):
    with pytest.raises(InputError, match="must hold the folder cohn-kanade-images, but it does"):
        read_sequences(tmp_path / place)
