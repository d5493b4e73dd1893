import struct
import zlib
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.report import Thumbnail, write_report
from au_detect.report_timeline import MAX_COLUMNS
from au_detect.results import AUResult

LINKS = {"href", "src", "xlink:href", "action"}


def make_result(n_frames=6, *, lost=(), name="clip.mp4", n_faces=1, **changes):
    """AU12 is on in the second half of the frames, AU1 never."""
    frame, face_id = np.divmod(np.arange(n_frames * n_faces), n_faces)
    found = ~np.isin(frame, lost)
    n_rows = len(frame)
    late = np.where(frame >= n_frames // 2, 0.9, 0.2)

    def only_with_face(values):
        return np.where(found.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)

    fields = {
        "aus": (1, 12),
        "probabilities": only_with_face(np.stack([np.full(n_rows, 0.05), late], axis=1)),
        "side": only_with_face(np.zeros((n_rows, 2))),
        "thresholds": [0.5, 0.4],
        "frame": frame,
        "timestamp_s": frame / 10,
        "face_id": face_id,
        "face_found": found,
        "confidence": found.astype(float),
        "points": only_with_face(np.full((n_rows, 68, 2), 5.0)),
        "pose": only_with_face(np.zeros((n_rows, 3))),
        "reliable": found,
        "neutral": {0: "frame 0"},
        "input": name,
        "settings": {"version": "1.2.3", "model": "default"},
    }
    return AUResult(**(fields | changes))


def png(width=20, height=10):
    def chunk(kind, data):
        checked = kind + data
        return struct.pack(">I", len(data)) + checked + struct.pack(">I", zlib.crc32(checked))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(height)))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


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


@pytest.fixture
def page_of(tmp_path):
    def write(results, **options):
        write_report(results, tmp_path / "page.html", **options)
        return Page((tmp_path / "page.html").read_text("utf-8"))

    return write


def test_the_page_needs_nothing_else(page_of, tmp_path):
    page = page_of(make_result(), thumbnails={"clip.mp4": [Thumbnail(png(), "neutral")]})
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "iframe", "img"})
    links = [value for _, attrs in page.tags for key, value in attrs.items() if key in LINKS]
    assert links
    assert all(link.startswith(("#", "data:image/png;base64,")) for link in links)
    assert "url(" not in (tmp_path / "page.html").read_text("utf-8")


def test_names_are_text_and_not_markup(page_of):
    name = '<script>alert("x")</script>&amp;.mp4'
    result = make_result(
        name=name, neutral={0: "<b>bold</b>"}, settings={"model": "</pre><i>"}, n_frames=2
    )
    page = page_of(
        [result, result], title="<u>title</u>", thumbnails={name: [Thumbnail(png(), '"><i>')]}
    )
    assert page.of("script") == page.of("i") == page.of("u") == []
    assert page.texts_of("h2")[1:] == [name, name]
    assert page.texts_of("h1") == ["<u>title</u>"]
    assert "<b>bold</b>" in page.texts_of("dd")
    assert page.texts_of("figcaption")[0] == '"><i>'


def test_facts_say_what_was_measured(page_of):
    page = page_of(make_result(lost=[1]))
    facts = dict(zip(page.texts_of("dt"), page.texts_of("dd"), strict=True))
    assert facts == {
        "Frames": "6",
        "Duration": "0.50 s",
        "Face found": "in 5 of 6 frames",
        "Neutral face": "frame 0",
        "Model": "default",
        "Version": "1.2.3",
        "Action units on": "AU12",
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
    assert len(rows) == 2 + 1  # AUs, and one event
    assert {attrs.get("scope") for attrs in page.of("th")} == {"row", "col"}
    labels = [attrs["aria-label"] for attrs in page.of("svg")]
    assert "AU12 Lip Corner Puller: probability 0.90, threshold 0.40" in labels
    assert page.texts_of("b") == ["on"]
    assert {"0.900", "0.400", "50%", "0.050"} <= set(page.texts_of("td"))


def test_a_picture_has_a_table_and_no_timeline(page_of):
    page = page_of(make_result(1))
    assert page.of("svg", "timeline") == []
    assert len(page.of("svg", "bar")) == 2
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
    names = ("probabilities", "side", "frame", "timestamp_s", "face_id", "face_found")
    names += ("confidence", "points", "pose", "reliable")
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


def test_pictures_are_embedded_with_their_landmarks(page_of):
    points = np.arange(136.0).reshape(68, 2) / 10
    shown = [Thumbnail(png(20, 10), "apex", points), Thumbnail(png(), "plain")]
    page = page_of(make_result(), thumbnails={"clip.mp4": shown})
    pictures = page.of("image")
    assert [(p["width"], p["height"]) for p in pictures] == [("20", "10")] * 2
    dots = [attrs for attrs in page.of("circle") if "class" not in attrs]
    assert len(dots) == 68
    assert (dots[67]["cx"], dots[67]["cy"]) == ("13.4", "13.5")


def test_undecodable_file_names_are_shown_as_escapes(page_of):
    assert page_of(make_result(name="a\udcff.mp4")).texts_of("h2") == ["a\\udcff.mp4"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"png": b"GIF89a"}, "png must be a PNG file, got b'GIF89a'"),
        ({"png": png(), "points": np.zeros((5, 2))}, r"points must have shape \(68, 2\)"),
    ],
)
def test_bad_pictures_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Thumbnail(caption="x", **arguments)


def test_no_results_are_refused(tmp_path):
    with pytest.raises(InputError, match="results must hold at least one AUResult"):
        write_report([], tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []
