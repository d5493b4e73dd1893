"""The files of the live page, and the headers that keep it to itself."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from au_detect.report.style import PALETTE

_KINDS = {"page.html": "text/html", "page.css": "text/css", "page.js": "text/javascript"}


@cache
def page_files() -> dict[str, tuple[str, str]]:
    """Return media type and text of every file by its path on the server."""
    files = {}
    for name, kind in _KINDS.items():
        text = Path(__file__).with_name(name).read_text(encoding="utf-8")
        files["/" if name == "page.html" else f"/{name}"] = (kind, text)
    kind, style = files["/page.css"]
    files["/page.css"] = (kind, PALETTE + style)
    return files


def page_headers(host: str) -> dict[str, str]:
    """Return the headers of every answer: own files only, no frames, nothing kept.

    Parameters
    ----------
    host : str
        Host and port under which the page was asked for, already checked.
    """
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
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
