"""The report in a browser: nothing is blocked, and a click shows the frame."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from au_detect import AUDetector, sample_sequences
from au_detect.report import write_report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))), None)
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"),
)
CLICK = """
addEventListener("load", () => {
  const columns = document.querySelectorAll(".hover");
  columns[2].dispatchEvent(new MouseEvent("click"));
  columns[3].dispatchEvent(new MouseEvent("mouseenter"));
});
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = sample_sequences()["happiness"]
    path = tmp_path_factory.mktemp("report") / "page.html"
    write_report(AUDetector().run(folder), path, sources={str(folder): folder})
    return path


def open_in_browser(path, profile):
    """Return the page's document after its scripts ran, and what the browser's console said."""
    if BROWSER is None:
        pytest.skip("no Chromium or Chrome is installed")
    command = [BROWSER, *OPTIONS, f"--user-data-dir={profile}", "--dump-dom", path.as_uri()]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300)
    return run.stdout, [line for line in run.stderr.splitlines() if "CONSOLE" in line]


class Viewer(HTMLParser):
    """Reads what the viewer shows."""

    def __init__(self, text):
        super().__init__()
        self.texts, self.tags, self._tag = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self._tag = tag
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self._tag, data.strip()))

    def of(self, tag):
        return [text for name, text in self.texts if name == tag]


@pytest.mark.slow
def test_the_apex_is_shown_first_and_nothing_is_blocked(page, tmp_path):
    dom, console = open_in_browser(page, tmp_path)
    assert console == []
    viewer = Viewer(dom)
    assert "frame 9, 0.30 s" in viewer.of("figcaption")
    image = next(attrs for tag, attrs in viewer.tags if tag == "image")
    assert image["href"].startswith("data:image/jpeg;base64,/9j/")
    assert sum(tag == "circle" and "class" not in attrs for tag, attrs in viewer.tags) == 68
    assert any("lip corners higher" in text for text in viewer.of("li"))


@pytest.mark.slow
def test_a_click_on_the_chart_shows_its_frame(page, tmp_path):
    text = page.read_text("utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)
    clicked = tmp_path / "clicked.html"
    clicked.write_text(text.replace("</body>", f"<script>{CLICK}</script></body>"), "utf-8")
    viewer = Viewer(open_in_browser(clicked, tmp_path / "profile")[0])
    assert "frame 2, 0.07 s" in viewer.of("figcaption")
    cursor = next(a for tag, a in viewer.tags if tag == "line" and "shown" in a.get("class", ""))
    assert float(cursor["x1"]) == pytest.approx(200 + 710 * 2.5 / 10, abs=0.1)
    readout = next(i for i, (_, a) in enumerate(viewer.tags) if a.get("class") == "readout")
    assert viewer.tags[readout][1]["data-chart"] == "timeline-1-0"
    assert any(text.startswith("frame 3 (0.10 s): ") for text in viewer.of("p"))


@pytest.mark.slow
def test_another_script_is_not_run(page, tmp_path):
    text = page.read_text("utf-8")
    foreign = tmp_path / "foreign.html"
    script = '<script>document.title = "owned"</script>'
    foreign.write_text(text.replace("</body>", f"{script}</body>"), "utf-8")
    dom, console = open_in_browser(foreign, tmp_path / "profile")
    assert "owned" not in re.search("<title>(.*?)</title>", dom)[1]
    assert any("Content Security Policy" in line for line in console)
