"""The command ``au-detect run``. Parsing and printing only, like `au_detect.cli.main`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from au_detect.cli.camera import add_camera_options, camera_frames
from au_detect.cli.options import (
    BAD_INPUT,
    NO_FACE_ANYWHERE,
    Raw,
    add_scoring_options,
    detector_arguments,
    outputs_from,
    scoring_arguments,
)
from au_detect.cli.pictures import emotion_lines
from au_detect.cli.printing import complain, frame_progress, say
from au_detect.cli.summaries import in_a_line, summary_lines
from au_detect.cli.targets import Targets, input_marks, targets_of
from au_detect.errors import AUDetectError, InputError

if TYPE_CHECKING:
    from au_detect.batch.given import Given
    from au_detect.batch.outputs import Outputs
    from au_detect.detect import AUDetector

DESCRIPTION = """Detect the action units of pictures, sequences and videos: a table for each input,
with a
row for every frame, and a summary. A folder of pictures is one sequence; the videos in a
folder, or matched by a pattern, are run one by one."""
EXAMPLES = """examples:
  au-detect run clip.mp4                        # au_detect_results/clip.csv
  au-detect run smile.png --neutral rest.png    # against the person's neutral face
  au-detect run album/ --independent            # pictures of different people
  au-detect run videos/ --resume                # each video; those that are done are skipped
  au-detect run clip.mp4 --events elan --emotions --video
  au-detect run camera:0 --duration 10          # ten seconds of the first camera"""


def add_run(commands: Any) -> None:
    """Add ``run`` to a parser."""
    run = commands.add_parser(
        "run", help="action units of pictures, sequences and videos",
        description=DESCRIPTION, epilog=EXAMPLES, formatter_class=Raw,
    )  # fmt: skip
    run.set_defaults(command=_run)
    run.add_argument(
        "inputs", nargs="+", metavar="INPUT",
        help="picture, video, folder, glob pattern, URL, or camera:0",
    )  # fmt: skip
    add_scoring_options(run, out="au_detect_results")
    add_camera_options(run)


class _Runs:
    """The inputs of one command, one after the other."""

    def __init__(self, options: argparse.Namespace, outputs: Outputs, detector: AUDetector) -> None:
        self.options, self.outputs, self.detector = options, outputs, detector
        self.arguments = scoring_arguments(options)
        self.neutral = self.arguments["neutral"]
        if options.neutral_from:
            from au_detect.batch.people import neutral_of_person, person_in

            self.neutral = person_in(options.neutral_from)
            self.arguments["neutral"] = neutral_of_person(detector, self.neutral)
        self.recipe = _recipe(detector, outputs, self.arguments)

    def run(self, given: Given, targets: Targets, *, alone: bool) -> bool:
        """Score one input and write its files; return whether it shows a face.

        Raises
        ------
        AUDetectError
            If it cannot be done.
        """
        from au_detect.batch.done import is_done, marks_of_run
        from au_detect.cli.company import Company
        from au_detect.results.writing import write_settings

        if given.notice:
            complain(given.notice)
        if not self.options.overwrite:
            targets.check_owner(given.source, annotated=self.options.video)
        if self.options.resume and is_done(
            targets.side_car, given.source, self.neutral, self.recipe
        ):
            say(f"{given.source}: done before -> {targets.result}")
            return True
        company = Company(self.detector, self.arguments["independent"])
        progress = frame_progress(targets.name)
        source: Any = given.source if given.camera is None else given.camera
        with camera_frames(given, self.options, company.watching(progress)) as watched:
            result = self.detector.run(source, progress=watched, **self.arguments)
        emotions = self.outputs.emotions_of(result)
        self.outputs.write_table(result, targets.result, emotions)
        marks = input_marks(given.source)
        write_settings(result, targets.side_car, **marks)  # a table is not without it
        files = [targets.result, self.outputs.write_events(result, targets.events)]
        for text in [*_notices(given, result), *company.notices(result)]:
            complain(text)
        say(in_a_line(result), f"-> {targets.result}", *([] if alone else _on(result)))
        if emotions is not None and result.face_found.any():
            for line in emotion_lines(emotions, result):
                say(line)
        files.append(self._copy(given, result, targets, emotions, progress))
        there = [file for file in files if file is not None]
        done = marks_of_run(given.source, self.neutral, self.recipe, there)
        write_settings(result, targets.side_car, **marks, run=done)
        if alone:
            for line in summary_lines(result, self.options.min_duration_s):
                say(line)
        return bool(result.face_found.any())

    def _copy(
        self, given: Given, result: Any, targets: Targets, emotions: Any, progress: Any
    ) -> Path | None:
        path = self.outputs.write_copy(
            result, given.source, targets.annotated,
            emotions=emotions, fps=self.options.fps, progress=progress,
        )  # fmt: skip
        if path is not None:
            say(f"annotated copy -> {path}")
        elif self.outputs.video:
            say(f"no face: no annotated copy of {given.source}")
        return path


def _run(options: argparse.Namespace) -> int:
    from au_detect.detect import AUDetector

    outputs = outputs_from(options)
    inputs, n_wrong = _inputs(options.inputs)
    if not inputs:
        return BAD_INPUT
    detector = AUDetector(**detector_arguments(options))
    options.out.mkdir(parents=True, exist_ok=True)
    if not os.access(options.out, os.W_OK):
        raise InputError(f"--out must be a folder that can be written, got {options.out}")
    runs = _Runs(options, outputs, detector)
    also_read = (
        options.neutral, options.neutral_from, options.emotion_rules, options.landmark_model
    )  # fmt: skip
    sources = [given.source for given in inputs]
    all_targets = targets_of(sources, also_read, options.out, options.format, options.events)
    faces_seen, failed = False, n_wrong > 0
    for given, targets in zip(inputs, all_targets, strict=True):
        try:
            faces_seen |= runs.run(given, targets, alone=len(inputs) == 1)
        except AUDetectError as error:
            complain(error)
            failed = True
    if failed:
        return BAD_INPUT
    return 0 if faces_seen else NO_FACE_ANYWHERE


def _inputs(texts: list[str]) -> tuple[list[Given], int]:
    """Return the inputs, and how many arguments stand for none; say which, and why."""
    from au_detect.batch.given import inputs_given

    found: list[Given] = []
    n_wrong = 0
    for text in texts:
        try:
            found += inputs_given([text])
        except InputError as error:
            complain(error)
            n_wrong += 1
    return found, n_wrong


def _recipe(detector: AUDetector, outputs: Outputs, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return what the files of an input depend on besides the input and its neutral."""
    from au_detect.batch.records import file_state

    return {
        "detector": detector.settings(),
        "landmark_model_state": [
            file_state(str(path)) for path in detector.tracker.landmark_model.files
        ],
        "thresholds": {str(au): p for au, p in sorted(detector.thresholds.items())},
        **{name: arguments[name] for name in ("independent", "smooth", "fps")},
        **outputs.as_recipe(),
    }


def _notices(given: Given, result: Any) -> list[str]:
    from au_detect.results.halves import hidden_halves

    texts = list(result.settings.get("notices", ()))
    texts += [f"{half} not visible in {n_rows}" for half, n_rows in hidden_halves(result).items()]
    texts += sorted(set(result.neutral_doubts.values()))
    named = [f"{given.source}: {text}" for text in texts]
    return named if result.face_found.any() else [*named, f"no face found in {given.source}"]


def _on(result: Any) -> list[str]:
    from au_detect.facs import au_label

    return [
        au_label(au)
        for au, is_on in zip(result.aus, result.active.any(axis=0), strict=True)
        if is_on
    ]
