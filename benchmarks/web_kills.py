"""Killed under load: of the jobs that the server has taken, none may be lost.

    python benchmarks/web_kills.py [--clients 8] [--seconds 60] [--every 5] [--database URL]

Clients give pictures as jobs. Every few seconds the worker process is killed (kill -9), and half
way the server itself with all that it started; it is started again on the same folder. In the end
every job whose acceptance a client has seen must be done, with its result. Linux: processes are
found in /proc.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from web_load import pictures

from au_detect.errors import AUDetectError
from au_detect.web.client import Client

WAIT_S = 600.0


def started(folder: str, port: int, more: list[str]) -> subprocess.Popen[bytes]:
    """Start a server, and return it once it answers."""
    command = [sys.executable, "-m", "au_detect.cli", "serve", "--port", str(port)]
    server = subprocess.Popen([*command, "--folder", folder, *more], stdout=subprocess.DEVNULL)
    with Client(f"http://127.0.0.1:{port}") as client:
        while True:
            with suppress(AUDetectError):
                client.info()
                return server
            time.sleep(0.2)


def give(address: str, number: int, taken: list[str], stop: threading.Event) -> None:
    """Give jobs one after the other; remember those that the server said it has taken."""
    files = pictures()
    with Client(address) as client:
        while not stop.is_set():
            try:
                taken.append(client.submit(files[number % len(files)])["id"])
            except AUDetectError:  # the server is down, or the queue full
                time.sleep(0.2)
            number += 1


def kill_workers(pid: int, every_s: float, seconds: float) -> int:
    """Kill the worker that analyses again and again; return how often."""
    n_killed, end_s = 0, time.monotonic() + seconds
    while time.monotonic() < end_s:
        time.sleep(every_s)
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if b'"looks": false' in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(int(child), signal.SIGKILL)
                n_killed += 1
    return n_killed


def ends(address: str, taken: list[str]) -> Counter[str]:
    """Wait until no job waits or runs; return how many ended how."""
    end_s, states = time.monotonic() + WAIT_S, Counter[str]()
    with Client(address) as client:
        for job in taken:
            try:
                while (now := client.job(job))["state"] in ("queued", "running"):
                    if time.monotonic() > end_s:
                        break
                    time.sleep(0.1)
                if now["state"] == "done":
                    client.result(job)
                states[now["reason"] or now["state"]] += 1
            except AUDetectError as error:
                states[str(error)] += 1
    return states


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--every", type=float, default=5.0, help="seconds between two kills")
    parser.add_argument("--database", help="as in au-detect serve")
    options = parser.parse_args()
    more = ["--database", options.database] if options.database else []
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address, taken, stop = f"http://127.0.0.1:{port}", list[str](), threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        server = started(folder, port, more)
        threads = [
            threading.Thread(target=give, args=(address, number, taken, stop))
            for number in range(options.clients)
        ]
        for thread in threads:
            thread.start()
        n_workers = kill_workers(server.pid, options.every, options.seconds / 2)
        server.kill()
        server.wait()
        print(f"{len(taken)} jobs were taken when the server was killed", flush=True)
        server = started(folder, port, more)
        n_workers += kill_workers(server.pid, options.every, options.seconds / 2)
        stop.set()
        for thread in threads:
            thread.join()
        states = ends(address, taken)
        server.terminate()
        server.wait(60)
    print(
        f"{options.clients} clients, {options.seconds:g} s; killed: {n_workers} workers, 1 server"
    )
    print(f"{len(taken)} jobs were taken: {dict(states)}; lost: {len(taken) - states['done']}")


if __name__ == "__main__":
    main()
