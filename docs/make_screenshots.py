"""Draw the README's pictures of a result and of the report page, from the packaged samples.

    python docs/make_screenshots.py

The report needs Chromium or Chrome; without one only the plot is drawn.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import cv2

from au_detect import AUDetector
from au_detect.plots.overview import frames_to_show, plot_overview, read_pictures
from au_detect.report import write_report

DOCS = Path(__file__).parent
PICTURES = Path("data") / "cohn-kanade-images"
SMILE, SURPRISE = PICTURES / "S005" / "001", PICTURES / "S007" / "001"
PAGE_SIZE = (1060, 1120)
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--hide-scrollbars")


def draw_overview(detector: AUDetector, file: Path) -> None:
    """Draw the plot of a surprised face."""
    result = detector.run(SURPRISE)
    pictures = read_pictures(SURPRISE, frames_to_show(result))
    plot_overview(result, pictures=pictures).savefig(file, dpi=110)


def photograph_report(detector: AUDetector, browser: str, file: Path) -> None:
    """Write the report of a smile and photograph its upper part."""
    with tempfile.TemporaryDirectory() as scratch:
        page, shot = Path(scratch) / "report.html", Path(scratch) / "report.png"
        result = detector.run(SMILE)
        write_report(result, page, title="A smile", sources={result.input: SMILE})
        size = ",".join(map(str, PAGE_SIZE))
        options = [*OPTIONS, f"--user-data-dir={scratch}/profile", f"--window-size={size}"]
        command = [browser, *options, f"--screenshot={shot}", page.as_uri()]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        cv2.imwrite(str(file), cv2.imread(str(shot)), [cv2.IMWRITE_JPEG_QUALITY, 78])


def main() -> None:
    """Draw both pictures beside this script."""
    os.chdir(DOCS.parent)
    detector = AUDetector()
    draw_overview(detector, DOCS / "overview.png")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("no Chromium or Chrome: docs/report.jpg was not drawn")
        return
    photograph_report(detector, browser, DOCS / "report.jpg")


if __name__ == "__main__":
    main()
