"""The commands and options that draw: ``plot``, ``report``, and ``run --emotions --video``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from au_detect.errors import InputError

RESULT_ENDINGS = (".json", ".csv", ".parquet")


def add_picture_options(run: argparse.ArgumentParser) -> None:
    """Add what ``run`` writes beside its tables."""
    run.add_argument("--emotions", action="store_true", help="recognise emotions too")
    run.add_argument(
        "--emotion-rules", type=Path, metavar="FILE", help="your own emotion rules (TOML)"
    )
    run.add_argument("--video", action="store_true", help="write an annotated copy too")


def add_picture_commands(commands: Any) -> None:
    """Add ``plot`` and ``report``."""
    plot = commands.add_parser("plot", help="draw one result, or compare several")
    plot.set_defaults(command=_plot)
    plot.add_argument("results", nargs="+", metavar="RESULT", help="JSON, CSV or Parquet of run")
    plot.add_argument("--frames", metavar="CLIP", help="the input, for pictures of it")
    plot.add_argument("--out", type=Path, required=True, metavar="PNG", help="or PDF, SVG, JPG")
    plot.add_argument("--face", type=int, default=0, metavar="N", help="which face, from 0")
    plot.add_argument("--frame", type=int, metavar="N", help="explain the AUs of this frame")
    report = commands.add_parser("report", help="one HTML page about results")
    report.set_defaults(command=_report)
    report.add_argument(
        "results", nargs="+", metavar="RESULT", help="result of run, or any input of run"
    )
    report.add_argument(
        "--frames", action="append", metavar="CLIP",
        help="input of each RESULT, in the same order (default: the one it names, if it is there)",
    )  # fmt: skip
    report.add_argument("--out", type=Path, default=Path("report.html"), metavar="HTML")
    report.add_argument("--title", default="Action units")
    report.add_argument("--emotion-rules", type=Path, metavar="FILE", help="your own (TOML)")


def emotions_wanted(options: argparse.Namespace, result: Any) -> Any:
    """Return the emotions of a result if ``--emotions`` or ``--emotion-rules`` ask for them."""
    if not (options.emotions or options.emotion_rules):
        return None
    from au_detect.emotions import read_emotion_rules

    return result.emotions(read_emotion_rules(options.emotion_rules))


def write_pictures(
    options: argparse.Namespace, source: str, result: Any, emotions: Any, name: str, progress: Any
) -> None:
    """Print the emotions and write the annotated copy of an input of ``run``."""
    if emotions is not None:
        for line in emotion_lines(emotions, result):
            print(line)
    if options.video and not result.face_found.any():
        print(f"no face: no annotated copy of {source}")
    elif options.video:
        from au_detect.plots.annotation import write_annotated

        path = write_annotated(
            result, source, options.out / f"{name}.annotated",
            emotions=emotions, fps=options.fps, progress=progress,
        )  # fmt: skip
        print(f"annotated copy -> {path}")


def emotion_lines(emotions: Any, result: Any) -> list[str]:
    """Return a line for each face: the emotion at the apex, what matched, second and third."""
    lines = []
    for face_id in result.face_ids:
        apex = emotions.at_apex(face_id)
        if apex is None:
            continue
        best = ", ".join(f"{name} {score:.2f}" for name, score in apex.ranking[:3])
        face = f"face {face_id}, " if len(result.face_ids) > 1 else ""
        line = f"{face}emotion at frame {apex.frame}: {best}"
        if apex.emotion != "neutral":
            match = emotions.match(apex.row, apex.emotion)
            line += f" (AUs {', '.join(map(str, match.matched)) or 'none'}"
            missing = ", ".join(match.missing).replace("|", " or ")
            line += f"; missing {missing})" if missing else ")"
        lines.append(line)
    if emotions.unknown:
        named = "; ".join(f"{e} {', '.join(map(str, aus))}" for e, aus in emotions.unknown.items())
        lines.append(f"rules with AUs that the model does not report: {named}")
    return lines


def _plot(options: argparse.Namespace) -> int:
    from au_detect.plots.charts import plot_comparison
    from au_detect.results import read_result

    results = [read_result(path) for path in options.results]
    if len(results) > 1:
        names = [Path(path).stem for path in options.results]
        if len(set(names)) < len(names):
            names = list(options.results)
        figure: Any = plot_comparison(dict(zip(names, results, strict=True))).figure
    elif options.frame is not None:
        figure = _explanation_figure(results[0], options.frame, options.face)
    else:
        figure = _overview_figure(results[0], options)
    try:
        figure.savefig(options.out)
    except ValueError as error:
        raise InputError(f"--out must be a picture file: {error}") from error
    print(f"-> {options.out}")
    return 0


def _overview_figure(result: Any, options: argparse.Namespace) -> Any:
    from au_detect.plots.overview import frames_to_show, plot_overview, read_pictures

    wanted = frames_to_show(result, options.face)
    pictures = read_pictures(options.frames, wanted) if options.frames else None
    return plot_overview(result, options.face, pictures=pictures)


def _explanation_figure(result: Any, frame: int, face_id: int) -> Any:
    from au_detect.plots.charts import plot_explanation
    from au_detect.plots.style import new_figure

    explanations = result.explain(frame, face_id)
    if not explanations:
        raise InputError(f"frame {frame} must have an AU that is on to be explained, got none")
    heights = [1.0 + 0.36 * max(len(e.reasons), 1) for e in explanations]
    figure = new_figure(7.2, sum(heights))
    axes = figure.subplots(len(explanations), 1, height_ratios=heights, squeeze=False)
    for ax, explanation in zip(axes[:, 0], explanations, strict=True):
        plot_explanation(explanation, ax=ax)
        if explanation is not explanations[-1]:
            ax.set_xlabel("")
        print(explanation)
    return figure


def _report(options: argparse.Namespace) -> int:
    from au_detect.emotions import read_emotion_rules
    from au_detect.report import write_report

    results, sources = [], {}
    given = options.frames or []
    if len(given) > len(options.results):
        raise InputError(
            f"--frames must be given at most once for each RESULT, got {len(given)} for "
            f"{len(options.results)}"
        )
    for number, name in enumerate(options.results):
        result, source = _result_and_source(name)
        source = given[number] if number < len(given) else source
        results.append(result)
        if source is not None:
            sources[result.input] = source
    rules = read_emotion_rules(options.emotion_rules)
    write_report(results, options.out, title=options.title, sources=sources, rules=rules)
    print(f"Report: {options.out}")
    return 0


def _result_and_source(name: str) -> tuple[Any, str | None]:
    """Read a result and find its input beside it, or run the detector on an input."""
    if name.lower().endswith(RESULT_ENDINGS):
        from au_detect.results import read_result

        result = read_result(name)
        return result, (result.input if Path(result.input).exists() else None)
    from au_detect.detect import AUDetector

    return AUDetector().run(name), name
