"""Where a job's files are: numbers stay, pictures go once they were analysed.

Folders are named by the job's id, which the server made, and files by this module: nothing that a
request says becomes part of a path.
"""

from __future__ import annotations

import re
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

ID = re.compile(r"[0-9a-f]{32}")


def new_id() -> str:
    """Return an id that nobody can guess."""
    return secrets.token_hex(16)


@dataclass(frozen=True)
class JobFiles:
    """The files of one job.

    Parameters
    ----------
    folder : Path
        Whose name is the job's id.
    """

    folder: Path

    @property
    def answer(self) -> Path:
        """What is answered, as JSON."""
        return self.folder / "answer.json"

    @property
    def result(self) -> Path:
        """The `AUResult`, as JSON."""
        return self.folder / "result.json"

    @property
    def table(self) -> Path:
        """The result as CSV, once it was asked for."""
        return self.folder / "result.csv"

    @property
    def measurements(self) -> Path:
        """What was measured of the faces: it can be scored anew without pictures."""
        return self.folder / "measurements.npz"

    @property
    def report(self) -> Path:
        """The report without pictures, once it was asked for."""
        return self.folder / "report.html"

    @property
    def inputs(self) -> Path:
        """The folder of pictures, or of the one video, that came."""
        return self.folder / "input"

    @property
    def neutral(self) -> Path:
        """The neutral picture that came."""
        return self.folder / "neutral"

    @property
    def made(self) -> Path:
        """The folder of what shows the person: crops, annotated copy, report with pictures."""
        return self.folder / "made"

    def input_files(self) -> list[Path]:
        """Return the inputs in order."""
        return sorted(self.inputs.iterdir()) if self.inputs.is_dir() else []

    def create(self) -> None:
        """Make the folder, which is its owner's alone."""
        self.folder.mkdir(mode=0o700)
        self.inputs.mkdir()
        self.made.mkdir()

    def copy_inputs(self, inputs: list[Path]) -> None:
        """Make the folder with copies of the inputs of another job."""
        self.create()
        for file in inputs:
            shutil.copyfile(file, self.inputs / file.name)

    def take_made(self, other: JobFiles) -> Path:
        """Take the one file that another job has made, and return it."""
        (made,) = other.made.iterdir()
        self.made.mkdir(exist_ok=True)
        return made.replace(self.made / made.name)

    def forget_inputs(self) -> None:
        """Delete the pictures that came."""
        shutil.rmtree(self.inputs, ignore_errors=True)
        self.neutral.unlink(missing_ok=True)

    def forget_pictures(self) -> None:
        """Delete everything that shows the person."""
        self.forget_inputs()
        shutil.rmtree(self.made, ignore_errors=True)

    def delete(self) -> None:
        """Delete everything."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Files:
    """The folder of all jobs.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / "jobs"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder.mkdir(exist_ok=True, mode=0o700)

    def of(self, job: str) -> JobFiles:
        """Return the files of a job."""
        if not ID.fullmatch(job):
            raise ValueError(f"job must be an id of 32 hexadecimal digits, got {job!r}")
        return JobFiles(self._folder / job)

    def forget_others(self, known: set[str]) -> None:
        """Delete the folders of jobs that are not `known`: what a killed server left."""
        for folder in self._folder.iterdir():
            if folder.name not in known:
                JobFiles(folder).delete()
