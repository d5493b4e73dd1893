"""Analyses: answered at once (``predict``) or as jobs."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import Response, StreamingResponse

from au_detect.web.answers import Answer
from au_detect.web.server.files import JobFiles
from au_detect.web.server.forms import REFUSALS, JobId, JobState, options_of
from au_detect.web.server.options import AnalysisOptions
from au_detect.web.server.service import Service
from au_detect.web.server.store import Row
from au_detect.web.server.uploads import receive

JSON = "application/json"

Options = Annotated[AnalysisOptions, Depends(options_of)]
Files = Annotated[
    list[UploadFile] | None, File(description="one picture or video, or the pictures of a sequence")
]
Neutral = Annotated[UploadFile | None, File(description="a picture of the person's neutral face")]
Url = Annotated[str | None, Form(max_length=2000, description="instead of files")]


def analyses(service: Service) -> APIRouter:
    """Return the routes ``/v1/predict`` and ``/v1/jobs``."""
    router = APIRouter(prefix="/v1", responses=REFUSALS)

    def given(
        files: list[UploadFile] | None, url: str | None, neutral: UploadFile | None
    ) -> Callable[[JobFiles], Awaitable[str]]:
        return lambda own: receive(own, files or [], url, neutral, service.settings)

    @router.post("/predict", response_model=Answer)
    async def predict(
        request: Request, options: Options, files: Files = None, neutral_file: Neutral = None,
        url: Url = None,
    ) -> Response:  # fmt: skip
        """Analyse a picture or video and answer when it is done."""
        job = await service.take(given(files, url, neutral_file), options, waited_for=True)
        await service.wait(job, request.is_disconnected)
        own, keep = service.files.of(job), service.settings.keep
        data = await asyncio.to_thread(_with_pictures, own, keep)
        return Response(data, media_type=JSON)

    @router.post("/jobs", status_code=202, response_model=JobState)
    async def submit(
        options: Options, files: Files = None, neutral_file: Neutral = None, url: Url = None
    ) -> dict[str, Any]:
        """Take a picture or video to be analysed; once this answers, it is not lost."""
        job = await service.take(given(files, url, neutral_file), options, waited_for=False)
        return state_of(service, await service.job(job))

    @router.get("/jobs", response_model=list[JobState])
    async def listed() -> list[dict[str, Any]]:
        """Return the newest jobs, at most 200."""
        return [state_of(service, row) for row in await asyncio.to_thread(service.store.jobs)]

    @router.get("/jobs/{job}", response_model=JobState)
    async def state(request: Request, job: JobId) -> Any:
        """Say how far a job is; to ``Accept: text/event-stream`` again and again, to its end."""
        row = await service.job(job)
        if "text/event-stream" in request.headers.get("accept", ""):
            return StreamingResponse(_told(service, job), media_type="text/event-stream")
        return state_of(service, row)

    @router.post("/jobs/{job}/cancel", response_model=JobState)
    async def cancel(job: JobId) -> dict[str, Any]:
        """End a job that waits or runs; its pictures are deleted."""
        await service.job(job)
        await service.jobs.cancel(job)
        return state_of(service, await service.job(job))

    return router


def state_of(service: Service, row: Row) -> dict[str, Any]:
    """Return what a caller is told about a job."""
    course = service.jobs.course(row["id"])
    frames = (row["summary"] or {}).get("frames")
    told = {"state": row["state"], "frames_done": frames or 0, "frames": frames}
    if course is not None:  # which says that a job has ended once its pictures are gone
        told = course.as_dict()
    made = service.files.of(row["id"]).made
    names = {path.stem for path in made.iterdir()} if made.is_dir() else set()
    kept = ("id", "name", "status", "reason", "created_s", "of")
    return {
        **{name: row[name] for name in kept},
        **told,
        "made": sorted(names),
        "neutral": row["options"].get("neutral", "auto"),
    }


async def _told(service: Service, job: str) -> AsyncIterator[str]:
    async for told in service.jobs.changes(job):
        yield f"event: progress\ndata: {json.dumps(told)}\n\n"
    row = await asyncio.to_thread(service.store.job, job)
    if row is not None:
        yield f"event: {row['state']}\ndata: {json.dumps(state_of(service, row))}\n\n"


def _with_pictures(files: JobFiles, keep: bool) -> bytes:
    """Return the answer with what was asked for: thumbnails, annotated picture; delete these."""
    data = files.answer.read_bytes()
    crops, annotated = files.made / "crops.json", files.made / "annotated.png"
    more = b""
    if crops.exists():
        more += b', "crops": ' + crops.read_bytes()
    if annotated.exists():
        more += b', "annotated": "' + base64.b64encode(annotated.read_bytes()) + b'"'
    if not keep:
        files.forget_pictures()
    return data[:-1] + more + b"}" if more else data
