"""Measure landmark models on real faces: against placed points, and by one raw distance an AU.

    python benchmarks/landmarks_real.py FOLDER [--models ibug300w open]

FOLDER holds ``yale/`` and ``london/`` (see ``real_faces.py``); ``london/points.csv`` has points
placed by hand (DeBruine & Jones 2017, CC BY 4.0). Distances are in % of the placed distance of the
outer corners of the eyes. Placed lids and the model's are compared by the height of the eyes, which
differs from person to person. The distances of Yale's pictures are changes from the same person's
neutral picture: how well one alone tells an AU, before any network.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from landmarks import both, found, frontal
from numpy.typing import NDArray
from real_faces import read_cases

from au_detect.evaluation.metrics import roc_auc
from au_detect.features import geometry
from au_detect.landmarks.models import find_landmark_model
from au_detect.landmarks.tracking import FaceTracker

PLACED = {
    "outer eye corners": {18: 36, 27: 45},
    "inner eye corners": {22: 39, 23: 42},
    "lips": {87: 48, 93: 54, 90: 51, 106: 57, 96: 62, 101: 66},
    "nose": {55: 33},
    "chin": {129: 8},
}
"""Point placed by hand -> landmark at the same place."""
PLACED_LIDS = (([19, 20, 21], [28, 29, 30]), ([24, 25, 26], [31, 32, 33]))
"""Placed on the upper and the lower lid, right eye first."""
LIDS = (([37, 38], [41, 40]), ([43, 44], [47, 46]))

DISTANCES = (
    (1, both(geometry.inner_brow_motion), 1),
    (2, both(geometry.outer_brow_motion), 1),
    (4, geometry.brow_distance, -1),
    (5, both(geometry.eye_height), 1),
    (12, both(geometry.lip_corner_motion), 1),
    (15, both(geometry.lip_corner_over_lips), -1),
    (17, geometry.lower_lip_to_nose, -1),
    (25, geometry.lip_opening, 1),
    (26, geometry.chin_to_nose, 1),
    (43, both(geometry.eye_height), -1),
)
"""AU, a distance, and whether it grows (1) or shrinks (-1)."""


def read_placed(path: Path) -> dict[str, NDArray[np.float64]]:
    """Return the placed points (189, 2) of every picture."""
    points: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            points[row["file"]].append((int(row["point"]), float(row["x"]), float(row["y"])))
    return {name: np.array(sorted(rows))[:, 1:] for name, rows in points.items()}


def eye_height(points: NDArray[np.floating], lids: tuple) -> float:
    """Return how far apart the middles of the lids are, mean of both eyes, px."""
    return float(np.mean([points[low, 1].mean() - points[up, 1].mean() for up, low in lids]))


def placed_errors(folder: Path, tracker: FaceTracker) -> dict[str, float]:
    """Return distances from the placed points by region, and the correlation of eye heights."""
    distances, heights = defaultdict(list), []
    for name, placed in read_placed(folder / "points.csv").items():
        points = found(tracker, cv2.imread(str(folder / name), cv2.IMREAD_GRAYSCALE))
        eyes = np.linalg.norm(placed[27] - placed[18])
        for region, pairs in PLACED.items():
            offset = points[list(pairs.values())] - placed[list(pairs)]
            distances[region].append(100 * np.linalg.norm(offset, axis=1) / eyes)
        heights.append((eye_height(placed, PLACED_LIDS) / eyes, eye_height(points, LIDS) / eyes))
    table = {region: float(np.nanmean(rows)) for region, rows in distances.items()}
    every = np.concatenate([np.array(rows) for rows in distances.values()], axis=1)
    truth, seen = np.array(heights)[~np.isnan(heights).any(axis=1)].T
    slope = np.cov(truth, seen)[0, 1] / truth.var(ddof=1)
    return {
        "faces": int(np.isfinite(every).all(axis=1).sum()),
        "all": float(np.nanmean(every)),
        **table,
        "eye height r": float(np.corrcoef(truth, seen)[0, 1]),
        "eye height slope": float(slope),
    }


def raw_aucs(folder: Path, tracker: FaceTracker) -> dict[str, float]:
    """Return how well one distance alone tells every AU in Yale's pictures."""
    cases = [case for case in read_cases(folder) if case.group == "yale"]
    shapes = {
        path: found(tracker, cv2.imread(str(path), cv2.IMREAD_GRAYSCALE))
        for path in {p for case in cases for p in (case.picture, case.neutral)}
    }
    rest, acting = (
        frontal([shapes[getattr(case, which)] for case in cases])
        for which in ("neutral", "picture")
    )
    table = {}
    for au, distance, sign in DISTANCES:
        change = sign * (distance(acting) - distance(rest))
        label = np.array([case.label(au) for case in cases])
        scored = np.isfinite(label) & np.isfinite(change)
        name = f"AU{au} ({int((label[scored] == 1).sum())} of {int(scored.sum())})"
        table[name] = roc_auc(label[scored] == 1, change[scored])
    return {**table, "mean": float(np.mean(list(table.values())))}


def main() -> None:
    """Parse the command line and print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", nargs="+", default=["ibug300w", "open"])
    options = parser.parse_args()
    place = options.folder / "real_faces"
    place = place if place.is_dir() else options.folder
    trackers = {
        model.name: FaceTracker(model) for model in map(find_landmark_model, options.models)
    }
    print("=== London: distance from placed points, % of the eyes' distance ===")
    rows = {name: placed_errors(place / "london", t) for name, t in trackers.items()}
    print(pd.DataFrame(rows).round(3).to_string())
    print("\n=== Yale: area under the ROC curve of one distance's change ===")
    rows = {name: raw_aucs(place, t) for name, t in trackers.items()}
    print(pd.DataFrame(rows).round(3).to_string())


if __name__ == "__main__":
    main()
