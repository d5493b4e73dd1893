"""The commands that draw: ``plot`` and ``report``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from au_detect.cli.options import Raw
from au_detect.cli.printing import say, say_lines
from au_detect.errors import InputError

RESULT_ENDINGS = (".json", ".csv", ".parquet")


def add_picture_commands(commands: Any) -> None:
    """Add ``plot`` and ``report``."""
    plot = commands.add_parser(
        "plot", help="draw one result, or compare several",
        description="Draw a result of `run` (or run an input first): the course of the action "
        "units that are on, the apex, and the face; with --frame, why each is on in it; of "
        "several results, side by side.",
        epilog="examples:\n  au-detect plot clip.json --frames clip.mp4 --out clip.png\n"
        "  au-detect plot clip.json --frame 120 --out why.pdf\n"
        "  au-detect plot clip.mp4 --out clip.svg",
        formatter_class=Raw,
    )  # fmt: skip
    plot.set_defaults(command=_plot)
    plot.add_argument(
        "results", nargs="+", metavar="RESULT",
        help="JSON, CSV or Parquet of run, or any input of run",
    )  # fmt: skip
    plot.add_argument(
        "--frames", metavar="CLIP", help="the input of a result, for pictures of it (default: none)"
    )
    plot.add_argument(
        "--out", type=Path, required=True, metavar="PNG", help="the figure: PNG, PDF, SVG or JPG"
    )
    plot.add_argument(
        "--face", type=int, default=0, metavar="N", help="which face, from 0 (default: 0)"
    )
    plot.add_argument(
        "--frame", type=int, metavar="N",
        help="explain the action units of this frame instead (default: the whole course)",
    )  # fmt: skip
    report = commands.add_parser(
        "report", help="one HTML page about results",
        description="Write one page that works offline about results of `run`, or about inputs, "
        "which are run first.",
        epilog="examples:\n  au-detect report clip.mp4 --out clip.html\n"
        "  au-detect report scored/*.json --title 'Study 1'",
        formatter_class=Raw,
    )  # fmt: skip
    report.set_defaults(command=_report)
    report.add_argument(
        "results", nargs="+", metavar="RESULT", help="result of run, or any input of run"
    )
    report.add_argument(
        "--frames", action="append", metavar="CLIP",
        help="input of each RESULT, in the same order (default: the one it names, if it lies "
        "beside RESULT)",
    )  # fmt: skip
    report.add_argument(
        "--out", type=Path, default=Path("report.html"), metavar="HTML",
        help="the page (default: %(default)s)",
    )  # fmt: skip
    report.add_argument(
        "--title", default="Action units", help='heading of the page (default: "%(default)s")'
    )
    report.add_argument(
        "--emotion-rules", type=Path, metavar="FILE",
        help="your own emotion rules (TOML; default: the packaged ones)",
    )  # fmt: skip


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
    from au_detect.plots.style import new_figure
    from au_detect.results.files import check_is_no_input

    new_figure(1.0, 1.0)  # says what is missing before the work, not after it
    check_is_no_input(options.out, _read_with(options.results, [options.frames]), "--out")
    read = [_result_and_source(name) for name in options.results]
    results = [result for result, _ in read]
    if options.frames is None and not _is_result(options.results[0]):
        options.frames = read[0][1]
    if len(results) > 1:
        names = [Path(path).stem for path in options.results]
        if len(set(names)) < len(names):
            names = list(options.results)
        figure: Any = plot_comparison(dict(zip(names, results, strict=True))).figure
    elif options.frame is not None:
        figure = _explanation_figure(results[0], options.frame, options.face)
    else:
        figure = _overview_figure(results[0], options)
    _save(figure, options.out)
    say(f"-> {options.out}")
    return 0


def _save(figure: Any, path: Path) -> None:
    from au_detect.results.files import part_file

    try:
        with part_file(path, path.suffix) as part:
            figure.savefig(part)
    except ValueError as error:
        raise InputError(f"--out must be a picture file: {error}") from error


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
        say_lines(str(explanation))
    return figure


def _report(options: argparse.Namespace) -> int:
    from au_detect.emotions import read_emotion_rules
    from au_detect.report import write_report

    _check_page(options)
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
    say(f"Report: {options.out}")
    return 0


def _check_page(options: argparse.Namespace) -> None:
    """Raise if the page would replace something else than a page."""
    from au_detect.results.files import check_is_no_input

    read = _read_with(options.results, [*(options.frames or ()), options.emotion_rules])
    check_is_no_input(options.out, read, "--out")
    if options.out.is_file():
        with options.out.open("rb") as file:
            head = file.read(100).lstrip().lower()
        if head and not head.startswith((b"<!doctype html", b"<html")):
            raise InputError(f"--out must be a new file or an HTML page, got {options.out}")


def _read_with(results: list[str], others: list[Any]) -> list[Any]:
    """Return the files that a command reads: results, their side-cars, and `others`."""
    side_cars = [Path(name).with_suffix(".settings.json") for name in results if Path(name).name]
    return [*results, *side_cars, *(other for other in others if other is not None)]


def _is_result(name: str) -> bool:
    return name.lower().endswith(RESULT_ENDINGS)


def _result_and_source(name: str) -> tuple[Any, str | None]:
    """Read a result and find its input beside it, or run the detector on an input."""
    if _is_result(name):
        from au_detect.results import read_result

        result = read_result(name)
        return result, _beside(Path(name), result.input)
    from au_detect.detect import AUDetector

    return AUDetector().run(name), name


def _beside(result: Path, named: str) -> str | None:
    """Return the file or folder of the name that a result gives its input, if it lies beside it.

    A page holds pictures of it, and a result may come from somebody who wants to see others: no
    other place is looked into, and no link followed out of the result's folder.
    """
    name = os.path.basename(named)
    folder = result.parent.resolve()
    try:
        place = folder / name
        inside = [place, *(place.iterdir() if place.is_dir() else ())]
        is_there = name not in ("", os.curdir, os.pardir) and place.exists()
        if is_there and all(entry.resolve().is_relative_to(folder) for entry in inside):
            return str(place)
    except (OSError, ValueError, RuntimeError):  # no valid path, or links in a circle
        return None
    return None
