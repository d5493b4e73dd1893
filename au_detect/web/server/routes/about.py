"""Health, what is installed, samples, feedback and the token."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel

from au_detect.facs import ACTION_UNITS, au_label
from au_detect.frames.pictures import select_pictures
from au_detect.samples import sample_sequences
from au_detect.version import __version__
from au_detect.web.answers import AUName
from au_detect.web.server.forms import REFUSALS, Feedback, Login
from au_detect.web.server.guard import COOKIE, is_token
from au_detect.web.server.pool import TaskError
from au_detect.web.server.service import START_S, Service

Sample = Literal[
    "neutral", "anger", "contempt", "disgust", "fear", "happiness", "sadness", "surprise"
]


class Health(BaseModel):
    """Whether the server works."""

    status: Literal["ok", "starting", "broken"]
    reason: str
    queued: int
    workers: int


class Info(BaseModel):
    """What the server knows and takes."""

    version: str
    aus: list[AUName]
    emotions: list[str]
    settings: dict[str, Any]
    limits: dict[str, float]
    keep: bool
    urls: bool


def about(service: Service) -> APIRouter:
    """Return the routes about the server itself, and feedback."""
    router = APIRouter(prefix="/v1", responses=REFUSALS)

    @router.get("/health", response_model=Health)
    async def health() -> dict[str, Any]:
        """Say whether the server works."""
        status = "broken" if service.problem else "ok" if service.described else "starting"
        alive = sum(worker.pid is not None for worker in service.pool.workers)
        told = {"status": status, "reason": service.problem}
        return {**told, "queued": service.jobs.n_waiting, "workers": alive}

    @router.get("/info", response_model=Info)
    async def info() -> dict[str, Any]:
        """Return version, model, action units with thresholds, and limits."""
        async with asyncio.timeout(START_S):
            await service.ready.wait()
        if service.problem:
            raise TaskError(500, service.problem)
        settings = service.settings
        return {
            "version": __version__,
            **service.described,
            "limits": vars(settings.limits),
            "keep": settings.keep,
            "urls": settings.allow_urls,
        }

    @router.get("/samples", response_model=dict[str, int])
    async def samples() -> dict[str, int]:
        """Return the sample sequences (rendered people), and how many pictures each has."""
        found = await asyncio.to_thread(sample_sequences)
        return {name: len(select_pictures(folder.iterdir())) for name, folder in found.items()}

    @router.get("/samples/{name}/{number}", response_class=FileResponse)
    async def sample(name: Sample, number: int) -> Response:
        """Return a picture of a sample sequence."""
        folder = (await asyncio.to_thread(sample_sequences)).get(name)
        pictures = select_pictures(folder.iterdir()) if folder else []
        if not 0 <= number < len(pictures):
            raise TaskError(404, "there is no such picture")
        return FileResponse(pictures[number])

    @router.post("/feedback", status_code=201)
    async def feedback(said: Feedback) -> dict[str, str]:
        """Store what a user says of one action unit or emotion of one face in one frame."""
        row = await service.result(said.id)
        summary = row["summary"]
        if said.face not in summary["faces"] or said.frame >= summary["frames"]:
            raise TaskError(422, "face and frame must be in the result, but are not")
        known = {*map(au_label, ACTION_UNITS), *service.described.get("emotions", ())}
        named = [t for t in (said.target, said.correction) if t and t not in _DEGREES]
        if service.described and not known.issuperset(named):
            raise TaskError(422, f"target and correction must be known, got {', '.join(named)}")
        values = said.model_dump()
        values["job"] = values.pop("id")
        await asyncio.to_thread(lambda: service.store.add_feedback(**values))
        return {"status": "stored"}

    @router.post("/session", status_code=204)
    async def session(login: Login) -> Response:
        """Take the token once, and give the page a cookie instead."""
        token = service.settings.token
        if token is not None and not is_token(login.token, token):
            return JSONResponse({"detail": "this is not the token"}, 401)
        answer = Response(status_code=204)
        if token is not None:
            answer.set_cookie(COOKIE, token, httponly=True, samesite="strict")
        return answer

    return router


_DEGREES = ("absent", "present", *"ABCDE")
