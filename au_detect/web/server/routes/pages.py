"""The page, its files, and the live page."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import RedirectResponse, Response

from au_detect.web.pages.files import page_files


def pages() -> APIRouter:
    """Return the routes of the pages' files."""
    router = APIRouter(include_in_schema=False)

    def add(path: str, media_type: str, text: str) -> None:
        router.add_api_route(path, lambda: Response(text, media_type=media_type), methods=["GET"])

    for path, (media_type, text) in page_files().items():
        add(path, media_type, text)
    router.add_api_route("/live", lambda: RedirectResponse("/live/"), methods=["GET"])
    return router
