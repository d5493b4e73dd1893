"""The demo: score the sample sequences, compare with their labels, write tables and a report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from au_detect.datasets.collection import SequenceRecord
from au_detect.detect import AUDetector, Progress
from au_detect.facs import BLINK, au_label
from au_detect.report import write_report
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
        Per sequence the labelled AUs, and those detected in its last frame, the apex: ``missed``
        are those that the detector reports, but not there, ``not reported`` those that it leaves
        out by default. ``other frames`` are on in another frame only.
    report : Path
        The page.
    """
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    detector = AUDetector()
    results, rows, sources = [], [], {}
    for sample in read_samples():
        name = sample.name
        result = detector.run(sample.folder, progress=progress(name) if progress else None)
        result = replace(result, input=f"{sample.emotion} ({name})")
        result.to_csv(folder / f"{name}.csv")
        results.append(result)
        rows.append(_compare(name, sample, result))
        sources[result.input] = sample.folder
    table = pd.DataFrame(rows)
    table.to_csv(folder / "demo.csv", index=False)
    report = folder / "report.html"
    write_report(results, report, title="au_detect demo", sources=sources)
    return table, report


def _compare(name: str, sample: SequenceRecord, result: AUResult) -> dict[str, object]:
    detected = _on(result, result.active[-1])
    labelled, reported = set(sample.aus), set(result.aus)
    apex = result.emotions().at_apex()
    return {
        "sequence": name,
        "emotion": sample.emotion,
        "labelled": _listed(labelled),
        "detected": _listed(detected),
        "missed": _listed((labelled & reported) - detected),
        "not reported": _listed(labelled - reported),
        "not labelled": _listed(detected - labelled),
        "other frames": _listed(_on(result, np.asarray(result.active.any(axis=0))) - detected),
        "emotion detected": apex.emotion if apex else "",
    }


def _on(result: AUResult, active: NDArray[np.bool_]) -> set[int]:
    return {au for au, on in zip(result.aus, active, strict=True) if on} - {BLINK}


def _listed(aus: set[int]) -> str:
    return " ".join(au_label(au) for au in sorted(aus))
