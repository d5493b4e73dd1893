import base64
import hashlib
import json
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from made_results import face_points, make_clip, make_result

from au_detect.errors import InputError
from au_detect.facs import intensity_letter
from au_detect.report import write_report
from au_detect.report.environment import source
from au_detect.report.timeline import MAX_COLUMNS, make_timeline
from au_detect.report.viewer import MAX_PICTURES

SCRIPT = source("report.js")
LINKS = {"href", "src", "xlink:href", "action"}
DATA = "application/json"


class Page(HTMLParser):
    """Reads a page, insists that every tag is closed in order, and keeps what tests ask for."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((self.open[-1] if self.open else "", data.strip()))

    def of(self, tag, kind=None):
        return [a for t, a in self.tags if t == tag and (kind is None or a.get("class") == kind)]

    def texts_of(self, tag):
        return [text for parent, text in self.texts if parent == tag]

    def viewers(self):
        """Return what the viewers of the page show."""
        scripts = zip(self.of("script"), self.texts_of("script"), strict=True)
        return [json.loads(text) for attrs, text in scripts if attrs.get("type") == DATA]


@pytest.fixture
def page_of(tmp_path):
    def write(results, **options):
        write_report(results, tmp_path / "page.html", **options)
        return Page((tmp_path / "page.html").read_text("utf-8"))

    return write


def test_the_page_needs_nothing_else(page_of, tmp_path):
    page = page_of(make_result(points=face_points(6)), sources={"clip.mp4": make_clip()})
    assert {tag for tag, _ in page.tags}.isdisjoint({"link", "iframe", "img"})
    links = [value for _, attrs in page.tags for key, value in attrs.items() if key in LINKS]
    assert all(link.startswith("#") for link in links)
    text = (tmp_path / "page.html").read_text("utf-8")
    assert "url(" not in text
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")


def test_only_the_script_of_the_page_may_run(page_of):
    page = page_of(make_result(points=face_points(6)))
    (policy,) = [a["content"] for a in page.of("meta") if "http-equiv" in a]
    digest = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert [t for t in page.texts_of("script") if not t.startswith("{")] == [SCRIPT]


def test_names_are_text_and_not_markup(page_of):
    name = '<script>alert("x")</script>&amp;.mp4'
    result = make_result(
        name=name, neutral={0: "<b>bold</b>"}, settings={"model": "</pre><i>"}, n_frames=2
    )
    page = page_of([result, result], title="<u>title</u>")
    assert page.of("i") == page.of("u") == []
    assert len([a for a in page.of("script") if a.get("type") != DATA]) == 1
    assert page.texts_of("h2")[1:] == [name, name]
    assert page.texts_of("h1") == ["<u>title</u>"]
    assert "<b>bold</b>" in page.texts_of("dd")


def test_facts_say_what_was_measured(page_of):
    page = page_of(make_result(lost=[1]))
    facts = dict(zip(page.texts_of("dt"), page.texts_of("dd"), strict=True))
    assert facts == {
        "Frames": "6",
        "Duration": "0.50 s",
        "Face found": "in 5 of 6 frames",
        "Neutral face": "frame 0",
        "Model": "open",
        "Version": "1.2.3",
        "Action units on in any frame": "AU12",
    }


def test_unreliable_rows_are_counted_and_marked(page_of):
    reliable = np.array([True, True, False, False, True, True])
    page = page_of(make_result(reliable=reliable))
    assert "2 of 6 rows" in page.texts_of("dd")
    assert len(page.of("rect", "unreliable")) == 1


def test_the_timeline_shades_events_and_lost_frames(page_of):
    page = page_of(make_result(lost=[1]))
    (lost,), (event,) = page.of("rect", "no-face"), page.of("rect", "event")
    frame_width = (910 - 200) / 6
    assert float(lost["x"]) == pytest.approx(200 + frame_width, abs=0.02)
    assert float(lost["width"]) == pytest.approx(frame_width, abs=0.02)
    assert float(event["x"]) == pytest.approx(200 + 3 * frame_width, abs=0.02)
    assert float(event["width"]) == pytest.approx(3 * frame_width, abs=0.02)
    titles = page.texts_of("title")
    assert "No face, frame 1 (0.10 s)" in titles
    assert (
        "AU12 Lip Corner Puller, frames 3 to 5 (0.30 to 0.50 s); apex in frame 3 (0.90)" in titles
    )
    assert "frame 4 (0.40 s): AU12 0.90" in titles
    assert "frame 0 (0.00 s): nothing on" in titles


def test_curves_stop_where_the_face_is_lost(page_of):
    page = page_of(make_result(lost=[1]))
    curves = [attrs["d"] for attrs in page.of("path", "signal")]
    assert [curve.count("M") for curve in curves] == [2, 2]
    assert not any("nan" in curve for curve in curves)


def test_frames_are_the_axis_where_time_stands_still(page_of):
    page = page_of(make_result(timestamp_s=np.zeros(6)))
    assert "frame" in page.texts_of("text")
    assert {"0", "1", "5"} <= set(page.texts_of("text"))


def test_a_long_clip_is_drawn_with_fewer_columns_that_keep_short_peaks(page_of):
    n_frames = 10 * MAX_COLUMNS
    probabilities = np.full((n_frames, 2), 0.1)
    probabilities[1234, 1] = 1.0
    page = page_of(make_result(n_frames, probabilities=probabilities))
    assert len(page.of("rect", "hover")) == MAX_COLUMNS
    top = 10 + 24 + 6  # of the second row, where probability 1 lies
    assert f",{top:.1f}" in page.of("path", "signal")[1]["d"]
    assert any("highest of up to 10 frames" in text for text in page.texts_of("figcaption"))


def test_the_table_gives_the_peaks_and_is_labelled(page_of):
    page = page_of(make_result())
    rows = [attrs for attrs in page.of("th") if attrs.get("scope") == "row"]
    assert len(rows) == 3 + 2 + 1  # emotions, AUs, and one event
    assert {attrs.get("scope") for attrs in page.of("th")} == {"row", "col"}
    labels = [attrs["aria-label"] for attrs in page.of("svg")]
    assert "AU12 Lip Corner Puller: probability 0.90, threshold 0.40" in labels
    assert page.texts_of("b") == ["on"]
    assert {"0.900", "0.400", "50%", "0.050"} <= set(page.texts_of("td"))


def test_the_timeline_of_intensities_has_bands_from_a_to_e(page_of):
    scale = np.array([[[1.0, 0.5 - level] for level in range(5)]] * 2)
    result = make_result(intensity_scale=scale)
    page, plain = page_of([result]), page_of([make_result()])
    for letter in "abcde":
        assert len(page.of("rect", f"level level-{letter}")) == 2
        assert plain.of("rect", f"level level-{letter}") == []
    strongest = float(result.intensity[:, 1].max())
    assert f"{strongest:.1f} {intensity_letter(strongest)}" in page.texts_of("text")
    row = make_timeline(result).rows[1]
    for (_, y), value in zip(row.curve[0][1:-1], result.intensity[:, 1], strict=True):
        assert y == pytest.approx(row.base - value / 5 * (row.base - row.top), abs=0.06)
        assert (y <= row.threshold) == (value >= result.threshold_intensity[1])


def test_a_picture_has_a_table_and_no_timeline(page_of):
    page = page_of(make_result(1))
    assert page.of("svg", "timeline") == []
    assert len(page.of("svg", "bar")) == 3 + 2  # emotions and AUs
    assert "Frame" not in page.texts_of("th")


@pytest.mark.parametrize("n_frames", [1, 5])
def test_an_input_without_a_face_says_so(page_of, n_frames):
    page = page_of(make_result(n_frames, lost=range(n_frames)))
    assert page.texts_of("p")[0] == "No face was found."
    assert page.of("svg") == []


def test_every_face_has_its_own_timeline(page_of):
    page = page_of(make_result(n_faces=2))
    assert page.texts_of("h3") == ["Face 0", "Face 1"]
    assert len(page.of("svg", "timeline")) == 2
    assert "in 6 of 6 frames" in page.texts_of("dd")


def test_frames_without_a_row_of_a_face_are_frames_without_it(page_of):
    both = make_result(4, n_faces=2)
    kept = np.array([0, 2, 3, 4, 5, 6])  # face 1 is in frames 1 and 2 only
    names = ("probabilities", "left", "right", "frame", "timestamp_s", "face_id", "face_found")
    names += ("confidence", "points", "pose", "reliable", "upper_reliable", "lower_reliable")
    names += ("translation", "gaze")
    page = page_of(replace(both, **{name: getattr(both, name)[kept] for name in names}))
    titles = page.texts_of("title")
    assert "No face, frame 0 (0.00 s)" in titles
    assert "No face, frame 3 (0.30 s)" in titles
    assert len(page.of("rect", "no-face")) == 2
    assert len(page.of("rect", "hover")) == 4 + 2


def test_several_inputs_begin_with_an_overview(page_of):
    page = page_of([make_result(), make_result(1, name="b.png", lost=[0])])
    assert page.texts_of("h2") == ["Overview", "clip.mp4", "b.png"]
    assert [attrs["href"] for attrs in page.of("a")] == ["#input-1", "#input-2"]
    assert {attrs["id"] for attrs in page.of("section") if "id" in attrs} == {"input-1", "input-2"}


def test_the_viewer_holds_pictures_landmarks_and_what_is_on(page_of):
    points = face_points(6)
    page = page_of(make_result(points=points), sources={"clip.mp4": make_clip()})
    (viewer,) = page.viewers()
    assert [view["frame"] for view in viewer["views"]] == list(range(6))
    last = viewer["views"][-1]
    assert base64.b64decode(last["picture"])[:2] == b"\xff\xd8"
    assert len(last["points"]) == 136
    assert 0 <= min(last["points"]) < max(last["points"]) <= max(last["size"])
    assert [au["name"] for au in last["aus"]] == ["AU12 Lip Corner Puller"]
    assert last["aus"][0]["probability"] == "0.90"
    assert viewer["views"][0]["aus"] == []
    assert last["emotion"].startswith("happiness")
    assert "detector or a JSON file" in last["note"]
    assert viewer["views"][viewer["start"]]["emotion"].startswith("happiness")


def test_landmarks_are_shown_without_pictures_too(page_of):
    (viewer,) = page_of(make_result(points=face_points(6), lost=[])).viewers()
    assert {view["picture"] for view in viewer["views"]} == {""}
    assert {len(view["points"]) for view in viewer["views"]} == {136}


def test_a_table_without_landmarks_and_pictures_has_no_viewer(page_of):
    page = page_of(make_result(points=np.full((6, 68, 2), np.nan)))
    assert page.viewers() == []
    assert len(page.of("svg", "timeline")) == 1


def test_a_long_clip_shows_some_frames_and_its_apex(page_of):
    n = 3 * MAX_PICTURES
    probabilities = np.full((n, 2), 0.1)
    probabilities[50:53, 1] = 1.0
    result = make_result(n, probabilities=probabilities, points=face_points(n))
    (viewer,) = page_of(result).viewers()
    frames = [view["frame"] for view in viewer["views"]]
    assert len(frames) <= MAX_PICTURES
    assert {0, 51, n - 1} <= set(frames)
    assert frames[viewer["start"]] == 51


def test_the_viewer_shows_the_neutral_face_and_says_how_to_take_another(page_of):
    n = 3 * MAX_PICTURES
    found = {"neutral_found": {"0": {"quality": 0.9, "frames": [7, 31, 77, 83, 101], "doubt": ""}}}
    result = make_result(n, points=face_points(n), name="my clip.mp4", settings=found)
    page = page_of(result)
    (viewer,) = page.viewers()
    shown = [viewer["views"][number]["frame"] for number in viewer["neutral"]]
    assert {7, 77, 101} <= set(shown) <= {7, 31, 77, 83, 101}
    assert viewer["command"] == "au-detect run 'my clip.mp4' --neutral "
    assert page.texts_of("button")[-1] == "Take this frame as neutral"
    assert page.texts_of("button")[0] == "frame 7"


def test_a_neutral_face_from_elsewhere_is_no_frame(page_of):
    page = page_of(make_result(points=face_points(6), neutral={0: "rest.png"}))
    assert page.viewers()[0]["neutral"] == []
    (viewer,) = page_of(make_result(points=face_points(6), neutral={0: "frame 2"})).viewers()
    assert viewer["neutral"] == [2]


def test_every_column_of_the_chart_says_which_frames_it_holds(page_of):
    columns = page_of(make_result()).of("rect", "hover")
    assert [(c["data-first"], c["data-last"]) for c in columns] == [(f"{i}",) * 2 for i in range(6)]


def test_emotions_are_told_with_what_matched_and_what_is_missing(page_of):
    page = page_of(make_result())
    assert page.texts_of("caption")[0] == "Emotions around the apex, frame 5"
    assert page.texts_of("th")[page.texts_of("th").index("Against") + 1] == "happiness"
    assert "AU12" in page.texts_of("td")


def test_the_model_card_is_there_for_the_packaged_model(page_of):
    assert "Model card" in page_of(make_result()).texts_of("summary")
    other = make_result(settings={"model": "mine"})
    assert "Model card" not in page_of(other).texts_of("summary")


def test_undecodable_file_names_are_shown_as_escapes(page_of):
    assert page_of(make_result(name="a\udcff.mp4")).texts_of("h2") == ["a\\udcff.mp4"]


def test_no_results_are_refused(tmp_path):
    with pytest.raises(InputError, match="results must hold at least one AUResult"):
        write_report([], tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []
