"""The demo: score the sample sequences, compare with their labels, write tables and a report."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from pathlib import Path

import cv2
import pandas as pd

from au_detect.datasets.collection import SequenceRecord
from au_detect.detect import AUDetector, Progress
from au_detect.facs import BLINK, au_label
from au_detect.pictures import read_picture, select_pictures
from au_detect.report import Thumbnail, write_report
from au_detect.results import AUResult
from au_detect.samples import read_samples


def run_demo(
    out: str | PathLike[str], *, progress: Callable[[str], Progress] | None = None
) -> tuple[pd.DataFrame, Path]:
    """Run the detector on the sample sequences.

    Parameters
    ----------
    out : path
        Folder for a CSV file per sequence, ``demo.csv`` with the table, and ``report.html``.
    progress : callable, optional
        ``progress(name)`` returns what `AUDetector.run` takes as `progress`.

    Returns
    -------
    table : DataFrame
        Per sequence the labelled AUs, and those detected in its last frame.
    report : Path
        The page.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    detector = AUDetector()
    results, rows, thumbnails = [], [], {}
    for sample in read_samples():
        name = sample.name
        result = detector.run(sample.folder, progress=progress(name) if progress else None)
        result.to_csv(folder / f"{name}.csv")
        results.append(result)
        rows.append(_compare(name, sample, result))
        thumbnails[result.input] = _thumbnails(sample.folder, result)
    table = pd.DataFrame(rows)
    table.to_csv(folder / "demo.csv", index=False)
    report = folder / "report.html"
    write_report(results, report, title="au_detect demo", thumbnails=thumbnails)
    return table, report


def _compare(name: str, sample: SequenceRecord, result: AUResult) -> dict[str, object]:
    detected = {au for au, on in zip(result.aus, result.active[-1], strict=True) if on} - {BLINK}
    labelled = set(sample.aus)
    return {
        "sequence": name,
        "emotion": sample.emotion,
        "labelled": _listed(labelled),
        "detected": _listed(detected),
        "missed": _listed(labelled - detected),
        "not labelled": _listed(detected - labelled),
    }


def _listed(aus: set[int]) -> str:
    return " ".join(au_label(au) for au in sorted(aus))


def _thumbnails(folder: Path, result: AUResult) -> list[Thumbnail]:
    """Return the first and the last picture with their landmarks."""
    pictures = select_pictures(folder.iterdir())
    thumbnails = []
    for row, caption in ((0, "neutral"), (len(pictures) - 1, "apex")):
        image = read_picture(pictures[row])
        png = cv2.imencode(".png", image)[1].tobytes()
        points = result.points[row] if result.face_found[row] else None
        thumbnails.append(Thumbnail(png, f"{caption}, frame {row}", points))
    return thumbnails
