from pathlib import Path

import cv2
import numpy as np

from au_detect.datasets.collection import Collection, Problem, SequenceRecord
from au_detect.datasets.sequences import LabelledSequences
from au_detect.datasets.summary import (
    AUCount,
    find_damaged_files,
    summarise_collection,
    summarise_sequences,
)

PRESENT = float("nan")


def make(name, subject, aus, emotion="", **changes):
    frames = changes.pop("frames", tuple(Path(f"{name}/{i}.png") for i in range(3)))
    return SequenceRecord(name, subject, frames, aus, emotion, **changes)


def test_counts_of_a_collection():
    records = (
        make("a", "anna", {12: 3.0, 25: PRESENT}, "happiness"),
        make("b", "anna", {12: PRESENT, 4: 0.0}, "happiness"),
        make("c", "ben", {12: 1.0, 61: 2.0}),
        make("d", "ben", {}, frames=(Path("d.mp4"),), is_video=True),
    )
    problems = (Problem("x", "a", "1"), Problem("y", "b", "2"), Problem("x", "c", "3"))
    summary = summarise_collection(Collection("here", records, problems))
    assert (summary.n_subjects, summary.n_sequences) == (2, 4)
    assert (summary.n_frames, summary.n_videos) == (9, 1)
    assert summary.aus == {12: AUCount(3, 2, 2), 25: AUCount(1, 1, 0), 61: AUCount(1, 1, 1)}
    assert list(summary.aus) == [12, 25, 61]
    assert summary.emotions == {"happiness": 2, "": 2}
    assert {kind: len(listed) for kind, listed in summary.problems.items()} == {"x": 2, "y": 1}


def test_frame_coded_rows_count_their_frames_once():
    frames = tuple(Path(f"{i}.png") for i in range(5))
    records = tuple(make(str(i), "anna", {}, frames=frames, apex=i) for i in (1, 2, 3))
    assert summarise_collection(Collection("here", records)).n_frames == 5


def test_counts_of_a_measured_table():
    n = 4
    table = LabelledSequences(
        neutral_points=np.zeros((n, 68, 2), np.float32),
        points=np.zeros((n, 68, 2), np.float32),
        neutral_furrows=None,
        furrows=None,
        aus=(12, 25),
        intensity=np.array([[3, 0], [2, np.nan], [0.5, 1], [0, 1]], np.float32),
        subject=np.array([7, 7, 7, 8]),
        landmark_model="made-up",
        attributes={
            "name": np.array(["a", "a", "b", "c"]),
            "emotion": np.array(["anger", "anger", "", ""]),
        },
    )
    summary = summarise_sequences(table)
    assert (summary.n_subjects, summary.n_sequences, summary.n_frames) == (2, 3, 4)
    assert summary.aus == {12: AUCount(1, 1, None), 25: AUCount(2, 2, None)}
    assert summary.emotions == {"": 2, "anger": 1}


def test_damaged_pictures_and_landmarks_are_found(tmp_path, face_px):
    png = cv2.imencode(".png", np.full((40, 40), 90, np.uint8))[1].tobytes()
    contents = {
        "1.png": png,
        "2.png": b"",
        "3.png": b"text",
        "5.png": png[:-20],
        "6.png": png + b"x",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    np.savetxt(tmp_path / "1.txt", face_px)
    np.savetxt(tmp_path / "2.txt", face_px[:67])
    frames = tuple(tmp_path / f"{i}.png" for i in range(1, 7))
    landmarks = (tmp_path / "1.txt", tmp_path / "2.txt", *[None] * 4)
    record = make("a", "anna", {}, frames=frames, landmarks=landmarks)
    found = [str(p) for p in find_damaged_files(Collection("here", (record,)))]
    assert len(found) == 5
    for word in ("2.png", "got 67", "3.png", "4.png does not exist", "5.png cannot be decoded"):
        assert sum(word in text for text in found) == 1
