"""RAF-AU and EmotioNet in the documented formats: pictures without a neutral face."""

import numpy as np
from process_time import paced_seconds

from au_detect.datasets.loading import read_collection
from au_detect.datasets.single_pictures import read_emotionet, read_raf_au


def test_raf_au(tmp_path):
    (tmp_path / "original").mkdir()
    (tmp_path / "aligned").mkdir()
    for name in ("0001.jpg", "0002.jpg"):
        (tmp_path / "original" / name).write_bytes(b"")
    (tmp_path / "aligned" / "0003_aligned.jpg").write_bytes(b"")
    (tmp_path / "RAFAU_label.txt").write_text(
        "0001.jpg 1+2+L12\n0002.jpg null\n0003.jpg 25\n0004.jpg 4\n0001.jpg nonsense\n"
    )
    collection = read_collection(tmp_path)
    assert collection.kind == "RAF-AU"
    first, second, third = collection.records
    assert set(first.aus) == {1, 2, 12}
    np.testing.assert_allclose(first.intensity([12, 25]), [1, 0], rtol=1e-6)  # not listed: absent
    assert second.aus == {}
    assert third.frames[0].name == "0003_aligned.jpg"
    assert first.neutral_frames() == ()
    assert len({record.subject for record in collection.records}) == 3
    texts = [str(problem) for problem in read_raf_au(tmp_path).problems]
    assert "0004.jpg is not there" in texts[0]
    assert "a whole number above 0" in texts[1]


def test_emotionet(tmp_path):
    (tmp_path / "images").mkdir()
    for name in ("a_1.jpg", "b_2.jpg"):
        (tmp_path / "images" / name).write_bytes(b"")
    (tmp_path / "dataFile_0001.csv").write_text(
        "URL,'AU 1','AU 12','AU 60'\n"
        "http://example.org/x/a_1.jpg,1,0,999\n"
        "http://example.org/x/b_2.jpg,999,999,0\n"
        "http://example.org/x/c_3.jpg,0,0,0\n"
        "http://example.org/x/a_1.jpg,5,0,0\n"
    )
    collection = read_collection(tmp_path)
    assert collection.kind == "EmotioNet"
    first, second = collection.records
    np.testing.assert_allclose(first.intensity([1, 12, 25]), [1, 0, np.nan], rtol=1e-6)
    np.testing.assert_array_equal(second.intensity([1, 12]), [np.nan, np.nan])
    texts = [str(problem) for problem in read_emotionet(tmp_path).problems]
    assert "the picture c_3 is not there" in texts[0]
    assert "must hold 0, 1 or 999, got ['5']" in texts[1]


def test_twenty_thousand_rows_are_read_in_two_seconds(tmp_path):
    aus = ",".join(f"AU {au}" for au in range(1, 13))
    rows = "".join(f"http://a/{i}.jpg,{'0,' * 11}1\n" for i in range(20_000))
    (tmp_path / "table.csv").write_text(f"URL,{aus}\n{rows}")
    (tmp_path / "7.jpg").write_bytes(b"")
    assert len(read_emotionet(tmp_path)) == 1
    assert paced_seconds(lambda: read_emotionet(tmp_path)) < 2
