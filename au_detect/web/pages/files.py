"""The files of the page, as they are served."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from au_detect.report.environment import environment, source
from au_detect.report.viewer import OUTLINES
from au_detect.web.live.page import page_files as live_files

_FOLDER = Path(__file__).parent


@cache
def page_files() -> dict[str, tuple[str, str]]:
    """Return media type and text of every file of the server's pages by its path."""
    style = (_FOLDER / "page.css").read_text(encoding="utf-8")
    style = "\n".join([source("palette.css"), source("base.css"), style])
    page = environment(_FOLDER).get_template("page.html").render(outlines=OUTLINES, live=False)
    files = {"/": ("text/html", page), "/page.css": ("text/css", style)}
    for script in sorted(_FOLDER.glob("*.js")):
        files[f"/{script.name}"] = ("text/javascript", script.read_text(encoding="utf-8"))
    rooms = environment(_FOLDER).get_template("rooms.html").render(live=True)
    for path, file in live_files(rooms).items():
        files[f"/live{path}"] = file
    return files
