"""From a request to files: uploads and addresses, looked at before a job is taken."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path, PurePosixPath
from typing import Any

from fastapi import UploadFile

from au_detect.errors import InputError, TooLargeError
from au_detect.escapes import encodable, escaped
from au_detect.frames.files import natural_key
from au_detect.web.server.addresses import fetch
from au_detect.web.server.files import JobFiles
from au_detect.web.server.pool import TaskError
from au_detect.web.server.settings import ServerSettings

LONGEST_NAME = 120


async def receive(
    files: JobFiles,
    uploads: list[UploadFile],
    url: str | None,
    neutral: UploadFile | None,
    settings: ServerSettings,
) -> str:
    """Write what came to the files of a job; return what the input is called.

    Raises
    ------
    TaskError
        If nothing or too much came, or the address does not deliver.
    """
    if bool(uploads) == bool(url):
        raise TaskError(422, "give either files or a url, got both or neither")
    if len(uploads) > settings.limits.n_files:
        most = settings.limits.n_files
        raise TaskError(413, f"there must be at most {most} files, got {len(uploads)}")
    ordered = sorted(uploads, key=lambda file: natural_key(Path(readable_name(file.filename))))
    await asyncio.to_thread(_save, files, ordered, neutral)
    if url:
        return readable_name(await _fetch(url, files.inputs / "000000", settings))
    first = readable_name(ordered[0].filename)
    return first if len(ordered) == 1 else f"{len(ordered)} pictures, {first} first"


async def _fetch(url: str, target: Path, settings: ServerSettings) -> str:
    if not settings.allow_urls:
        raise TaskError(403, "this server fetches no addresses: it was started without them")
    limits = settings.limits
    try:
        return await asyncio.to_thread(
            fetch, url, target, max_bytes=limits.upload_bytes, timeout_s=limits.fetch_s
        )
    except TooLargeError as error:
        raise TaskError(413, str(error)) from error
    except InputError as error:
        raise TaskError(422, str(error)) from error


def readable_name(name: Any) -> str:
    """Return what an upload is called, as text that can be shown: never a path."""
    last = PurePosixPath(str(name or "").replace("\\", "/")).name
    return escaped(encodable(last))[:LONGEST_NAME] or "upload"


def _save(files: JobFiles, uploads: list[UploadFile], neutral: UploadFile | None) -> None:
    files.create()
    targets = {files.inputs / f"{number:06d}": upload for number, upload in enumerate(uploads)}
    if neutral is not None:
        targets[files.neutral] = neutral
    for target, upload in targets.items():
        with target.open("xb") as file:
            shutil.copyfileobj(upload.file, file, 2**20)
