"""A worker process: ``python -m au_detect.web.server.worker SETUP``; tasks come line by line.

One JSON object a line on stdin is a task, on stdout what becomes of it: ``progress``, first when it
has begun, then ``done`` or ``failed``. The process ends with its server, however that ends.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from au_detect.errors import AUDetectError, NoFaceError, TooLargeError

PROGRESS_EVERY_S = 0.2
TOO_LARGE, NO_MEDIA, WRONG, BROKEN = 413, 415, 422, 500

Send = Callable[[dict[str, Any]], None]


def main(setup: dict[str, Any], tasks: IO[bytes], send: Send) -> None:
    """Do tasks until there are no more."""
    from au_detect.batch.watching import begin_worker
    from au_detect.web.server.settings import Limits

    begin_worker(setup["parent"])
    limits = Limits(**setup["limits"])
    do = _looker(limits) if setup["looks"] else _analyst(setup, limits)
    for line in tasks:
        task = json.loads(line)
        send({"progress": [0, None]})  # from here on it is the task's fault if this process dies
        try:
            send({"done": do(task, _progress(send))})
        except (AUDetectError, MemoryError, RecursionError, OSError) as error:
            status, reason = _status_of(error), _reason(error, task)
            send({"failed": {"status": status, "reason": reason}})
        except Exception as error:
            traceback.print_exc()
            reason = f"the analysis broke off: {type(error).__name__}"
            send({"failed": {"status": BROKEN, "reason": reason}})


def _looker(limits: Any) -> Callable[..., dict[str, Any]]:
    from au_detect.web.server.files import JobFiles
    from au_detect.web.server.tasks import look_at

    def do(task: dict[str, Any], _report: Any) -> dict[str, Any]:
        return look_at(JobFiles(Path(task["folder"])), task["options"]["fps"], limits)

    return do


def _analyst(setup: dict[str, Any], limits: Any) -> Callable[..., dict[str, Any]]:
    from au_detect.web.server.tasks import Analyst

    analyst = Analyst(setup["model"], setup["landmark_model"], setup["experimental"], limits)
    return analyst.do


def _progress(send: Send) -> Callable[[int, int | None], None]:
    last_s = 0.0

    def report(n_done: int, n_frames: int | None) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if now_s - last_s >= PROGRESS_EVERY_S:
            last_s = now_s
            send({"progress": [n_done, n_frames]})

    return report


def _status_of(error: BaseException) -> int:
    if isinstance(error, (TooLargeError, MemoryError)):
        return TOO_LARGE
    if isinstance(error, OSError):
        return BROKEN
    is_no_media = "must be a picture" in str(error) or "must be a PNG" in str(error)
    return NO_MEDIA if is_no_media and not isinstance(error, NoFaceError) else WRONG


def _reason(error: BaseException, task: dict[str, Any]) -> str:
    """Return what went wrong in words, without a path of this machine."""
    if isinstance(error, MemoryError):
        return "the input needs more memory than there is"
    if isinstance(error, OSError):
        return f"the server's folder cannot be written: {error.strerror}"
    folder, name = task["folder"], task.get("name", "the input")
    text = str(error).replace(f"{folder}/input/000000", name)
    for path, word in ((f"{folder}/input/", "picture "), (f"{folder}/neutral", "neutral picture")):
        text = text.replace(path, word)
    return text.replace(f"{folder}/", "")


def _begin() -> None:
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)

    def send(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message).encode() + b"\n")

    try:
        main(json.loads(sys.argv[1]), sys.stdin.buffer, send)
    except BrokenPipeError:
        os._exit(1)
    except AUDetectError as error:  # the model cannot be loaded
        send({"failed": {"status": BROKEN, "reason": str(error)}})


if __name__ == "__main__":
    _begin()
