"""The live server: a page and a WebSocket on 127.0.0.1; it needs FastAPI and uvicorn.

The page asks and the server answers: it sends a picture of its own camera, or asks for the
next one of the server's, and waits for the row before it goes on. So one frame at most is under
way, and the next one is the newest there is.

From the page: JPEG bytes, or JSON with a ``type``: ``next`` or ``neutral``. To the page: JPEG
bytes before the row that belongs to them, and JSON: ``hello``, ``row``, ``neutral``, ``error``
(the session goes on), ``end``.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from au_detect.detect import AUDetector
from au_detect.emotions import EmotionRule, read_emotion_rules
from au_detect.errors import AUDetectError, InputError
from au_detect.frames import Frame, open_frames
from au_detect.frames.pictures import decode_picture, to_grey
from au_detect.web.live.access import HOST, OwnPageOnly
from au_detect.web.live.messages import (
    appearance_message,
    error_message,
    hello_message,
    jpeg_for_showing,
    row_message,
)
from au_detect.web.live.page import page_files
from au_detect.web.live.session import LiveSession
from au_detect.web.live.sources import NewestFrame

if TYPE_CHECKING:
    import socket

    import uvicorn
    from fastapi import FastAPI

    from au_detect.appearance.emotion_network import EmotionNetwork

MAX_MESSAGE_BYTES = 8 * 2**20
_MISSING = "the live page needs its libraries: pip install 'au-detect[web]'"


@dataclass(frozen=True)
class LiveOptions:
    """What is served.

    Parameters
    ----------
    make_detector : callable
        Returns a detector for one face; called for every page that opens.
    source : path, URL, int or None
        What the server reads; None takes the browser's camera.
    neutral : "auto", "first", None, or a picture
        As in `AUDetector.stream`.
    fps : float, optional
        Instead of time stamps; 30 where there are none.
    rules : tuple of EmotionRule, optional
        By default the packaged ones.
    appearance : EmotionNetwork, optional
        A network whose answer is shown beside the rules', as what it is.
    """

    make_detector: Callable[[], AUDetector] = AUDetector
    source: Any = None
    neutral: Any = "auto"
    fps: float | None = None
    rules: tuple[EmotionRule, ...] | None = None
    appearance: EmotionNetwork | None = None


def create_app(options: LiveOptions, port: int) -> FastAPI:
    """Return the application that `make_server` serves.

    Raises
    ------
    AUDetectError
        If FastAPI is not installed.
    """
    try:
        from fastapi import FastAPI
        from fastapi.responses import Response
    except ImportError as error:
        raise AUDetectError(f"{_MISSING}, got no FastAPI") from error
    app = FastAPI(title="au_detect", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(OwnPageOnly, port=port)

    def add_file(path: str, media_type: str, text: str) -> None:
        app.add_api_route(path, lambda: Response(text, media_type=media_type), methods=["GET"])

    for path, (media_type, text) in page_files().items():
        add_file(path, media_type, text)
    add_frames(app, options)
    return app


def add_frames(app: FastAPI, options: LiveOptions) -> None:
    """Add the WebSocket ``/frames``, which the live page talks to, to an application."""
    from fastapi import WebSocketDisconnect

    # dlib and the networks are not to be asked by two threads at once.
    worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="au-detect live")

    async def frames(websocket: Any) -> None:
        await websocket.accept()
        with suppress(WebSocketDisconnect):  # the page was closed while its answer was made
            await _Conversation(websocket, options, worker).hold()

    app.router.add_websocket_route("/frames", frames)


def make_server(options: LiveOptions, listener: socket.socket) -> uvicorn.Server:
    """Return a server; its ``run([listener])`` serves until it is interrupted.

    Parameters
    ----------
    options : LiveOptions
    listener : socket
        Bound to `HOST`.

    Raises
    ------
    AUDetectError
        If FastAPI or uvicorn is not installed.
    InputError
        If the socket is bound to another address, which other machines may reach.
    """
    host, port = listener.getsockname()[:2]
    if host != HOST:
        raise InputError(f"listener must be bound to {HOST}, got {host}")
    app = create_app(options, port)
    try:
        import uvicorn
    except ImportError as error:
        raise AUDetectError(f"{_MISSING}, got no uvicorn") from error
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, timeout_graceful_shutdown=1,
        ws_max_size=MAX_MESSAGE_BYTES, ws_per_message_deflate=False,
    )  # fmt: skip
    return uvicorn.Server(config)


class _Conversation:
    """One page that is open: its session, and the frames that the server reads for it."""

    def __init__(self, websocket: Any, options: LiveOptions, worker: ThreadPoolExecutor) -> None:
        self._websocket, self._options, self._worker = websocket, options, worker
        self._rules = options.rules or read_emotion_rules()
        self._frames: NewestFrame | None = None
        self._n_frames = 0
        self._start_s = time.monotonic()

    async def hold(self) -> None:
        """Answer until the page is closed."""
        try:
            self._session = await self._in_worker(self._new_session)
            await self._send(self._open())
            while True:
                message = await self._websocket.receive()
                if message["type"] == "websocket.disconnect":
                    return
                await self._answer(message, time.perf_counter())
        except AUDetectError as error:  # no session or no frames: there is nothing to go on with
            await self._send(error_message(error))
            await self._websocket.close()
        finally:
            if self._frames is not None:
                self._frames.close()

    def _new_session(self) -> LiveSession:
        detector = self._options.make_detector()
        session = LiveSession(detector, self._options.neutral)
        detector.tracker.track(np.zeros((64, 64), np.uint8))  # loads the landmark model now
        return session

    def _open(self) -> dict[str, Any]:
        source = self._options.source
        if source is None:
            return hello_message("browser", "this browser's camera")
        stream = open_frames(source, fps=self._options.fps, keep_colour=True)
        self._frames = NewestFrame(stream)
        return hello_message("camera" if stream.kind == "camera" else "clip", stream.name)

    async def _answer(self, message: dict[str, Any], received_s: float) -> None:
        data, text = message.get("bytes"), message.get("text") or ""
        try:
            if data is not None:
                row = await self._in_worker(self._row_of_picture, data)
                await self._send_row(row, received_s)
            elif (wanted := _wanted(text)) == "next" and self._frames is not None:
                await self._answer_next(self._frames)
            elif wanted == "neutral":
                neutral = await self._in_worker(self._session.take_neutral)
                await self._send({"type": "neutral", "neutral": neutral})
            else:
                raise InputError(f'a message must ask for "next" or "neutral", got {text[:80]!r}')
        except InputError as error:
            await self._send(error_message(error))

    async def _answer_next(self, frames: NewestFrame) -> None:
        frame = await asyncio.to_thread(frames.take)
        if frame is None:
            await self._send({"type": "end"})
            return
        taken_s = time.perf_counter()
        shown = frame.image if frame.colour is None else frame.colour
        row, jpeg = await self._in_worker(
            lambda: (self._row(frame), jpeg_for_showing(shown)),
        )
        await self._websocket.send_bytes(jpeg)
        await self._send_row(row, taken_s)

    def _row_of_picture(self, data: bytes) -> dict[str, Any]:
        grey = to_grey(decode_picture(data, "a frame"))
        index, self._n_frames = self._n_frames, self._n_frames + 1
        return self._row(Frame(grey, index, time.monotonic() - self._start_s, f"frame {index}"))

    def _row(self, frame: Frame) -> dict[str, Any]:
        start_s = time.perf_counter()
        result = self._session.detect(frame)
        detection_ms = 1000 * (time.perf_counter() - start_s)
        height, width = frame.image.shape
        row = row_message(result, (width, height), self._rules)
        if self._options.appearance is not None:
            row |= appearance_message(self._options.appearance, frame.image, result)
        n_blinks = self._session.n_blinks
        return row | {"detection_ms": round(detection_ms, 2), "n_blinks": n_blinks}

    async def _send_row(self, row: dict[str, Any], since_s: float) -> None:
        """Send a row with the time from its frame's arrival to now."""
        await self._send(row | {"total_ms": round(1000 * (time.perf_counter() - since_s), 2)})

    async def _send(self, message: dict[str, Any]) -> None:
        await self._websocket.send_text(json.dumps(message, allow_nan=False))

    async def _in_worker(self, call: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._worker, call, *arguments)


def _wanted(text: str) -> str | None:
    """Return the type of a message from the page; None if it is no such message."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return message.get("type") if isinstance(message, dict) else None
