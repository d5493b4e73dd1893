"""Worker processes: one task at a time each; those that die or hang are replaced."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from au_detect.web.server.settings import ServerSettings

Progress = Callable[[int, int | None], None]

MOST_LINE_BYTES = 2**20
GONE_S = 2.0
"""So long a process that has closed its output may take to end."""


class TaskError(Exception):
    """A task failed; the worker said why.

    Parameters
    ----------
    status : int
        As in HTTP.
    reason : str
        For the caller.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class WorkerDied(Exception):  # noqa: N818
    """A worker process ended in the middle of a task."""


class Worker:
    """One process; it is started when it is needed, and again after it was ended.

    Parameters
    ----------
    settings : ServerSettings
    looks : bool
        Whether it only looks at inputs, and needs no model.
    """

    def __init__(self, settings: ServerSettings, looks: bool) -> None:
        self._process: asyncio.subprocess.Process | None = None
        limits = settings.limits
        self._environment = {
            **os.environ,
            "AU_DETECT_MAX_PICTURE_PIXELS": str(limits.n_pixels),
            "OPENCV_IO_MAX_IMAGE_PIXELS": str(limits.n_pixels),
            "OPENCV_FFMPEG_LOGLEVEL": "-8",
        }
        setup = {
            "parent": os.getpid(),
            "looks": looks,
            "limits": asdict(limits),
            "model": settings.model,
            "landmark_model": settings.landmark_model,
            "experimental": settings.experimental,
        }
        module = "au_detect.web.server.worker"
        self._command = (sys.executable, "-m", module, json.dumps(setup))

    @property
    def pid(self) -> int | None:
        """The process's number; None while there is none."""
        alive = self._process is not None and self._process.returncode is None
        return self._process.pid if alive and self._process else None

    async def run(self, task: dict[str, Any], progress: Progress | None = None) -> dict[str, Any]:
        """Return what became of a task.

        Raises
        ------
        TaskError
            If the worker says that it failed.
        WorkerDied
            If it died.
        """
        process = await self._running()
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(task).encode() + b"\n")
            await process.stdin.drain()
        except OSError as error:
            raise WorkerDied("the worker does not take tasks") from error
        return await self._answer(process, progress)

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            pipe = asyncio.subprocess.PIPE
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=pipe, stdout=pipe, env=self._environment,
                limit=MOST_LINE_BYTES, start_new_session=True,
            )  # fmt: skip
        return self._process

    async def _answer(
        self, process: asyncio.subprocess.Process, progress: Progress | None
    ) -> dict[str, Any]:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            try:
                message = json.loads(line)
            except ValueError:
                break
            if "done" in message:
                done: dict[str, Any] = message["done"]
                return done
            if "failed" in message:
                raise TaskError(message["failed"]["status"], message["failed"]["reason"])
            if progress and "progress" in message:
                progress(*message["progress"])
        with contextlib.suppress(TimeoutError):  # it cannot be killed before it was waited for
            await asyncio.wait_for(process.wait(), GONE_S)
        raise WorkerDied("the worker process died")

    async def end(self) -> None:
        """End the process at once, whatever it does."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class WorkerPool:
    """Some workers; whoever has a task waits for one that is free.

    Parameters
    ----------
    settings : ServerSettings
    n_workers : int
    looks : bool
        As in `Worker`.
    """

    def __init__(self, settings: ServerSettings, n_workers: int, looks: bool = False) -> None:
        self.workers = [Worker(settings, looks) for _ in range(n_workers)]
        self._free: asyncio.Queue[Worker] = asyncio.Queue()
        for worker in self.workers:
            self._free.put_nowait(worker)

    async def warm(self, timeout_s: float) -> dict[str, Any]:
        """Start all workers, and return what one says of its model.

        Raises
        ------
        TaskError, WorkerDied
            If they cannot work.
        """
        task = {"task": "describe", "folder": ""}
        said = await asyncio.gather(*(self.run(task, timeout_s) for _ in self.workers))
        return said[0]

    async def run(
        self, task: dict[str, Any], timeout_s: float, progress: Progress | None = None
    ) -> dict[str, Any]:
        """Return what became of a task, once a worker was free for it.

        A task that is cancelled, or takes longer than `timeout_s`, is ended with its process.

        Raises
        ------
        TaskError, WorkerDied
            As in `Worker.run`; `TaskError` 504 if it takes too long.
        """
        worker = await self._free.get()
        try:
            async with asyncio.timeout(timeout_s):
                return await worker.run(task, progress)
        except TimeoutError as error:
            await worker.end()
            reason = f"the analysis must take at most {timeout_s:g} s, but takes longer"
            raise TaskError(504, reason) from error
        except (asyncio.CancelledError, WorkerDied):
            await worker.end()
            raise
        finally:
            self._free.put_nowait(worker)

    async def close(self) -> None:
        """End all processes."""
        await asyncio.gather(*(worker.end() for worker in self.workers))
