"""Who may ask, how often and how much: what every request passes before anything else.

- ``Host``: this server's own name, so that a page under a name that resolves here reads nothing;
  ``Origin``: its own page, or one of those that were named at the start. With a token the name may
  be any, because nobody gets in without it.
- the token: ``Authorization: Bearer TOKEN``, or the cookie that ``POST /v1/session`` sets.
- so many requests a second from one address, so many bytes in one request.
"""

from __future__ import annotations

import contextlib
import hmac
import json
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any

from au_detect.web.live.page import page_headers
from au_detect.web.server.settings import LOOPBACK, ServerSettings

COOKIE = "au_detect_token"
_OPEN = ("/v1/session", "/v1/health")
"""What a page may ask before it has the token, beside its own files."""
_HOST = re.compile(r"[A-Za-z0-9.:\[\]_-]{1,260}")
_JOBS = ("/v1/predict", "/v1/jobs")
_MOST_CLIENTS = 10_000


class TooManyBytesError(Exception):
    """A request goes on beyond what is taken."""


class Guard:
    """ASGI middleware that refuses what should not be asked.

    Parameters
    ----------
    app : ASGI application
    settings : ServerSettings
    port : int
        Where the server listens.
    is_full : callable
        Whether no more jobs are taken: they are refused before their upload is read.
    hosts : tuple of str
        Under which names, besides those of this machine alone.
    """

    def __init__(
        self,
        app: Any,
        settings: ServerSettings,
        port: int,
        is_full: Callable[[], bool],
        hosts: tuple[str, ...] = (),
    ) -> None:
        self._app, self._settings, self._is_full = app, settings, is_full
        names = (*LOOPBACK, *hosts)
        self._hosts = {f"{f'[{name}]' if ':' in name else name}:{port}" for name in names}
        self._rates = Rates(settings.limits.requests_per_s, settings.limits.burst)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        send = _with_headers(send, headers.get(b"host", ""))
        refusal = self._refusal(scope, headers)
        if refusal is not None:
            await _refuse(scope, receive, send, *refusal)
            return
        origin = headers.get(b"origin")
        if scope["type"] == "http" and origin in self._settings.origins:
            if scope["method"] == "OPTIONS":
                await _allow(send, str(origin))
                return
            send = _with_cors(send, str(origin))
        await self._counted(scope, receive, send)

    def _refusal(self, scope: Any, headers: dict[bytes, str]) -> tuple[int, str] | None:
        client = (scope.get("client") or ("", 0))[0]
        if not self._rates.take(client):
            return 429, "too many requests: wait a moment"
        host, origin = headers.get(b"host"), headers.get(b"origin")
        token, settings = self._settings.token, self._settings
        known = host in self._hosts if token is None else _HOST.fullmatch(host or "")
        if not known:
            return 403, "this server does not answer under that name"
        own = (f"http://{host}", f"https://{host}")
        foreign = origin is not None and origin not in own and origin not in settings.origins
        if foreign or (scope["type"] == "websocket" and origin is None):
            return 403, "only the server's own page may ask"
        preflight = scope.get("method") == "OPTIONS" and origin in settings.origins
        if not (token is None or preflight or _is_open(scope) or _bears(headers, token)):
            return 401, "a token is needed"
        if scope["path"] in _JOBS and scope.get("method") == "POST" and self._is_full():
            return 429, "too many jobs wait: try again later"
        return None

    async def _counted(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, and break off when it has more bytes than are taken."""
        most, n_bytes, begun = self._settings.limits.upload_bytes, 0, False
        reason = f"a request must have at most {most} bytes, got more"
        if _promised(scope) > most:
            await _refuse(scope, receive, send, 413, reason)
            return

        async def counted() -> Any:
            nonlocal n_bytes
            message = await receive()
            n_bytes += len(message.get("body", b""))
            if scope["type"] == "http" and n_bytes > most:
                raise TooManyBytesError
            return message

        async def sent(message: Any) -> None:
            nonlocal begun
            if n_bytes <= most or begun:  # else what the parser makes of the broken body
                begun = True
                await send(message)

        with contextlib.suppress(TooManyBytesError):
            await self._app(scope, counted, sent)
        if n_bytes > most and not begun and scope["type"] == "http":
            await _refuse(scope, receive, send, 413, reason)


class Rates:
    """So many requests a second from each address, and some more at once.

    Parameters
    ----------
    per_s, burst : float
    """

    def __init__(self, per_s: float, burst: float) -> None:
        self._per_s, self._burst = per_s, burst
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, client: str) -> bool:
        """Return whether a client may ask once more now."""
        now_s = time.monotonic()
        left, last_s = self._left.pop(client, (self._burst, now_s))
        left = min(self._burst, left + (now_s - last_s) * self._per_s)
        self._left[client] = (max(left - 1, 0.0) if left >= 1 else left, now_s)
        while len(self._left) > _MOST_CLIENTS:
            self._left.popitem(last=False)
        return left >= 1


def is_token(given: str, token: str) -> bool:
    """Return whether a token is the right one, in a time that tells nothing of it."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _headers(scope: Any) -> dict[bytes, str]:
    """Return the headers; of several of one name, which no browser sends, none that is right."""
    found: dict[bytes, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def _is_open(scope: Any) -> bool:
    path = scope["path"]
    return path in _OPEN or not (path.startswith("/v1") or path in ("/frames", "/openapi.json"))


def _bears(headers: dict[bytes, str], token: str) -> bool:
    kind, _, given = headers.get(b"authorization", "").partition(" ")
    if kind.lower() == "bearer" and is_token(given.strip(), token):
        return True
    try:
        cookie = SimpleCookie(headers.get(b"cookie", "")).get(COOKIE)
    except CookieError:
        return False
    return cookie is not None and is_token(cookie.value, token)


def _promised(scope: Any) -> int:
    text = _headers(scope).get(b"content-length", "0")
    return int(text) if text.isdecimal() and len(text) < 20 else 0


async def _refuse(scope: Any, receive: Any, send: Any, status: int, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    if status == 429:
        headers.append((b"retry-after", b"1"))
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps({"detail": reason}).encode()})


def _with_headers(send: Any, host: str) -> Any:
    """Return what sends an answer with the headers of every answer that has no own of a name."""
    usual = {name.encode(): value.encode() for name, value in page_headers(host).items()}

    async def send_with_headers(message: Any) -> None:
        if message["type"] == "http.response.start":
            own = {name.lower() for name, _ in message["headers"]}
            extra = [(name, value) for name, value in usual.items() if name not in own]
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return send_with_headers


def _with_cors(send: Any, origin: str) -> Any:
    async def send_with_origin(message: Any) -> None:
        if message["type"] == "http.response.start":
            extra = [(b"access-control-allow-origin", origin.encode()), (b"vary", b"origin")]
            message = {**message, "headers": [*message["headers"], *extra]}
        await send(message)

    return send_with_origin


async def _allow(send: Any, origin: str) -> None:
    headers = [
        (b"access-control-allow-origin", origin.encode()),
        (b"access-control-allow-methods", b"GET, POST, DELETE"),
        (b"access-control-allow-headers", b"authorization, content-type"),
        (b"vary", b"origin"),
    ]
    await send({"type": "http.response.start", "status": 204, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
