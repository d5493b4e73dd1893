"""Results: as JSON, CSV or a page, scored anew, and deleted."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from au_detect.web.answers import Answer
from au_detect.web.server.files import JobFiles
from au_detect.web.server.forms import REFUSALS, JobId, RescoreRequest
from au_detect.web.server.options import AnalysisOptions
from au_detect.web.server.pool import TaskError
from au_detect.web.server.service import Service
from au_detect.web.server.uploads import receive

Format = Literal["json", "csv", "html"]
Pictures = Annotated[
    list[UploadFile] | None, File(description="those that were analysed, in the same order")
]

_REPORT_POLICY = (
    "sandbox allow-scripts; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'"
)


def results(service: Service) -> APIRouter:
    """Return the routes below ``/v1/results``."""
    router = APIRouter(prefix="/v1/results", responses=REFUSALS)

    @router.get("/{job}", response_model=Answer)
    async def result(job: JobId, format: Format = "json") -> Response:
        """Return a result as JSON, as a table (CSV), or as a page to read (HTML)."""
        await service.result(job)
        files = service.files.of(job)
        if format == "json":
            return FileResponse(files.answer, media_type="application/json")
        if format == "csv":
            return await _written(service, job, "table", files.table)
        shown = files.made / "report.html"
        if shown.exists():
            return _download(shown, job, once=not service.settings.keep)
        return await _written(service, job, "report", files.report)

    @router.get("/{job}/annotated", response_class=FileResponse)
    async def annotated(job: JobId) -> Response:
        """Return the annotated copy: once, unless the server keeps pictures."""
        await service.result(job)
        made = service.files.of(job).made
        for file in sorted(made.glob("annotated.*")):
            return _download(file, job, once=not service.settings.keep)
        raise TaskError(404, "there is no annotated copy: it was not asked for, or is deleted")

    @router.post("/{job}/annotated", response_class=FileResponse)
    async def annotate(request: Request, job: JobId, files: Pictures = None) -> Response:
        """Draw the annotated copy afterwards: into the same files, sent again if none were kept."""
        row = await service.result(job)
        kept = await asyncio.to_thread(service.kept_inputs, row)
        if not files and not kept:
            raise TaskError(422, "files must be sent again: they were deleted, got none")

        async def fill(own: JobFiles) -> str:
            if files:
                return await receive(own, files, None, None, service.settings)
            await asyncio.to_thread(own.copy_inputs, kept)
            return str(row["name"])

        options = AnalysisOptions(**row["options"] | {"annotate": True, "crop": False})
        drawing = await service.take(fill, options, waited_for=True, of=job)
        await service.wait(drawing, request.is_disconnected)
        made = await asyncio.to_thread(service.files.of(job).take_made, service.files.of(drawing))
        await service.delete(drawing)
        return _download(made, job, once=not service.settings.keep)

    @router.get("/{job}/crops", response_model=dict[str, str])
    async def crops(job: JobId) -> Response:
        """Return thumbnails (base64 JPEG) by row: once, unless the server keeps pictures."""
        await service.result(job)
        file = service.files.of(job).made / "crops.json"
        if not file.exists():
            raise TaskError(404, "there are no thumbnails: not asked for, or deleted")
        once = BackgroundTask(_delete, file) if not service.settings.keep else None
        return FileResponse(file, media_type="application/json", background=once)

    @router.post("/{job}/rescore", response_model=Answer)
    async def rescore(job: JobId, wanted: RescoreRequest) -> Response:
        """Score a result anew with another neutral face or other thresholds; it has a new id."""
        row = await service.result(job)
        changes = {name: value for name, value in wanted.model_dump().items() if value is not None}
        kept = row["options"] | {"annotate": False, "crop": False}
        options = AnalysisOptions(**kept | changes)
        new = await service.rescore(row, options)
        return FileResponse(service.files.of(new).answer, media_type="application/json")

    @router.delete("/{job}", status_code=204)
    async def delete(job: JobId) -> None:
        """Delete everything about a job: pictures, numbers and feedback."""
        await service.delete(job)

    return router


async def _written(service: Service, job: str, what: str, file: Path) -> Response:
    if not file.exists():
        await service.write(job, what)
    return _download(file, job, once=False)


def _download(file: Path, job: str, *, once: bool) -> Response:
    media_type = {
        ".csv": "text/csv; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".mp4": "video/mp4",
        ".webm": "video/webm",
        ".png": "image/png",
    }[file.suffix]
    headers: dict[str, Any] = {}
    if file.suffix == ".html":
        headers["content-security-policy"] = _REPORT_POLICY
    name = f"au_detect_{job[:8]}_{file.name}"
    background = BackgroundTask(_delete, file) if once else None
    return FileResponse(
        file, media_type=media_type, filename=name, headers=headers, background=background
    )


async def _delete(file: Path) -> None:
    await asyncio.to_thread(file.unlink, missing_ok=True)
