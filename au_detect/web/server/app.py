"""The application: routes behind a guard, and what keeps it running."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from functools import cache
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from au_detect.detect import AUDetector
from au_detect.errors import InputError
from au_detect.version import __version__
from au_detect.web.live.server import MAX_MESSAGE_BYTES, LiveOptions, add_frames
from au_detect.web.server.guard import Guard
from au_detect.web.server.jobs import QueueFullError
from au_detect.web.server.pool import TaskError
from au_detect.web.server.routes.about import about
from au_detect.web.server.routes.analyses import analyses
from au_detect.web.server.routes.pages import pages
from au_detect.web.server.routes.results import results
from au_detect.web.server.service import Service
from au_detect.web.server.settings import LOOPBACK, ServerSettings

STOP_S = 10
MOST_CONNECTIONS = 400


def create_app(settings: ServerSettings, port: int, hosts: tuple[str, ...] = ()) -> FastAPI:
    """Return the application that `make_server` serves.

    Parameters
    ----------
    settings : ServerSettings
    port : int
        Where it is served.
    hosts : tuple of str
        Under which names, besides those of this machine alone.

    Raises
    ------
    AUDetectError
        If the database cannot be used.
    """
    service = Service(settings)

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    app = FastAPI(
        title="au_detect", version=__version__, docs_url=None, redoc_url=None, lifespan=lifespan,
        description="Action units (FACS) of pictures and videos. Pictures are deleted once they "
        "were analysed.",
    )  # fmt: skip
    app.state.service = service
    for routes in (analyses, results, about):
        app.include_router(routes(service))
    app.include_router(pages())
    add_frames(app, LiveOptions(make_detector=_detectors(settings)))
    _add_refusals(app)
    app.add_middleware(
        Guard, settings=settings, port=port, is_full=lambda: _is_full(service), hosts=hosts
    )
    return app


def make_server(settings: ServerSettings, listener: socket.socket) -> uvicorn.Server:
    """Return a server; its ``run([listener])`` serves until it is interrupted.

    Parameters
    ----------
    settings : ServerSettings
    listener : socket
        Bound to an address of this machine.

    Raises
    ------
    InputError
        If other machines can reach the address and there is no token.
    AUDetectError
        If the database cannot be used.
    """
    host, port = listener.getsockname()[:2]
    if host not in LOOPBACK and settings.token is None:
        raise InputError(f"a token must be given where other machines can ask, got host {host}")
    config = uvicorn.Config(
        create_app(settings, port, (host,)), log_level="warning", access_log=False,
        timeout_graceful_shutdown=STOP_S, server_header=False, proxy_headers=False,
        timeout_keep_alive=30, limit_concurrency=MOST_CONNECTIONS,
        ws_max_size=MAX_MESSAGE_BYTES, h11_max_incomplete_event_size=2**16,
    )  # fmt: skip
    return uvicorn.Server(config)


def _detectors(settings: ServerSettings) -> Callable[[], AUDetector]:
    """Return what makes the detectors of live pages; their model is loaded once, by the first."""

    @cache
    def first() -> AUDetector:
        return AUDetector(
            settings.model,
            landmark_model=settings.landmark_model,
            experimental=settings.experimental,
        )

    return lambda: AUDetector(
        first().model,
        landmark_model=first().tracker.landmark_model,
        experimental=settings.experimental,
    )


def _is_full(service: Service) -> bool:
    try:
        service.jobs.check_room()
    except QueueFullError:
        return True
    return False


def _add_refusals(app: FastAPI) -> None:
    """Answer what goes wrong with a status and a reason."""

    @app.exception_handler(TaskError)
    async def task_error(_request: Request, error: TaskError) -> JSONResponse:
        return JSONResponse({"detail": error.reason}, error.status)

    @app.exception_handler(InputError)
    async def input_error(_request: Request, error: InputError) -> JSONResponse:
        return JSONResponse({"detail": str(error)}, 422)

    @app.exception_handler(QueueFullError)
    async def queue_full(_request: Request, _error: QueueFullError) -> JSONResponse:
        reason = "too many jobs wait: try again later"
        return JSONResponse({"detail": reason}, 429, headers={"retry-after": "2"})

    @app.exception_handler(RequestValidationError)
    async def invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"detail": _in_words(error.errors())}, 422)


def _in_words(errors: Any) -> str:
    """Return what is wrong with a request, without what was sent."""
    told = (f"{'.'.join(map(str, error['loc'][1:]))}: {error['msg']}" for error in errors)
    return "; ".join(told).encode("utf-8", "backslashreplace").decode()[:1000]
