"""Measure how far features stray on rendered people at rest, for the explanations.

    python benchmarks/rest_ranges.py FACE_MODEL [--n 150] [--out models/rest_ranges.json]

Two pictures of every person, taken at different times in changing light, are compared as the
detector compares them; and one of them with the mean face. Run it again when landmarks, furrows
or features change.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from au_detect.features.extraction import extract_features
from au_detect.features.measurement import FaceMeasurements, measure_frame
from au_detect.features.neutral import mean_neutral, neutral_from_rows
from au_detect.frames import Frame
from au_detect.landmarks.pose import estimate_pose
from au_detect.landmarks.tracking import FaceTracker
from au_detect.simulation.collections.landmark_sequences import draw_people
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.displays import DISPLAYS
from au_detect.simulation.face.model import read_face_model

SEED = 71
PERCENTILES = (5, 95)


def measured_pairs(face_model: Path, n: int) -> list[tuple[FaceMeasurements, FaceMeasurements]]:
    """Return measurements of two neutral pictures of `n` people, where both show a face."""
    model = read_face_model(face_model)
    neutral = next(display for display in DISPLAYS if display.name == "neutral")
    people = draw_people(
        model, n, np.random.default_rng(SEED), displays=[neutral] * n, per_person=1, wide_turns=0
    )
    renderer, tracker = SequenceRenderer(model, people, SEED), FaceTracker()
    pairs = []
    for row in range(n):
        both = []
        for picture in renderer.render_pair(row):
            tracker.reset()
            both.append(measure_frame(Frame(picture.image, 0, 0.0, f"person {row}"), tracker))
        if all(rows.face_found.all() for rows in both):
            pairs.append((both[0], both[1]))
    return pairs


def ranges(rows: list[dict[str, float]]) -> dict[str, list[float]]:
    names = rows[0]
    values = np.array([[row[name] for name in names] for row in rows])
    limits = np.percentile(values, PERCENTILES, axis=0).T.round(4)
    return dict(zip(names, limits.tolist(), strict=True))


def features_of(face: FaceMeasurements, neutral) -> dict[str, float]:
    found = extract_features(estimate_pose(face.points), face.furrows, neutral)
    names = (*found.upper_names, *found.lower_names)
    return dict(zip(names, [*found.upper[0].tolist(), *found.lower[0].tolist()], strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model", type=Path)
    parser.add_argument("--n", type=int, default=150)
    default = Path(__file__).parents[1] / "models" / "rest_ranges.json"
    parser.add_argument("--out", type=Path, default=default)
    options = parser.parse_args()
    pairs = measured_pairs(options.face_model, options.n)
    own = [features_of(later, neutral_from_rows(first, "first")) for first, later in pairs]
    mean = [features_of(later, mean_neutral()) for _, later in pairs]
    table = {
        "percentiles": PERCENTILES,
        "n_people": len(pairs),
        "personal": ranges(own),
        "mean_face": ranges(mean),
    }
    options.out.write_text(json.dumps(table, indent=0).replace("[\n", "[").replace("\n]", "]"))
    print(f"{len(pairs)} people -> {options.out}")


if __name__ == "__main__":
    main()
