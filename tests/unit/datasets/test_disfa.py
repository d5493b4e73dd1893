"""DISFA and DISFA+ in the documented formats."""

import numpy as np
import pytest
from process_time import paced_seconds

from au_detect.datasets.disfa import read_disfa, read_disfa_plus
from au_detect.datasets.loading import read_collection
from au_detect.errors import InputError

N = 400


@pytest.fixture
def disfa(tmp_path):
    labels = tmp_path / "ActionUnit_Labels"
    for person in ("SN001", "SN002"):
        (labels / person).mkdir(parents=True)
        for au in (1, 12):
            values = np.zeros(N, dtype=int)
            if au == 12:
                values[9:12] = 4  # frames 10 to 12, as DISFA counts
            lines = "".join(f"{i + 1},{v}\n" for i, v in enumerate(values))
            (labels / person / f"{person}_au{au}.txt").write_text(lines)
    for side in ("Left", "Right"):
        folder = tmp_path / f"Video_{side}Camera"
        folder.mkdir()
        (folder / f"{side}VideoSN001_comp.avi").write_bytes(b"")
    return tmp_path


@pytest.mark.parametrize(("camera", "film"), [("left", "Left"), ("right", "Right")])
def test_frames_count_from_nought_and_the_camera_is_chosen(disfa, camera, film):
    collection = read_disfa(disfa, camera=camera)
    (apex,) = [record for record in collection.records if record.aus[12]]
    assert apex.apex == 10
    assert apex.aus == {1: 0, 12: 4}
    assert apex.frames[0].name == f"{film}VideoSN001_comp.avi"
    assert apex.is_video
    assert apex.subject == "SN001"
    assert [str(problem) for problem in collection.problems] == [
        "SN002: there is no video: left out"
    ]


def test_it_is_recognised(disfa):
    assert read_collection(disfa).kind == "DISFA"
    assert len(read_collection(disfa, video_frames="all")) == N


def test_damaged_labels_are_named(disfa):
    (disfa / "ActionUnit_Labels" / "SN001" / "SN001_au1.txt").write_text("1,9\n")
    problems = read_disfa(disfa).problems
    assert "intensities from 0 to 5" in str(problems[0])
    with pytest.raises(InputError, match="must hold the folder ActionUnit_Labels"):
        read_disfa(disfa / "Video_LeftCamera")


def test_twenty_thousand_frames_are_read_in_two_seconds(disfa):
    folder = disfa / "ActionUnit_Labels" / "SN001"
    lines = "".join(f"{i + 1},{i % 5}\n" for i in range(20_000))
    for au in (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26):
        (folder / f"SN001_au{au}.txt").write_text(lines)
    assert paced_seconds(lambda: read_disfa(disfa)) < 2


def test_disfa_plus(tmp_path):
    labels = tmp_path / "Labels" / "SN001" / "A1_AU1_TrailNo_1"
    images = tmp_path / "Images" / "SN001" / "A1_AU1_TrailNo_1"
    labels.mkdir(parents=True)
    images.mkdir(parents=True)
    for i in range(20):
        (images / f"{i:03}.jpg").write_bytes(b"")
    for au, on in ((1, range(5, 8)), (12, ())):
        lines = "".join(f"{i:03}.jpg {3 if i in on else 0}\n" for i in range(20))
        (labels / f"AU{au}.txt").write_text(f"Labels of the trial\nImage AU{au}\n{lines}")
    assert read_collection(tmp_path).kind == "DISFA+"
    collection = read_disfa_plus(tmp_path)
    assert not collection.problems
    (apex,) = [record for record in collection.records if record.aus[1]]
    assert apex.frame(apex.apex).path == images / "006.jpg"
    assert apex.name == "SN001_A1_AU1_TrailNo_1#006.jpg"
    (images / "006.jpg").unlink()
    assert "1 coded pictures are not there" in str(read_disfa_plus(tmp_path).problems[0])
