"""Measure what turned heads and wandering eyes do, on renders of people that training never saw.

    python benchmarks/head_turns.py FACE_MODEL [--n 600] [--jobs 2] [--model DIR]

Against a frontal neutral face: yaw up to 30 degrees, pitch and roll up to 20, gaze in all
directions. Half of the faces stay neutral (false positives), half act (true positives).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from au_detect.classifiers.storage import NetworkKind, load_model
from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation import evaluate_aus
from au_detect.facs import NETWORK_AUS
from au_detect.landmarks.models import find_landmark_model, shipped_networks
from au_detect.simulation.collections.landmark_sequences import People, draw_people
from au_detect.simulation.collections.rendered_sequences import measure_people
from au_detect.simulation.face.displays import DISPLAYS, Display, draw_displays
from au_detect.simulation.face.model import FaceModel, read_face_model

LIMITS_DEG = (20.0, 30.0, 20.0)
CLEAR = 2.0
"""FACS intensity from which an AU counts as present."""
SEED = 90210


def draw_turned(model: FaceModel, n: int) -> People:
    """Draw people whose neutral is frontal and whose second picture is turned."""
    rng = np.random.default_rng(SEED)
    still = next(display for display in DISPLAYS if display.name == "neutral")
    displays: list[Display] = [still] * (n // 2) + draw_displays(rng, n - n // 2)
    people = draw_people(model, n, rng, displays=displays, per_person=2)
    turned = np.radians(rng.uniform(-1, 1, (n, 3)) * LIMITS_DEG)
    return replace(people, neutral_angles=np.zeros((n, 3)), apex_angles=turned)


def measure(face_model: str, n: int, rows: range) -> list[dict]:
    """Render and measure some of the people."""
    model = read_face_model(face_model)
    return measure_people(model, draw_turned(model, n), SEED, rows)


def predict(sequences: LabelledSequences, folder: Path) -> tuple[tuple[int, ...], np.ndarray, list]:
    """Return AUs, probabilities and thresholds of the turned faces."""
    model = load_model(folder)
    kind = NetworkKind(uses_neutral=True, uses_furrows=True)
    aus = model.aus(kind, experimental=True)
    table = sequences.features(uses_neutral=True, uses_furrows=True)
    probabilities = model.predict(table.upper, table.lower, kind, aus)
    return aus, probabilities, list(model.thresholds(kind, aus).values())


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model", type=Path)
    parser.add_argument("--n", type=int, default=600)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    parts = [range(start, min(start + 30, options.n)) for start in range(0, options.n, 30)]
    jobs = (delayed(measure)(str(options.face_model), options.n, part) for part in parts)
    rows = [row for part in Parallel(n_jobs=options.jobs)(jobs) for row in part]
    model = read_face_model(options.face_model)
    people = draw_turned(model, options.n)
    kept = np.array([row["row"] for row in rows])
    sequences = LabelledSequences(
        **{
            name: np.stack([row[name] for row in rows])
            for name in ("neutral_points", "points", "neutral_furrows", "furrows")
        },
        aus=NETWORK_AUS,
        intensity=people.intensity[kept],
        subject=people.subject[kept],
        landmark_model="as installed",
    )
    aus, probabilities, thresholds = predict(
        sequences, options.model or shipped_networks(find_landmark_model().name)
    )
    y = sequences.intensity[:, [NETWORK_AUS.index(au) for au in aus]]
    y = np.where(y >= CLEAR, 1.0, np.where(y == 0, 0.0, np.nan))
    acting = kept >= options.n // 2
    still = evaluate_aus(y[~acting], probabilities[~acting], thresholds, aus)
    moving = evaluate_aus(y[acting], probabilities[acting], thresholds, aus)
    table = moving.to_dataframe()[["n_positive", "tpr", "auc"]]
    table.insert(0, "fpr_neutral", still.fpr)
    print(f"{len(kept)} of {options.n} faces found")
    print(table.round(3).to_string())
    print(f"mean FPR {np.nanmean(still.fpr):.3f}; largest {np.nanmax(still.fpr):.3f}")
    print(f"pooled TPR {moving.pooled_tpr:.3f} at FPR {moving.pooled_fpr:.3f}")


if __name__ == "__main__":
    main()
