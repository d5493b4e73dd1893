"""Load on the server: clients that post pictures, beside the bare detector's speed.

    python benchmarks/web_load.py [--clients 8] [--seconds 60] [--jobs 1]

Prints errors, the throughput and the time of an answer (median, 95th percentile), the memory of the
server and its workers at the beginning and the end, and how many pictures a second the detector
makes without a server. The server and the bare detector run in turn on the same machine. Where
other programs run too, the processor's time of a picture tells more: the server has more processes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from au_detect import AUDetector, sample_sequences
from au_detect.frames.pictures import select_pictures
from au_detect.web.client import Client


def pictures() -> list[Path]:
    folders = sample_sequences().values()
    return [path for folder in folders for path in select_pictures(folder.iterdir())[-2:]]


def bare_rate(seconds: float) -> tuple[float, float]:
    """Return how many pictures a second and a CPU second one detector makes, files included."""
    detector, files, n = AUDetector(), pictures(), 0
    detector.run(files[0])
    start, start_cpu = time.perf_counter(), time.process_time()
    while time.perf_counter() - start < seconds:
        detector.run(files[n % len(files)])
        n += 1
    return n / (time.perf_counter() - start), n / (time.process_time() - start_cpu)


def processes(pid: int) -> list[int]:
    """Return a process and its children."""
    return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def cpu_s(pid: int) -> float:
    """Return the processor's time that a process and its children have had."""
    total = 0.0
    for one in processes(pid):
        user, system = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[11:13]
        total += (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return total


def memory_mb(pid: int) -> float:
    """Return the memory of a process and its children."""
    total = 0.0
    for one in processes(pid):
        pages = int(Path(f"/proc/{one}/statm").read_text().split()[1])
        total += pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return total


def load(address: str, n_clients: int, seconds: float) -> tuple[list[float], list[str]]:
    """Return how long every answer took, and what went wrong."""
    times: list[float] = []
    errors: list[str] = []
    files, end = pictures(), time.monotonic() + seconds

    def post(number: int) -> None:
        with Client(address) as client:
            while time.monotonic() < end:
                start = time.perf_counter()
                try:
                    client.predict(files[number % len(files)])
                    times.append(time.perf_counter() - start)
                except Exception as error:
                    errors.append(str(error))
                number += 1

    threads = [threading.Thread(target=post, args=(i,)) for i in range(n_clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times, errors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    before = bare_rate(options.seconds / 4)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "au_detect.cli", "serve", "--port", "0"]
        command += ["--folder", folder, "--jobs", str(options.jobs)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        address = server.stdout.readline().split()[1]
        try:
            with Client(address) as client:
                client.info()
            load(address, options.clients, 5.0)
            start_mb, start_s = memory_mb(server.pid), cpu_s(server.pid)
            start_own_s = time.process_time()
            times, errors = load(address, options.clients, options.seconds)
            end_mb, server_s = memory_mb(server.pid), cpu_s(server.pid) - start_s
            own_s = time.process_time() - start_own_s
        finally:
            server.terminate()
            server.wait(60)
    bare, bare_cpu = np.mean([before, bare_rate(options.seconds / 4)], axis=0)
    rate, n = len(times) / options.seconds, len(times)
    print(f"{options.clients} clients, {options.seconds:g} s, {options.jobs} worker(s)")
    print(f"errors: {len(errors)} {errors[:3] or ''}")
    print(f"server: {rate:.1f} pictures/s; median {np.median(times):.3f} s, ", end="")
    print(f"95th percentile {np.quantile(times, 0.95):.3f} s")
    print(f"bare detector, one process: {bare:.1f} pictures/s; ratio {rate / bare:.2f}")
    print(f"CPU time of a picture: server {1000 * server_s / n:.1f} ms, ", end="")
    print(f"clients {1000 * own_s / n:.1f} ms, bare {1000 / bare_cpu:.1f} ms; ", end="")
    print(
        f"ratio {n / bare_cpu / server_s:.2f}, with clients {n / bare_cpu / (server_s + own_s):.2f}"
    )
    print(f"memory: {start_mb:.0f} MB at the beginning, {end_mb:.0f} MB at the end")


if __name__ == "__main__":
    main()
