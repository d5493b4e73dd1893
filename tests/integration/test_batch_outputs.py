"""What a batch writes beside its tables, and what its summary says of every AU."""

import pandas as pd
import pytest

from au_detect import sample_sequences, score_sequences
from au_detect.errors import InputError

WANTED = {"events": "csv", "emotions": True, "video": True, "decimal": "comma"}


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    out = tmp_path_factory.mktemp("scored")
    return out, score_sequences([sample_sequences()["happiness"]], out, **WANTED)


def test_events_emotions_and_copies_are_written(scored):
    out, table = scored
    result = pd.read_csv(out / table["result"][0], sep=";", decimal=",")
    assert result["emotion"].iloc[-1] == "happiness"
    (events,) = (out / "events").rglob("*.csv")
    assert "Lip Corner Puller" in events.read_text()
    assert len([*(out / "annotated").rglob("*.*")]) == 1


def test_the_summary_has_share_mean_peak_intensity_and_events_of_every_au(scored):
    out, table = scored
    result = pd.read_csv(out / table["result"][0], sep=";", decimal=",")
    (row,) = table.to_dict("records")
    assert row["AU12_share"] == pytest.approx(result["AU12_c"].mean(), abs=1e-6)
    assert row["AU12_mean"] == pytest.approx(result["AU12_p"].mean(), abs=1e-6)
    assert row["AU12_peak"] == result["AU12_p"].max()
    assert row["AU12_intensity"] == pytest.approx(result["AU12_r"].max(), abs=0.006)
    assert row["AU12_events"] == 1


def test_a_copy_that_is_gone_is_made_again_and_is_no_input_itself(scored, monkeypatch):
    out, _ = scored
    (copy,) = (out / "annotated").rglob("*.*")
    copy.unlink()
    again = score_sequences([sample_sequences()["happiness"]], out, resume=True, **WANTED)
    assert copy.is_file()
    assert len(again) == 1
    with pytest.raises(InputError, match="videos or pictures, got none"):
        score_sequences(out / "settings", out / "more")


def test_what_cannot_be_written_is_said_first(tmp_path):
    with pytest.raises(InputError, match="events must be one of 'csv', 'elan'"):
        score_sequences(tmp_path, tmp_path / "out", events="srt")
    with pytest.raises(InputError, match="min_duration must be 0 s or more, got -1"):
        score_sequences(tmp_path, tmp_path / "out", min_duration_s=-1)
