"""What a worker process does: look at an input, analyse it, score it anew, write what is asked for.

Every task is a dictionary from the server, with the ``folder`` of a job; it leaves files there and
returns a small dictionary.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from au_detect.classifiers.storage import NetworkKind
from au_detect.detect import AUDetector
from au_detect.emotions import EmotionResult, read_emotion_rules, recognise_emotions
from au_detect.errors import InputError
from au_detect.features.measurement import FaceMeasurements
from au_detect.frames import Frame
from au_detect.plots.face_view import face_view
from au_detect.results import AUResult
from au_detect.results.files import write_atomically
from au_detect.results.reading import read_result
from au_detect.web.answers import au_names, make_answer
from au_detect.web.server.analysis import (
    Measured,
    Report,
    check_promises,
    detector_of,
    measure,
    open_inputs,
    score,
)
from au_detect.web.server.files import JobFiles
from au_detect.web.server.options import AnalysisOptions
from au_detect.web.server.settings import Limits

CROP_PX = 160
MOST_CROPS = 100


class Analyst:
    """Does the tasks of one worker process, with a model that is loaded once.

    Parameters
    ----------
    model, landmark_model : str, optional
        As in `AUDetector`.
    experimental : bool
    limits : Limits
    """

    def __init__(
        self, model: str | None, landmark_model: str | None, experimental: bool, limits: Limits
    ) -> None:
        first = AUDetector(model, landmark_model=landmark_model, experimental=experimental)
        first.tracker.anew().track(np.zeros((64, 64), np.uint8))  # loads the landmark model now
        self._first, self._limits, self._rules = first, limits, read_emotion_rules()
        self._tasks: dict[str, Callable[[dict[str, Any], JobFiles, Report], dict[str, Any]]] = {
            "describe": lambda *_: self._describe(),
            "analyse": self._analyse,
            "rescore": self._rescore,
            "annotate": self._annotate,
            "table": self._table,
            "report": self._report,
        }

    def _describe(self) -> dict[str, Any]:
        """Return what answers hold: version, model, action units."""
        first = self._first
        kind = NetworkKind(uses_neutral=True, uses_furrows=True)
        aus = first.model.aus(kind, experimental=first.experimental)
        limits = first.model.thresholds(kind, aus)
        emotions = ["neutral", *(rule.name for rule in self._rules)]
        names = au_names(aus, [limits[au] for au in aus])
        return {"aus": names, "emotions": emotions, "settings": first.settings()}

    def do(self, task: dict[str, Any], report: Report) -> dict[str, Any]:
        """Do a task, named by its ``task``.

        Raises
        ------
        InputError
            If the input cannot be read, or an option does not fit it.
        """
        return self._tasks[task["task"]](task, JobFiles(Path(task["folder"])), report)

    def _detector(self, options: AnalysisOptions) -> AUDetector:
        first = self._first
        return detector_of(
            first.model, first.tracker.landmark_model, first.experimental,
            options.max_faces, options.min_face, options.threshold,
        )  # fmt: skip

    def _analyse(self, task: dict[str, Any], files: JobFiles, report: Report) -> dict[str, Any]:
        options = AnalysisOptions(**task["options"])
        detector = self._detector(options)
        measured = measure(detector, files.input_files(), options, self._limits, report)
        result = score(detector, measured, options, files.neutral, task["name"])
        save_measured(measured, files.measurements)
        answered = self._answer(task, files, options, measured, result)
        if options.crop:
            write_crops(result, files, options.fps)
        if options.annotate and result.face_found.any():
            write_copies(result, files, options.fps)
        return answered

    def _rescore(self, task: dict[str, Any], files: JobFiles, report: Report) -> dict[str, Any]:
        options = AnalysisOptions(**task["options"])
        measured = load_measured(JobFiles(Path(task["of"])).measurements)
        result = score(self._detector(options), measured, options, files.neutral, task["name"])
        save_measured(measured, files.measurements)
        return self._answer(task, files, options, measured, result)

    def _annotate(self, task: dict[str, Any], files: JobFiles, report: Report) -> dict[str, Any]:
        from au_detect.plots.annotation import write_annotated

        of, options = JobFiles(Path(task["of"])), AnalysisOptions(**task["options"])
        result, size = read_result(of.result), load_measured(of.measurements).size
        n_frames = len(np.unique(result.frame))
        checked = partial(same_frames, size=size, n_expected=n_frames, report=report)
        inputs = files.input_files()
        write_annotated(
            result, inputs[0] if len(inputs) == 1 else inputs, files.made / "annotated",
            emotions=result.emotions(), fps=options.fps, progress=checked,
        )  # fmt: skip
        return {"frames": n_frames}

    def _answer(
        self,
        task: dict[str, Any],
        files: JobFiles,
        options: AnalysisOptions,
        measured: Measured,
        result: AUResult,
    ) -> dict[str, Any]:
        emotions = recognise_emotions(result, self._rules)
        emotions = emotions if options.emotions else no_emotions(emotions)
        result.to_json(files.result)
        job = files.folder.name
        answer = make_answer(job, result, measured.kind, measured.size, emotions, options.top)
        data = json.dumps(answer, allow_nan=False, ensure_ascii=False)
        write_atomically(files.answer, data.encode("utf-8", "backslashreplace"))
        return {"frames": answer["frames"], "faces": list(result.face_ids), "kind": measured.kind}

    def _table(self, task: dict[str, Any], files: JobFiles, report: Report) -> dict[str, Any]:
        result = read_result(files.result)
        result.to_csv(files.table, emotions=result.emotions())
        return {}

    def _report(self, task: dict[str, Any], files: JobFiles, report: Report) -> dict[str, Any]:
        from au_detect.report import write_report

        write_report(read_result(files.result), files.report)
        return {}


def look_at(files: JobFiles, fps: float | None, limits: Limits) -> dict[str, Any]:
    """Return what kind an input is, without decoding it.

    Raises
    ------
    InputError
        If it is neither a picture nor a video, or larger or longer than is taken.
    """
    if files.neutral.exists():
        open_inputs([files.neutral], None).close()
    stream = open_inputs(files.input_files(), fps)
    try:
        check_promises(stream, limits)
    finally:
        stream.close()
    return {"kind": stream.kind, "frames": stream.n_frames}


def save_measured(measured: Measured, path: Path) -> None:
    """Write measurements to one ``.npz`` file, without pickles."""
    arrays = {field.name: getattr(measured.rows, field.name) for field in fields(measured.rows)}
    known = {name: array for name, array in arrays.items() if array is not None}
    about = {"kind": measured.kind, "size": measured.size, "described": measured.described}
    with path.open("wb") as file:
        np.savez(file, about=np.array(json.dumps(about)), **known)


def load_measured(path: Path) -> Measured:
    """Read what `save_measured` wrote."""
    with np.load(path, allow_pickle=False) as data:
        arrays = {name: data[name] for name in data.files}
    about = json.loads(str(arrays.pop("about")))
    rows = FaceMeasurements(**arrays)
    return Measured(rows, about["kind"], tuple(about["size"]), about["described"])


def same_frames(
    frames: Iterable[Frame],
    n_frames: int | None,
    *,
    size: tuple[int, int],
    n_expected: int,
    report: Report,
) -> Iterator[Frame]:
    """Yield frames as long as they can be those of a result.

    Raises
    ------
    InputError
        If there are more or fewer, or the first has another size.
    """
    wanted = f"files must be those that were analysed: {n_expected} frames of {size[0]}x{size[1]}"
    n_done = 0
    for frame in frames:
        got = frame.image.shape[1::-1]
        if n_done == 0 and (got != tuple(size) or n_frames == 1 != n_expected):
            raise InputError(f"{wanted}, got one of {got[0]}x{got[1]}")
        n_done += 1
        if n_done > n_expected:
            raise InputError(f"{wanted}, got more")
        yield frame
        report(n_done, n_expected)
    if n_done < n_expected:
        raise InputError(f"{wanted}, got {n_done}")


def no_emotions(emotions: EmotionResult) -> EmotionResult:
    """Return emotions of which none was looked for."""
    return replace(emotions, emotions=(), scores=emotions.scores[:, :0], rules=())


def write_crops(result: AUResult, files: JobFiles, fps: float | None) -> None:
    """Write the face of every row (of the first hundred) as a base64 JPEG, by row."""
    wanted = {row: "" for row in np.flatnonzero(result.face_found)[:MOST_CROPS].tolist()}
    rows_of: dict[int, list[int]] = {}
    for row in wanted:
        rows_of.setdefault(int(result.frame[row]), []).append(row)
    stream = open_inputs(files.input_files(), fps, keep_colour=True)
    for frame in stream:
        image = frame.image if frame.colour is None else frame.colour
        for row in rows_of.pop(frame.index, ()):
            face = face_view(image, result.points[row].astype(float), CROP_PX)[0]
            jpeg = cv2.imencode(".jpg", face)[1].tobytes()
            wanted[row] = base64.b64encode(jpeg).decode()
        if not rows_of:
            break
    stream.close()
    write_atomically(files.made / "crops.json", json.dumps(wanted).encode())


def write_copies(result: AUResult, files: JobFiles, fps: float | None) -> None:
    """Write an annotated copy of the input, and a report that shows pictures of it."""
    from au_detect.plots.annotation import write_annotated
    from au_detect.report import write_report

    inputs = files.input_files()
    source: Any = inputs[0] if len(inputs) == 1 else inputs
    emotions = result.emotions()
    write_annotated(result, source, files.made / "annotated", emotions=emotions, fps=fps)
    write_report(result, files.made / "report.html", sources={result.input: source})
