"""Who may ask the live server: its own page, and no page from elsewhere.

A page of any web site can send requests to 127.0.0.1, and under a name that resolves to it (DNS
rebinding) read the answers. So the ``Host`` must be this server's own, and the ``Origin``, which
scripts cannot forge, too; a WebSocket must have one.
"""

from __future__ import annotations

from typing import Any

from au_detect.web.live.page import page_headers

HOST = "127.0.0.1"


class OwnPageOnly:
    """ASGI middleware that answers 403 to whatever does not come from the server's own page.

    Parameters
    ----------
    app : ASGI application
    port : int
        Where the server listens.
    """

    def __init__(self, app: Any, port: int) -> None:
        self._app = app
        self._hosts = {f"{name}:{port}" for name in (HOST, "localhost")}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request on, with the page's headers on its answer, or refuse it."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        host, origin = (_header(scope, name) for name in (b"host", b"origin"))
        own = host in self._hosts and origin in {f"http://{host}", None}
        if not own or (scope["type"] == "websocket" and origin is None):
            await _refuse(scope, receive, send)
            return
        headers = [(k.encode(), v.encode()) for k, v in page_headers(host or "").items()]

        async def send_with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _header(scope: Any, name: bytes) -> str | None:
    """Return the one value of a header; of several, which no browser sends, none that is right."""
    values = [value for key, value in scope["headers"] if key == name]
    return b", ".join(values).decode("latin-1") if values else None


async def _refuse(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    await send({"type": "http.response.start", "status": 403, "headers": []})
    await send({"type": "http.response.body", "body": b"only the server's own page may ask"})
