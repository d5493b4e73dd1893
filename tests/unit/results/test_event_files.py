"""Events as the programs read them that behaviour is coded with."""

import pandas as pd
import pytest
from made_results import make_result

from au_detect.errors import InputError

STEP_S = 0.1
"""A frame of `make_result`, in which AU12 is on from frame 3 to 5."""


@pytest.fixture
def result():
    return make_result(settings={"fps": 10.0})


def test_elan_gets_a_tier_for_each_au_and_the_clip(tmp_path, result):
    elan = pytest.importorskip("pympi").Elan
    document = elan.Eaf(str(result.write_events(tmp_path / "clip.eaf")))
    assert list(document.get_tier_names()) == ["AU12 Lip Corner Puller"]
    annotations = document.get_annotation_data_for_tier("AU12 Lip Corner Puller")
    assert [a[:3] for a in annotations] == [(300, 600, "AU12 0.90")]
    (media,) = document.get_linked_files()
    assert media["RELATIVE_MEDIA_URL"] == "./clip.mp4"
    assert media["MIME_TYPE"] == "video/mp4"


def test_praat_gets_intervals_that_cover_the_clip(tmp_path, result):
    textgrid = pytest.importorskip("praatio.textgrid")
    path = result.write_events(tmp_path / "clip.TextGrid")
    tier = textgrid.openTextgrid(str(path), includeEmptyIntervals=False).getTier(
        "AU12 Lip Corner Puller"
    )
    assert [tuple(e) for e in tier.entries] == [
        (pytest.approx(0.3), pytest.approx(0.6), "AU12 0.90")
    ]
    assert tier.maxTimestamp == pytest.approx(0.6)


def test_boris_gets_what_its_import_asks_for(tmp_path, result):
    pytest.importorskip("openpyxl")
    table = pd.read_excel(result.write_events(tmp_path / "clip.xlsx"), keep_default_na=False)
    assert list(table.columns) == ["time", "subject", "code", "modifier", "comment"]
    assert table["code"].tolist() == ["AU12", "AU12"]
    assert table["time"].tolist() == pytest.approx([0.3, 0.6])


def test_csv_names_the_aus(tmp_path, result):
    table = pd.read_csv(result.write_events(tmp_path / "clip.csv"))
    assert table[["au", "name", "onset", "offset"]].to_numpy().tolist() == [
        ["AU12", "Lip Corner Puller", 3, 5]
    ]


def test_faces_have_tiers_of_their_own(tmp_path):
    elan = pytest.importorskip("pympi").Elan
    path = make_result(n_faces=2).write_events(tmp_path / "clip.eaf")
    assert sorted(elan.Eaf(str(path)).get_tier_names()) == [
        "face 0 AU12 Lip Corner Puller",
        "face 1 AU12 Lip Corner Puller",
    ]


def test_no_event_is_a_file_too(tmp_path, result):
    for ending in (".eaf", ".TextGrid", ".csv"):
        assert result.write_events(tmp_path / f"clip{ending}", min_duration_s=9).is_file()


def test_bad_input(tmp_path, result):
    with pytest.raises(InputError, match=r"path must end in \.csv, \.eaf, \.TextGrid, \.xlsx"):
        result.write_events(tmp_path / "clip.txt")
    with pytest.raises(InputError, match=r"events must be one of 'csv'"):
        result.write_events(tmp_path / "clip.txt", "srt")
    alone = make_result(settings={"independent": True})
    with pytest.raises(InputError, match="independent pictures"):
        alone.write_events(tmp_path / "clip.csv")
