"""Inputs from addresses: public ones only, checked where the connection goes.

Every redirect is looked at like the first address. The name is resolved once, all that it resolves
to must be public, and the connection goes to what was checked: a name that means something else a
moment later (DNS rebinding) gains nothing.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

from au_detect.errors import InputError, TooLargeError

MOST_REDIRECTS = 5
LONGEST_ADDRESS = 2000
_PIECE_BYTES = 2**16
_REDIRECTS = (301, 302, 303, 307, 308)
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Resolve = Callable[[str, int], Iterable[str]]


def is_public(text: str) -> bool:
    """Return whether an IP address is one of the public network."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(str(inner))
        if address in _NAT64 or address.teredo is not None:
            return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def fetch(
    address: str,
    target: Path,
    *,
    max_bytes: int,
    timeout_s: float,
    resolve: Resolve = resolve,
    allows: Callable[[str], bool] = is_public,
) -> str:
    """Write what an address delivers to a file; return its name there.

    Parameters
    ----------
    address : str
        Begins with http:// or https://.
    target : Path
        Must be a new file.
    max_bytes : int
    timeout_s : float
        For everything together.
    resolve, allows : callable
        How names become IP addresses, and which of these may be asked.

    Raises
    ------
    InputError
        If the address is of another kind, not public, or does not deliver.
    TooLargeError
        If it delivers more than `max_bytes`.
    """
    end_s = time.monotonic() + timeout_s
    for _ in range(MOST_REDIRECTS + 1):
        parts = _checked(address)
        connection = _connect(parts, end_s, resolve, allows)
        try:
            answer = _ask(connection, parts)
            if answer.status in _REDIRECTS and answer.getheader("location"):
                address = urljoin(address, answer.getheader("location", ""))
                continue
            if answer.status != 200:
                raise InputError(f"url must deliver a picture or video, got HTTP {answer.status}")
            _write(answer, connection, target, max_bytes, end_s)
            return parts.path.rpartition("/")[2] or parts.netloc
        except (OSError, http.client.HTTPException, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"url cannot be read: {type(error).__name__}") from error
        finally:
            connection.close()
    raise InputError(f"url must be redirected at most {MOST_REDIRECTS} times, got more")


def _checked(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise InputError("url must be an address such as https://example.org/a.jpg") from error
    is_plain = address.isascii() and address.isprintable() and " " not in address
    if len(address) > LONGEST_ADDRESS or not is_plain:
        raise InputError(f"url must have at most {LONGEST_ADDRESS} plain characters")
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise InputError(f"url must begin with http:// or https://, got {address[:80]!r}")
    if parts.username is not None or parts.password is not None:
        raise InputError("url must not have a user name or password in it")
    return parts


def _connect(
    parts: SplitResult, end_s: float, resolve: Resolve, allows: Callable[[str], bool]
) -> http.client.HTTPConnection:
    host, is_safe = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if is_safe else 80)
    try:
        found = list(resolve(host, port))
    except (OSError, UnicodeError) as error:
        raise InputError(f"url must name a host that is known, got {host!r}") from error
    if not found or not all(allows(ip) for ip in found):
        raise InputError(f"url must lead to a public address, {host!r} does not")
    connection = http.client.HTTPConnection(host, port, timeout=_left_s(end_s))
    try:
        connection.sock = socket.create_connection((found[0], port), timeout=_left_s(end_s))
        if is_safe:
            context = ssl.create_default_context()
            connection.sock = context.wrap_socket(connection.sock, server_hostname=host)
    except OSError as error:
        connection.close()
        raise InputError(f"url cannot be reached: {type(error).__name__}") from error
    return connection


def _ask(connection: http.client.HTTPConnection, parts: SplitResult) -> http.client.HTTPResponse:
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    headers = {"Host": parts.netloc, "Accept-Encoding": "identity", "User-Agent": "au_detect"}
    connection.request("GET", path, headers=headers)
    return connection.getresponse()


def _write(
    answer: http.client.HTTPResponse,
    connection: http.client.HTTPConnection,
    target: Path,
    max_bytes: int,
    end_s: float,
) -> None:
    if (answer.length or 0) > max_bytes:
        raise TooLargeError(f"url must deliver at most {max_bytes} bytes, got {answer.length}")
    n_bytes = 0
    with target.open("xb") as file:
        while True:
            if connection.sock is not None:
                connection.sock.settimeout(_left_s(end_s))
            _left_s(end_s)
            piece = answer.read1(_PIECE_BYTES)
            if not piece:
                return
            n_bytes += len(piece)
            if n_bytes > max_bytes:
                raise TooLargeError(f"url must deliver at most {max_bytes} bytes, got more")
            file.write(piece)


def _left_s(end_s: float) -> float:
    left = end_s - time.monotonic()
    if left <= 0:
        raise InputError("url must deliver in time, but took too long")
    return left
