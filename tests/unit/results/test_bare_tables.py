"""Tables that were parted from their side-car file are read as far as they tell."""

import numpy as np
import pytest
from made_results import make_result

from au_detect.errors import InputError
from au_detect.results import read_result


@pytest.mark.parametrize("decimal", ["point", "comma"])
def test_a_table_alone_gives_the_same_rows_and_decisions(tmp_path, decimal):
    result = make_result(lost=(2,))
    result.to_csv(tmp_path / "moved.csv", decimal=decimal)
    back = read_result(tmp_path / "moved.csv")
    assert back.aus == result.aus
    np.testing.assert_array_equal(back.active, result.active)
    np.testing.assert_allclose(back.probabilities, result.probabilities)
    np.testing.assert_allclose(back.timestamp_s, result.timestamp_s)
    assert back.input == result.input
    assert back.neutral == result.neutral
    assert "thresholds are taken from the decisions" in back.settings["notices"][0]


def test_decisions_on_either_side_of_one_half_are_kept(tmp_path):
    low = make_result(probabilities=np.array([[0.2, 0.1], [0.3, 0.9]] * 3), thresholds=[0.25, 0.1])
    low.to_csv(tmp_path / "r.csv")
    np.testing.assert_array_equal(read_result(tmp_path / "r.csv").active, low.active)


def test_decisions_that_no_threshold_gives_are_refused(tmp_path):
    make_result().to_csv(tmp_path / "r.csv")
    lines = (tmp_path / "r.csv").read_text().splitlines()
    first = lines[1].split(",")
    first[lines[0].split(",").index("AU12_c")] = "1"  # at 0.2, while 0.9 is on and 0.2 off
    (tmp_path / "r.csv").write_text("\n".join([lines[0], ",".join(first), *lines[2:]]))
    with pytest.raises(InputError, match=r"AU12 is on at 0\.2 and off at 0\.2"):
        read_result(tmp_path / "r.csv")


def test_a_clip_is_no_result_and_the_message_says_so(tmp_path):
    (tmp_path / "clip.mp4").write_bytes(b"\0\0\0\x18ftypmp42\x80\xff" * 9)
    with pytest.raises(InputError, match=r"clip\.mp4 must be a .*result of au_detect"):
        read_result(tmp_path / "clip.mp4")
