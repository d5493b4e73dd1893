"""The action-unit set of Aff-Wild2 in the documented format."""

import numpy as np
import pytest

from au_detect.datasets.affwild2 import read_affwild2
from au_detect.datasets.loading import read_collection
from au_detect.errors import InputError


@pytest.fixture
def affwild2(tmp_path):
    labels = tmp_path / "annotations" / "AU_Detection_Challenge" / "Train_Set"
    labels.mkdir(parents=True)
    rows = ["AU1,AU12", *(["0,0"] * 30)]
    rows[6] = "0,1"
    rows[8] = "-1,-1"
    (labels / "video1.txt").write_text("\n".join(rows))
    (labels / "video2_left.txt").write_text("\n".join(rows))
    (labels / "video3.txt").write_text("\n".join(rows))
    cropped = tmp_path / "cropped_aligned" / "video2_left"
    cropped.mkdir(parents=True)
    for i in range(1, 31):
        if i != 6:
            (cropped / f"{i:05}.jpg").write_bytes(b"")
    (tmp_path / "batch1").mkdir()
    (tmp_path / "batch1" / "video1.mp4").write_bytes(b"")
    return tmp_path


def test_minus_one_is_not_coded_and_pictures_go_before_videos(affwild2):
    collection = read_collection(affwild2, video_frames="all")
    assert collection.kind == "Aff-Wild2"
    by_subject = {}
    for record in collection.records:
        by_subject.setdefault(record.subject, []).append(record)
    assert [len(by_subject[name]) for name in ("video1", "video2_left")] == [29, 28]
    smile = by_subject["video1"][5]
    assert smile.apex == 5
    assert np.isnan(smile.aus[12])
    assert smile.is_video
    assert 7 not in [record.apex for record in by_subject["video1"]]
    fifth = by_subject["video2_left"][4]
    assert fifth.frame(fifth.apex).path.name == "00005.jpg"
    assert "video3.txt: there are no cropped pictures" in str(collection.problems[0])


def test_damaged_labels_are_named(affwild2):
    path = affwild2 / "annotations" / "AU_Detection_Challenge" / "Train_Set" / "video1.txt"
    for content, message in (
        ("a,b\n0,0", "names of AUs"),
        ("AU1,AU2\n0", "2 numbers a line"),
        ("AU1,AU2\n0,3", "0, 1 or -1"),
    ):
        path.write_text(content)
        assert message in str(read_affwild2(affwild2).problems[0])
    with pytest.raises(InputError, match="must hold the folder AU_Detection_Challenge"):
        read_affwild2(affwild2 / "batch1")
