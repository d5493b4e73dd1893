"""Everything that the routes of a server share: settings, store, files, workers, jobs."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from au_detect.web.server.files import Files, JobFiles, new_id
from au_detect.web.server.jobs import Jobs
from au_detect.web.server.options import AnalysisOptions
from au_detect.web.server.pool import TaskError, WorkerDied, WorkerPool
from au_detect.web.server.settings import ServerSettings
from au_detect.web.server.store import DONE, FAILED, Row, Store

START_S = 120.0
LOOK_S = 120.0
WRITE_S = 300.0
ASK_EVERY_S = 1.0
"""So often it is looked whether a caller who waits is still there."""


class Service:
    """What the routes call.

    Parameters
    ----------
    settings : ServerSettings

    Attributes
    ----------
    described : dict
        What the workers know: ``aus``, ``emotions``, ``settings``; empty until they are ready.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.files = Files(settings.folder)
        self.store = Store(settings.database_url)
        self.pool = WorkerPool(settings, settings.n_workers)
        self.lookers = WorkerPool(settings, 1, looks=True)
        self.jobs = Jobs(settings, self.store, self.files, self.pool)
        self.described: dict[str, Any] = {}
        self.problem = ""
        self.ready = asyncio.Event()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work as long as the block runs."""
        await self.jobs.start()
        warming = asyncio.create_task(self._warm())
        try:
            yield
        finally:
            warming.cancel()
            await self.jobs.stop()
            await self.pool.close()
            await self.lookers.close()
            self.store.close()

    async def _warm(self) -> None:
        try:
            self.described = await self.pool.warm(START_S)
        except (TaskError, WorkerDied) as error:
            self.problem = str(error)
        self.ready.set()

    async def look_at(self, job: str, name: str, options: AnalysisOptions) -> dict[str, Any]:
        """Return what kind the input of a job is.

        Raises
        ------
        TaskError
            If it is none that is taken.
        """
        folder = str(self.files.of(job).folder)
        task = {"folder": folder, "name": name, "options": options.as_dict()}
        try:
            return await self.lookers.run(task, LOOK_S)
        except WorkerDied as error:
            raise TaskError(422, "the input cannot be read: a decoder crashed on it") from error

    async def take(
        self,
        fill: Callable[[JobFiles], Awaitable[str]],
        options: AnalysisOptions,
        *,
        waited_for: bool,
        of: str | None = None,
    ) -> str:
        """Queue a new job and return its id; what is refused leaves nothing.

        Parameters
        ----------
        fill : callable
            Writes the job's files, and returns what the input is called.
        options : AnalysisOptions
        waited_for : bool
            By a caller who will not come back for it.
        of : str, optional
            Id of the result that it is about.

        Raises
        ------
        TaskError
            If the input is none that is taken.
        QueueFullError
            If too many jobs wait.
        """
        job = new_id()
        own = self.files.of(job)
        try:
            self.jobs.check_room()
            name = await fill(own)
            await self.look_at(job, name, options)
            await self.jobs.submit(job, name, options, waited_for=waited_for, of=of)
        except BaseException:
            await asyncio.to_thread(own.delete)
            raise
        return job

    async def wait(self, job: str, is_gone: Callable[[], Awaitable[bool]]) -> None:
        """Wait until a job is done; end it when its caller has gone.

        Raises
        ------
        TaskError
            If it failed, or the caller has gone.
        """
        waiting = asyncio.ensure_future(self.jobs.wait(job))
        while not (await asyncio.wait([waiting], timeout=ASK_EVERY_S))[0]:
            if await is_gone():
                await self.delete(job)
                raise TaskError(499, "the caller has gone")
        await self.check_done(job)

    async def write(self, job: str, what: str) -> None:
        """Write the ``table`` or the ``report`` of a result that is there.

        Raises
        ------
        TaskError
            If that fails.
        """
        task = {"task": what, "folder": str(self.files.of(job).folder), "options": {}}
        try:
            await self.pool.run(task, WRITE_S)
        except WorkerDied as error:
            raise TaskError(500, f"the {what} could not be written: its process died") from error

    async def job(self, job: str) -> Row:
        """Return a job of the store.

        Raises
        ------
        TaskError
            404 if there is none of this id.
        """
        row = await asyncio.to_thread(self.store.job, job)
        if row is None:
            raise TaskError(404, "there is no job or result of this id")
        return row

    async def result(self, job: str) -> Row:
        """Return a job that has a result.

        Raises
        ------
        TaskError
            404 if there is none of this id; 409 if it is not there yet, or will not come.
        """
        row = await self.job(job)
        if row["state"] == FAILED:
            raise TaskError(409, f"this job has failed: {row['reason']}")
        if row["state"] != DONE:
            raise TaskError(409, "this job has no result (yet)")
        if not self.files.of(job).answer.exists():
            raise TaskError(404, "the files of this result are gone")
        return row

    def kept_inputs(self, row: Row) -> list[Path]:
        """Return the pictures that a result is about, if they were kept."""
        while row["of"]:
            earlier = self.store.job(row["of"])
            if earlier is None:
                return []
            row = earlier
        return self.files.of(row["id"]).input_files()

    async def delete(self, job: str) -> None:
        """Delete everything about a job, and end it if it runs.

        Raises
        ------
        TaskError
            404 if there is none of this id.
        """
        await self.job(job)
        await self.jobs.cancel(job)
        self.jobs.forget(job)
        await asyncio.to_thread(self.store.delete_job, job)
        await asyncio.to_thread(self.files.of(job).delete)

    async def rescore(self, of: Row, options: AnalysisOptions) -> str:
        """Score a result anew, and return the id of the new one once it is there.

        Raises
        ------
        TaskError
            If that fails.
        """
        job = new_id()
        files = self.files.of(job)
        await asyncio.to_thread(files.create)
        await self.jobs.submit(job, of["name"], options, waited_for=True, of=of["id"])
        await self.jobs.wait(job)
        await self.check_done(job)
        return job

    async def check_done(self, job: str) -> None:
        """Raise if a job that was waited for has failed, and forget it then.

        Raises
        ------
        TaskError
            With its status and reason.
        """
        course = self.jobs.course(job)
        self.jobs.forget(job)
        if course is not None and course.state == DONE:
            return
        row = await self.job(job)
        await asyncio.to_thread(self.store.delete_job, job)
        raise TaskError(row["status"] or 499, row["reason"] or "the job was cancelled")
