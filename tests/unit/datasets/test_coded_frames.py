"""Which frames of long videos become rows."""

from pathlib import Path

import numpy as np
import pytest

from au_detect.datasets.coded_frames import (
    LEAST_REST,
    NEUTRAL_FRAMES,
    UNKNOWN_STRENGTH,
    CodedVideo,
    records_of,
)
from au_detect.errors import InputError

AUS = (4, 12)


def video(intensity, name="film", subject="anna", **changes):
    values = np.asarray(intensity, dtype=np.float32)
    known = {
        "name": name, "subject": subject, "frames": (Path(f"{name}.avi"),), "is_video": True,
        "numbers": np.arange(len(values)), "aus": AUS, "intensity": values,
    }  # fmt: skip
    return CodedVideo(**known | changes)


def smile(n=1000):
    """AU12 rises to 3 in frames 100 to 104 and is on again, without a strength, in 500 to 509."""
    values = np.zeros((n, 2))
    values[96:110, 1] = [1, 1, 2, 2, 3, 3, 3, 3, 3, 2, 2, 1, 1, 1]
    values[500:510, 1] = UNKNOWN_STRENGTH
    return values


def test_every_stretch_gives_its_strongest_frame_and_as_many_rest():
    records = records_of([video(smile())])
    apexes = [record for record in records if record.aus[12] != 0]
    assert [record.apex for record in apexes] == [102, 505]
    assert apexes[0].aus == {4: 0, 12: 3}
    assert np.isnan(apexes[1].aus[12])
    rest = [record.apex for record in records if record not in apexes]
    assert len(rest) == LEAST_REST
    assert np.diff(rest).max() <= 125  # spread over the thousand frames
    assert {record.name for record in apexes} == {"film#102", "film#505"}


def test_rest_is_as_frequent_as_apexes_and_spread_over_a_persons_videos():
    flicker = np.zeros((400, 2))
    flicker[::8, 0] = 2
    records = records_of([video(flicker), video(np.zeros((400, 2)), name="second")])
    rest = [record for record in records if not any(record.aus.values())]
    assert len(records) == 50 + 50
    assert len(rest) == 50
    assert 15 < sum(record.name.startswith("second") for record in rest) < 35


def test_a_neutral_face_for_each_person_out_of_frames_spread_evenly():
    records = records_of(
        [video(smile()), video(smile(), name="b"), video(smile(), name="c", subject="ben")]
    )
    neutrals = {record.subject: record.neutral_frames() for record in records}
    assert {len(frames) for frames in neutrals.values()} == {NEUTRAL_FRAMES}
    assert {frame.path.name for frame in neutrals["anna"]} == {"film.avi", "b.avi"}
    assert {frame.path.name for frame in neutrals["ben"]} == {"c.avi"}


def test_all_frames_may_become_rows():
    assert len(records_of([video(smile())], "all")) == 1000
    with pytest.raises(InputError, match="video_frames must be one of 'sampled', 'all'"):
        records_of([video(smile())], "half")


def test_cells_that_were_not_coded_are_not_there():
    values = smile()
    values[:, 0] = np.nan
    values[200:300] = np.nan
    records = records_of([video(values)])
    assert all(4 not in record.aus for record in records)
    assert not [record for record in records if 200 <= record.apex < 300]
    (record,) = [record for record in records if record.apex == 102]
    np.testing.assert_array_equal(record.intensity([4, 12, 25]), [np.nan, 3, np.nan])


def test_intensity_must_fit_the_frames():
    with pytest.raises(InputError, match=r"intensity must have shape \(3, 2\), got \(2, 2\)"):
        video(np.zeros((2, 2)), numbers=np.arange(3))
