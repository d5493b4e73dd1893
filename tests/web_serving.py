"""A server in a process of its own, for tests that kill it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path


class Served:
    """A server that is running."""

    def __init__(self, process, address):
        self.process, self.address = process, address

    def workers(self):
        """Return the numbers of its worker processes that analyse."""
        pid = self.process.pid
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        found = []
        for child in map(int, listed):
            command = Path(f"/proc/{child}/cmdline").read_bytes()
            if b"server.worker" in command and b'"looks": false' in command:
                found.append(child)
        return found

    def kill(self):
        """End it as the system does when there is no memory left."""
        self.process.kill()
        self.process.wait(30)


@contextmanager
def serving(folder, *options):
    """Serve from a folder; what is still there at the end is stopped."""
    command = [sys.executable, "-m", "au_detect.cli", "serve", "--port", "0"]
    command += ["--folder", str(folder), *options]
    root = str(Path(__file__).parents[1])
    environment = os.environ | {"PYTHONPATH": root}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    try:
        line = process.stdout.readline()
        assert line.startswith("Open http://"), line
        yield Served(process, line.split()[1])
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        process.stdout.close()


def wait_until(condition, seconds=120):
    """Return what a function returns as soon as that is true."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return value
