"""The summary of a batch: a row for each input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from au_detect.escapes import encodable
from au_detect.facs import au_label
from au_detect.results import AUResult
from au_detect.results.files import write_atomically
from au_detect.results.rounding import PROBABILITY_DECIMALS, rounded
from au_detect.results.tables import table_as_csv


@dataclass(frozen=True)
class InputSummary:
    """One row of a batch's summary.

    Parameters
    ----------
    input, result : str
        Path of the input; path of its result below the output folder, empty if it failed.
    frames, frames_with_face, faces : int or None
        Frames, frames in which a face was found, and different faces; None if it failed.
    neutral : str
        What the neutral face was; of several faces, all of them.
    peaks, means, shares, intensities, events : dict of str to float
        Of each AU over all frames and faces: highest and mean probability, share of the frames
        with a face in which it is on, highest intensity (0 to 5; empty where the model has not
        learnt them), and number of its events; empty without a face.
    seconds : float
        How long scoring and writing took.
    error : str
        Why it failed, else empty.
    """

    input: str
    result: str = ""
    frames: int | None = None
    frames_with_face: int | None = None
    faces: int | None = None
    neutral: str = ""
    peaks: dict[str, float] = field(default_factory=dict)
    means: dict[str, float] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    intensities: dict[str, float] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""


def summarise(
    result: AUResult, path: str, seconds: float, min_duration_s: float = 0.0
) -> InputSummary:
    """Return the row of a summary for a result that was written to `path`."""
    found = result.face_found
    of_aus: dict[str, Any] = {}
    if found.any():
        labels = [au_label(au) for au in result.aus]
        p, seen = result.probabilities[found], result.seen[found]
        n_seen = np.where(seen.any(axis=0), seen.sum(axis=0), np.nan)
        columns = {
            "peaks": np.fmax.reduce(p),
            "means": np.nansum(p, axis=0, dtype=float) / n_seen,
            "shares": result.active[found].sum(axis=0) / n_seen,
        }
        if result.intensity_scale is not None:
            columns["intensities"] = np.fmax.reduce(result.intensity[found])
        of_aus = {name: _known(labels, of) for name, of in columns.items()}
        if not result.is_independent:
            counted = Counter(event.au for event in result.events(min_duration_s))
            of_aus["events"] = {
                au_label(au): counted[au] for au in result.aus if au_label(au) in of_aus["peaks"]
            }
    return InputSummary(
        input=result.input,
        result=path,
        frames=len(np.unique(result.frame)),
        frames_with_face=len(np.unique(result.frame[found])),
        faces=len(np.unique(result.face_id[found])),
        neutral=", ".join(result.neutral[face] for face in sorted(result.neutral)),
        **of_aus,
        seconds=round(seconds, 3),
    )


def summary_frame(summaries: Iterable[InputSummary]) -> pd.DataFrame:
    """Return the summary: a row per input, and for every AU of any of them ``AU01_share ...``,
    ``AU01_mean ...``, ``AU01_peak ...``, ``AU01_intensity ...`` (if any of the models can say it)
    and ``AU01_events ...``.
    """
    rows = list(summaries)
    labels = sorted({label for row in rows for label in row.peaks})

    def texts(name: str) -> list[str]:
        return [encodable(getattr(row, name)) for row in rows]

    columns: dict[str, Any] = {name: texts(name) for name in ("input", "result")}
    for name in ("frames", "frames_with_face", "faces"):
        columns[name] = pd.array([getattr(row, name) for row in rows], dtype="Int64")
    columns["neutral"] = texts("neutral")
    kinds = {"share": "shares", "mean": "means", "peak": "peaks"}
    if any(row.intensities for row in rows):
        kinds["intensity"] = "intensities"
    for name, kind in kinds.items():
        for label in labels:
            values = [getattr(row, kind).get(label) for row in rows]
            columns[f"{label}_{name}"] = np.array(values, dtype=float)
    for label in labels:
        counts = [row.events.get(label) for row in rows]
        columns[f"{label}_events"] = pd.array(counts, dtype="Int64")
    columns["seconds"] = [row.seconds for row in rows]
    columns["error"] = texts("error")
    return pd.DataFrame(columns)


def write_summary(summaries: Iterable[InputSummary], path: Path) -> None:
    """Write the summary as CSV; its texts are kept from being formulas, as in results."""
    table = summary_frame(summaries)
    write_atomically(path, table_as_csv(table, ("input", "result", "neutral", "error")))


def _known(labels: list[str], values: NDArray[np.floating]) -> dict[str, float]:
    """Return the value of every AU, rounded; those that are never visible are left out."""
    written = rounded(values, PROBABILITY_DECIMALS).tolist()
    return {au: value for au, value in zip(labels, written, strict=True) if np.isfinite(value)}
