"""The socket that a server listens on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from au_detect.errors import InputError


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Give a socket that is bound to an address of this machine.

    Raises
    ------
    InputError
        If the port is out of range or taken, or the host is none of this machine's.
    """
    if not 0 <= port < 2**16:
        raise InputError(f"--port must be in 0 to 65535, got {port}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=512)
    except (OSError, UnicodeError) as error:
        raise InputError(f"--port must be free on {host}, got {port}: {error}") from error
    with listener:
        yield listener
