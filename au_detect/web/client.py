"""A client of the server: what ``au-detect serve`` offers, as functions.

Examples
--------
>>> from au_detect.web.client import Client
>>> with Client("http://127.0.0.1:8000") as client:  # doctest: +SKIP
...     answer = client.predict("smile.png", neutral="rest.png")
...     print(answer["faces"][0]["top"])
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal, cast

import httpx
from typing_extensions import TypedDict

from au_detect.errors import AUDetectError, InputError
from au_detect.web.answers import Answer

Source = str | os.PathLike[str]
"""A file, or an ``http://`` or ``https://`` address that the server fetches."""

MOST_TRIES = 8
ASK_EVERY_S = 0.3


class JobState(TypedDict):
    """How far a job is: "queued", "running", "done", "failed" (``reason``) or "cancelled"."""

    id: str
    name: str
    state: str
    frames_done: int
    frames: int | None
    status: int | None
    reason: str | None
    created_s: float
    made: list[str]
    neutral: str
    of: str | None


class RefusedError(AUDetectError):
    """The server has refused something.

    Attributes
    ----------
    status : int
        As in HTTP: 413 too large, 415 no picture or video, 422 wrong, 429 too much at once.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"the server refuses it ({status}): {reason}")
        self.status = status


class Client:
    """Asks a server.

    Parameters
    ----------
    address : str
        As ``au-detect serve`` prints it.
    token : str, optional
        What the server was started with.
    timeout_s : float
        How long one answer may take.
    """

    def __init__(
        self, address: str = "http://127.0.0.1:8000", *, token: str | None = None,
        timeout_s: float = 900.0,
    ) -> None:  # fmt: skip
        headers = {"authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            base_url=address, headers=headers, timeout=timeout_s, trust_env=False
        )

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def info(self) -> dict[str, Any]:
        """Return version, model, action units with thresholds, and limits."""
        return cast(dict[str, Any], self._ask("GET", "/v1/info").json())

    def health(self) -> dict[str, Any]:
        """Return whether the server works."""
        return cast(dict[str, Any], self._ask("GET", "/v1/health").json())

    def predict(
        self, source: Source | Sequence[Source], *, neutral: Source | int | None = "auto",
        **options: Any,
    ) -> Answer:  # fmt: skip
        """Analyse a picture, the pictures of a sequence, or a video, and wait for the answer.

        Parameters
        ----------
        source : path, address, or sequence of paths
        neutral : {"auto", "first", "median"}, int, None, or path
            As in `AUDetector.run`.
        **options
            ``max_faces, min_face, threshold, fps, smooth, independent, annotate, crop, emotions,
            top``, as the server's ``/openapi.json`` says.

        Raises
        ------
        RefusedError
            If the server refuses it.
        AUDetectError
            If the server cannot be reached.
        """
        with _opened(source, neutral, options) as request:
            return cast(Answer, self._ask("POST", "/v1/predict", **request).json())

    def submit(
        self, source: Source | Sequence[Source], *, neutral: Source | int | None = "auto",
        **options: Any,
    ) -> JobState:  # fmt: skip
        """Give a job to the server, as in `predict`, and do not wait for it."""
        with _opened(source, neutral, options) as request:
            return cast(JobState, self._ask("POST", "/v1/jobs", **request).json())

    def job(self, job: str) -> JobState:
        """Return how far a job is."""
        return cast(JobState, self._ask("GET", f"/v1/jobs/{job}").json())

    def jobs(self) -> list[JobState]:
        """Return the newest jobs."""
        return cast(list[JobState], self._ask("GET", "/v1/jobs").json())

    def wait(self, job: str, progress: Callable[[JobState], None] | None = None) -> Answer:
        """Wait for a job and return its result; `progress` is told how far it is.

        Raises
        ------
        RefusedError
            If it failed or was cancelled.
        """
        while (now := self.job(job))["state"] in ("queued", "running"):
            if progress:
                progress(now)
            time.sleep(ASK_EVERY_S)
        if now["state"] != "done":
            raise RefusedError(now["status"] or 499, now["reason"] or f"the job is {now['state']}")
        return self.result(job)

    def cancel(self, job: str) -> JobState:
        """End a job."""
        return cast(JobState, self._ask("POST", f"/v1/jobs/{job}/cancel").json())

    def result(self, job: str) -> Answer:
        """Return a result."""
        return cast(Answer, self._ask("GET", f"/v1/results/{job}").json())

    def rescore(self, job: str, *, neutral: str | int | None = "auto", **options: Any) -> Answer:
        """Score a result anew; `options` are ``threshold, smooth, leave_out, top``.

        `neutral` is that of all faces, or of single ones: ``"auto 1:20"``.
        """
        wanted = {"neutral": _word(neutral), **options}
        return cast(Answer, self._ask("POST", f"/v1/results/{job}/rescore", json=wanted).json())

    def save(
        self, job: str, path: Source, what: Literal["json", "csv", "html", "annotated"] = "csv"
    ) -> Path:
        """Write a result as JSON, CSV, a page to read, or the annotated copy to a file."""
        place = f"/v1/results/{job}"
        if what == "annotated":
            answer = self._ask("GET", f"{place}/annotated")
        else:
            answer = self._ask("GET", place, params={"format": what})
        file = Path(path)
        file.write_bytes(answer.content)
        return file

    def annotate(self, job: str, source: Source | Sequence[Source], path: Source) -> Path:
        """Write the annotated copy of a result, drawn into the files that were analysed."""
        with _opened(source, None, {}) as request:
            sent = {"files": request["files"]}
            answer = self._ask("POST", f"/v1/results/{job}/annotated", **sent)
        file = Path(path)
        file.write_bytes(answer.content)
        return file

    def delete(self, job: str) -> None:
        """Delete everything about a job."""
        self._ask("DELETE", f"/v1/results/{job}")

    def feedback(
        self, job: str, target: str, right: bool, *, face: int = 0, frame: int = 0,
        correction: str | None = None, subject: str | None = None,
    ) -> None:  # fmt: skip
        """Say whether a decision is right.

        Parameters
        ----------
        job : str
            Id of the result.
        target : str
            ``"AU12"``, or an emotion.
        right : bool
        face, frame : int
        correction : str, optional
            What it is: "absent", "present", "A" to "E", another AU, or an emotion.
        subject : str, optional
            Whose face it is.
        """
        said = {
            "id": job, "face": face, "frame": frame, "target": target, "right": right,
            "correction": correction, "subject": subject,
        }  # fmt: skip
        self._ask("POST", "/v1/feedback", json=said)

    def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Ask, again after a while where the server has too much to do."""
        for number in range(MOST_TRIES):
            try:
                answer = self._http.request(method, path, **request)
            except httpx.HTTPError as error:
                raise AUDetectError(f"the server cannot be asked: {error}") from error
            if answer.status_code != 429 or number == MOST_TRIES - 1:
                break
            time.sleep(float(answer.headers.get("retry-after", 1)))
            for _, (_, file, *_) in request.get("files", ()):
                file.seek(0)
        if answer.is_error:
            raise RefusedError(answer.status_code, _detail(answer))
        return answer


@contextmanager
def _opened(
    source: Source | Sequence[Source], neutral: Source | int | None, options: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """Give what httpx sends: the files, open, and the fields of the form."""
    fields = {name: _word(value) for name, value in options.items() if value is not None}
    with ExitStack() as stack:
        files = []
        if isinstance(source, str) and source.startswith(("http://", "https://")):
            fields["url"] = source
        else:
            listed = [source] if isinstance(source, (str, os.PathLike)) else source
            files = [("files", _part(path, stack)) for path in listed]
        is_word = neutral is None or isinstance(neutral, int)
        if is_word or neutral in ("auto", "first", "median", "none"):
            fields["neutral"] = _word(neutral)
        else:
            files.append(("neutral_file", _part(cast(Source, neutral), stack)))
        yield {"data": fields, "files": files}


def _part(path: Source, stack: ExitStack) -> tuple[str, Any]:
    try:
        return Path(path).name, stack.enter_context(open(path, "rb"))
    except OSError as error:
        raise InputError(f"{os.fspath(path)} cannot be read: {error.strerror}") from error


def _word(value: Any) -> str:
    """Return a value as a form holds it."""
    return (
        "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    )


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase
