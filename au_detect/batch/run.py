"""What became of the inputs of a batch so far: its summary and its run file."""

from __future__ import annotations

import os
import time
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from au_detect.batch.inputs import BatchInput
from au_detect.batch.records import (
    other_owner,
    read_whole,
    record_path,
    remove_leftovers,
    remove_unfinished,
)
from au_detect.batch.summaries import InputSummary, write_summary
from au_detect.errors import InputError
from au_detect.frames.files import printable
from au_detect.results.files import check_is_no_input
from au_detect.results.writing import write_document

SUMMARY_EVERY_S = 10.0


class BatchRun:
    """What became of the inputs of a batch so far, kept up to date on disk.

    As a context it writes the summary and ``run.json`` when it begins and when it ends,
    however it ends.
    """

    def __init__(
        self,
        out: str,
        inputs: list[BatchInput],
        recipe: dict[str, Any],
        shard: str | None,
        about: dict[str, Any],
    ) -> None:
        suffix = "" if shard is None else f"_{shard.replace('/', '_of_')}"
        self.out, self.inputs, self.recipe, self.about = out, inputs, recipe, about
        self._summary_path = Path(out, f"summary{suffix}.csv")
        self._run_path = Path(out, f"run{suffix}.json")
        self._rows: dict[str, InputSummary] = {}
        self._n_taken_over = 0
        self._began = _now()
        self._written_s = time.monotonic()
        os.makedirs(out, exist_ok=True)
        remove_leftovers(out)

    def take_over(self) -> None:
        """Count as done what an earlier run has left done and whole."""
        self._note_whole()
        self._n_taken_over = len(self._rows)

    def check_files(self, sources: Any, *, overwrite: bool) -> None:
        """Raise if a file would replace an input, or a result of another one."""
        given = [sources] if isinstance(sources, (str, os.PathLike)) else sources
        for path in (self._summary_path, self._run_path):
            check_is_no_input(path, given, "a file in out")
        for item in () if overwrite else self.waiting():
            owner = other_owner(item, self.out)
            if owner is not None:
                raise InputError(
                    f"{record_path(self.out, item)} must not be of another input than "
                    f"{printable(item.source)}, got one of {owner}: choose another out, or "
                    "overwrite"
                )

    def _note_whole(self) -> None:
        """Note the inputs whose results are there and whole, though nobody said so."""
        for item in self.waiting():
            if row := read_whole(item, self.out, self.recipe):
                self._rows[item.name] = row

    def waiting(self) -> list[BatchInput]:
        """Return the inputs that are not done."""
        return [item for item in self.inputs if item.name not in self._rows]

    def rows(self) -> list[InputSummary]:
        """Return the rows of the summary so far, in the order of the inputs."""
        return [self._rows[item.name] for item in self.inputs if item.name in self._rows]

    def noted(self, scored: Generator[tuple[BatchInput, InputSummary]]) -> Generator[InputSummary]:
        """Yield the rows as they come, and write the summary now and then."""
        with closing(scored):
            for item, row in scored:
                self._rows[item.name] = row
                if time.monotonic() - self._written_s > SUMMARY_EVERY_S:
                    self._write("running")
                yield row

    def __enter__(self) -> BatchRun:
        self._write("running")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:  # other processes may have finished inputs since
            self._note_whole()
            if self.about["backend"] != "dask":  # its workers go on; ours are no more
                remove_unfinished(self.waiting(), self.out, self.recipe["format"])
        self._write("finished" if kind is None else f"stopped by {kind.__name__}")

    def _write(self, state: str) -> None:
        rows = self.rows()
        write_summary(rows, self._summary_path)
        counts = {
            "n_inputs": len(self.inputs),
            "n_done": sum(not row.error for row in rows),
            "n_failed": sum(bool(row.error) for row in rows),
            "n_without_face": sum(row.frames_with_face == 0 for row in rows),
            "n_from_earlier_runs": self._n_taken_over,
        }
        times = {"state": state, "began": self._began, "written": _now()}
        write_document(self._run_path, {**times, **counts, **self.about, "options": self.recipe})
        self._written_s = time.monotonic()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
