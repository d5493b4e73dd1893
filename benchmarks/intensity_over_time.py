"""Measure how the intensity of action units runs through real clips that were coded by eye.

    python benchmarks/intensity_over_time.py FOLDER [--landmarks NAME] [--cache DIR] [--aus 1 2 12]

FOLDER holds ``labels.json`` and its clips (`real_video_labels`). For every coded stretch of an AU:
how often its intensity rises above half of its largest value there (once, if it goes up and down
once), and the rank correlation (Spearman's) of intensity and time on its first rise, from a tenth
to nine tenths of that value. For the coder's neutral frames: how many intensities are below 0.5.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from real_video import measure
from real_video_labels import Clip, read_clips
from scipy.stats import spearmanr

from au_detect.detect import AUDetector
from au_detect.results import AUResult

TRACE = 0.5
"""From here on FACS says A."""
LOW, HIGH = 0.1, 0.9
AROUND_S = 0.5
"""The intensity is looked at so long before and after the coded frames."""
FEWEST_FRAMES = 5
"""Of a rise: fewer say nothing of its order."""


def rises(intensity: NDArray[np.floating]) -> int:
    """Return how often a course of intensities comes up to half of its largest value."""
    is_up = intensity >= intensity.max() / 2
    return int(is_up[0]) + int(np.sum(is_up[1:] & ~is_up[:-1]))


def first_rise(intensity: NDArray[np.floating]) -> slice:
    """Return the frames from the last below `LOW` of the largest value to the first at `HIGH`."""
    stop = int(np.argmax(intensity >= HIGH * intensity.max()))
    below = np.flatnonzero(intensity[:stop] <= LOW * intensity.max())
    return slice(int(below[-1]) if len(below) else 0, stop + 1)


def courses(result: AUResult, clip: Clip, aus: list[int]) -> list[dict[str, float]]:
    """Return a row for every coded stretch of `aus` in which the AU was seen."""
    face = result.face(result.face_id[result.face_found][0])
    rows = []
    for event in clip.present:
        if event.au not in aus:
            continue
        step_s = float(np.median(np.diff(face.timestamp_s)))
        around = round(AROUND_S / step_s)
        part = (face.frame >= event.first - around) & (face.frame <= event.last + around)
        course = face.intensity[part, face.aus.index(event.au)]
        course = course[np.isfinite(course)]
        if len(course) == 0 or course.max() < TRACE:
            rows.append({"au": event.au, "seen": False, "once": np.nan})
            continue
        rise = course[first_rise(course)]
        order = spearmanr(np.arange(len(rise)), rise).statistic if len(rise) > 1 else np.nan
        rows.append(
            {
                "au": event.au, "seen": True, "largest": float(course.max()),
                "once": float(rises(course) == 1),
                "order": order if len(rise) >= FEWEST_FRAMES else np.nan,
            }
        )  # fmt: skip
    return rows


def neutral_intensities(result: AUResult, clip: Clip) -> NDArray[np.floating]:
    """Return the intensities of the coder's neutral frames."""
    rows = np.isin(result.frame, clip.frames[clip.is_neutral]) & result.face_found
    values: NDArray[np.floating] = result.intensity[rows]
    return values


def main() -> None:
    """Measure the clips of a folder and print tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--landmarks", default=None)
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--aus", type=int, nargs="+", default=[1, 2, 12, 26])
    options = parser.parse_args()
    detector = AUDetector(landmark_model=options.landmarks)
    rows, neutral = [], []
    measured = {
        path.stem: measure(detector, path, options.cache)
        for path in sorted(options.folder.glob("*.mp4"))
    }
    n_frames = {name: int(face.frame[-1]) + 1 for name, face in measured.items()}
    for clip in read_clips(options.folder, n_frames):
        result = detector.score(measured[clip.path.stem], name=clip.path.stem)
        rows += courses(result, clip, options.aus)
        neutral.append(neutral_intensities(result, clip))
    table = pd.DataFrame(rows)
    grouped = table.assign(known=table["order"].notna()).groupby("au")
    print(
        grouped.agg(
            stretches=("seen", "size"), seen=("seen", "mean"), once=("once", "mean"),
            largest=("largest", "median"), rises=("known", "sum"), order=("order", "median"),
            ordered=("order", lambda rho: (rho.dropna() >= 0.9).mean()),
        ).round(3).to_string()
    )  # fmt: skip
    cells = np.concatenate(neutral)
    known = cells[np.isfinite(cells)]
    print(f"Neutral frames: {np.mean(known < TRACE):.3f} of {known.size} intensities below {TRACE}")


if __name__ == "__main__":
    main()
