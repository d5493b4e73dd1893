"""The files of the live page, and the headers that keep it to itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from markupsafe import Markup

from au_detect.report.environment import environment, source

_FOLDER = Path(__file__).parent


@cache
def page_files(rooms: str = "") -> dict[str, tuple[str, str]]:
    """Return media type and text of every file by its path on the server.

    Parameters
    ----------
    rooms : str
        Markup of links to the other rooms, if there are some.
    """
    own_style, script = (
        (_FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js")
    )
    style = "\n".join([source("palette.css"), source("base.css"), own_style])
    page = environment(_FOLDER).get_template("page.html").render(rooms=Markup(rooms))
    return {
        "/": ("text/html", page),
        "/page.css": ("text/css", style),
        "/page.js": ("text/javascript", script),
    }


def page_headers(host: str) -> dict[str, str]:
    """Return the headers of every answer: own files only, no frames, nothing kept.

    Parameters
    ----------
    host : str
        Host and port under which the page was asked for, already checked.
    """
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        f"media-src 'self' blob:; connect-src 'self' ws://{host}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(self), microphone=(), geolocation=()",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }
