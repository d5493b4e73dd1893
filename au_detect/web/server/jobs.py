"""Jobs: taken, queued, analysed, cancelled, and taken up again after a restart."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from au_detect.web.server.files import Files
from au_detect.web.server.options import AnalysisOptions
from au_detect.web.server.pool import TaskError, WorkerDied, WorkerPool
from au_detect.web.server.settings import ServerSettings
from au_detect.web.server.store import CANCELLED, DONE, FAILED, FINAL, QUEUED, RUNNING, Row, Store

TELL_EVERY_S = 0.2
PICTURES_KEPT_S = 3600.0
"""So long what shows a person can be fetched, if the server does not keep pictures."""
TIDY_EVERY_S = 60.0
STOPPING_S = 5.0
"""So long what is being analysed may go on when the server stops."""
MOST_DEATHS = 2
"""An input that has killed so many workers is not tried again."""
MOST_STARTS = 10


class QueueFullError(Exception):
    """More jobs wait than the server takes."""


@dataclass
class Course:
    """How far a job is, while the server remembers it; ``row`` is what the store holds of it."""

    row: Row
    state: str = QUEUED
    n_done: int = 0
    n_frames: int | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what a caller is told."""
        return {"state": self.state, "frames_done": self.n_done, "frames": self.n_frames}


class Jobs:
    """The queue, and what becomes of what is in it.

    Parameters
    ----------
    settings : ServerSettings
    store : Store
    files : Files
    pool : WorkerPool
    """

    def __init__(
        self, settings: ServerSettings, store: Store, files: Files, pool: WorkerPool
    ) -> None:
        self._settings, self._store, self._files, self._pool = settings, store, files, pool
        self._courses: dict[str, Course] = {}
        self._waiting: deque[str] = deque()
        self._changed = asyncio.Event()
        self._runners: list[asyncio.Task[None]] = []
        self._stopping = False

    @property
    def n_waiting(self) -> int:
        """How many jobs wait."""
        return len(self._waiting)

    def check_room(self) -> None:
        """Raise if no more jobs are taken now.

        Raises
        ------
        QueueFullError
            If so.
        """
        if self._stopping or len(self._waiting) >= self._settings.limits.n_queued:
            raise QueueFullError

    async def start(self) -> None:
        """Take up what an earlier server left, and begin to work."""
        left = await asyncio.to_thread(self._take_over)
        for row in left:
            self._enqueue(row)
        n_workers = len(self._pool.workers)
        self._runners = [asyncio.create_task(self._work()) for _ in range(n_workers)]
        self._runners.append(asyncio.create_task(self._tidy()))

    async def stop(self) -> None:
        """Let what runs finish if it is quick; the rest is taken up when a server starts again."""
        self._stopping = True
        running = [c.task for c in self._courses.values() if c.task and not c.task.done()]
        if running:
            await asyncio.wait(running, timeout=STOPPING_S)
        for task in (*self._runners, *running):
            task.cancel()
        await asyncio.gather(*self._runners, *running, return_exceptions=True)

    async def submit(
        self, job: str, name: str, options: AnalysisOptions, *, waited_for: bool, of: str | None
    ) -> None:
        """Queue a job whose files are there. Once this returns, it is not lost.

        Raises
        ------
        QueueFullError
            If too many wait.
        """
        self.check_room()
        row: Row = {"id": job, "name": name, "options": options.as_dict(), "of": of}
        await asyncio.to_thread(self._store.add_job, **row, waited_for=waited_for)
        self._enqueue(row)

    async def wait(self, job: str) -> None:
        """Wait until a job has come to its end."""
        course = self._courses.get(job)
        if course is not None:
            await course.finished.wait()

    async def cancel(self, job: str) -> None:
        """End a job that waits or runs."""
        course = self._courses.get(job)
        if course is None:
            return
        if job in self._waiting:
            self._waiting.remove(job)
            await self._finish(job, course, CANCELLED)
        elif course.task is not None:
            course.task.cancel()
            await course.finished.wait()

    def course(self, job: str) -> Course | None:
        """Return how far a job is; None for those that ended before the server started."""
        return self._courses.get(job)

    async def changes(self, job: str) -> AsyncIterator[dict[str, Any]]:
        """Yield how far a job is whenever that has changed, until it has ended."""
        told, course = None, self._courses.get(job)
        while course is not None and not self._stopping:
            now = course.as_dict()
            if now != told:
                yield now
                told = now
            if course.state in FINAL:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(course.finished.wait(), TELL_EVERY_S)

    def forget(self, job: str) -> None:
        """Forget a job that has ended."""
        self._courses.pop(job, None)

    def _enqueue(self, row: Row) -> None:
        self._courses[row["id"]] = Course(row)
        self._waiting.append(row["id"])
        self._changed.set()

    def _take_over(self) -> list[Row]:
        """Return the jobs that were not finished, the oldest first; delete what nobody wants."""
        unfinished = self._store.jobs((QUEUED, RUNNING), limit=100_000)[::-1]
        for row in unfinished:
            if row["waited_for"]:
                self._store.delete_job(row["id"])
        self._files.forget_others(self._store.ids())
        return [row for row in unfinished if not row["waited_for"]]

    async def _work(self) -> None:
        while True:
            while not self._waiting or self._stopping:
                self._changed.clear()
                await self._changed.wait()
            job = self._waiting.popleft()
            course = self._courses[job]
            course.task = asyncio.create_task(self._run(job, course))
            await asyncio.wait([course.task])

    async def _run(self, job: str, course: Course) -> None:
        course.state = RUNNING
        try:
            summary = await self._analyse(course.row, course)
        except TaskError as error:
            values = {"status": error.status, "reason": error.reason}
            await self._end(job, course, FAILED, **values)
        except asyncio.CancelledError:
            if not self._stopping:
                await self._end(job, course, CANCELLED)
        except Exception as error:
            reason = f"the server could not go on: {type(error).__name__}"
            await self._end(job, course, FAILED, status=500, reason=reason)
        else:
            await self._end(job, course, DONE, summary=summary)
        finally:
            course.finished.set()

    async def _analyse(self, row: Row, course: Course) -> dict[str, Any]:
        task = {
            "task": _task_of(row),
            "folder": str(self._files.of(row["id"]).folder),
            "name": row["name"],
            "options": dict(row["options"]),
        }
        if row["of"]:
            task["of"] = str(self._files.of(row["of"]).folder)

        n_deaths, begun = 0, False

        def progress(n_done: int, n_frames: int | None) -> None:
            nonlocal begun
            begun = True
            course.n_done, course.n_frames = n_done, n_frames

        for _ in range(MOST_STARTS):
            begun, course.n_done = False, 0
            with contextlib.suppress(WorkerDied):
                return await self._pool.run(task, self._settings.limits.job_s, progress)
            n_deaths += begun  # one that died before it began on it was not killed by it
            if n_deaths == MOST_DEATHS:
                reason = "out of memory, or a decoder crashed"
                raise TaskError(500, f"the worker process died {n_deaths} times: {reason}")
        raise TaskError(500, f"the worker process did not start {MOST_STARTS} times")

    async def _end(self, job: str, course: Course, state: str, **values: Any) -> None:
        """Finish a job even if it is cancelled meanwhile."""
        await asyncio.shield(self._finish(job, course, state, **values))

    async def _finish(self, job: str, course: Course, state: str, **values: Any) -> None:
        await asyncio.to_thread(self._note_end, job, state, values)
        course.state = state
        if state == DONE:
            course.n_done = course.n_frames = values["summary"]["frames"]
        course.finished.set()

    def _note_end(self, job: str, state: str, values: dict[str, Any]) -> None:
        self._store.set_state(job, state, **values)
        files = self._files.of(job)
        if state != DONE:
            files.delete()
        elif not self._settings.keep:
            files.forget_inputs()

    async def _tidy(self) -> None:
        """Delete pictures that nobody has fetched, and forget the course of old jobs."""
        while True:
            with contextlib.suppress(Exception):  # the database may be back in a minute
                for job in await asyncio.to_thread(self._ended_long_ago):
                    self.forget(job)
                    if not self._settings.keep:
                        await asyncio.to_thread(self._files.of(job).forget_pictures)
            await asyncio.sleep(TIDY_EVERY_S)

    def _ended_long_ago(self) -> list[str]:
        before_s = time.time() - PICTURES_KEPT_S
        rows = self._store.jobs(FINAL, limit=10_000)
        return [row["id"] for row in rows if (row["finished_s"] or 0) < before_s]


def _task_of(row: Row) -> str:
    if not row["of"]:
        return "analyse"
    return "annotate" if row["options"]["annotate"] else "rescore"
