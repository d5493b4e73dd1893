"""Measure the detector on rendered people that training never saw, group by group.

    au-detect simulate --render --face-model FACE_MODEL --n 1200 --seed 999 --out held_out.npz
    python benchmarks/strata.py held_out.npz [--model DIR]

Prints the rates by skin tone, age, glasses, beard and hair, and what furrows add to landmarks.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from au_detect.classifiers.storage import AUModel, NetworkKind, load_model
from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation import AUEvaluation, evaluate_aus
from au_detect.landmarks.models import shipped_networks

MINIMUM_INTENSITY = 1.5
SKIN_TONES = {"dark": (0.0, 0.12), "middle": (0.12, 0.3), "light": (0.3, 1.0)}
AGES = {"under 35": (0, 35), "35 to 55": (35, 55), "over 55": (55, 200)}


def groups(sequences: LabelledSequences) -> dict[str, NDArray[np.bool_]]:
    """Return which sequences belong to each group."""
    known = sequences.attributes
    found = {"everybody": np.ones(len(sequences), dtype=bool)}
    for title, name, limits in (
        ("skin", "skin_reflectance", SKIN_TONES),
        ("age", "age_years", AGES),
    ):
        for label, (low, high) in limits.items():
            found[f"{title}: {label}"] = (known[name] >= low) & (known[name] < high)
    for name in ("glasses", "beard", "hair"):
        for value in np.unique(known[name]):
            found[f"{name}: {value}"] = known[name] == value
    turn = np.abs(known["angles"] - known["neutral_angles"]).max(axis=1)
    found["head turned under 10 degrees"] = turn < np.radians(10)
    found["head turned over 10 degrees"] = turn >= np.radians(10)
    return found


def rates(
    model: AUModel, sequences: LabelledSequences, *, furrows: bool, neutral: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64], list[float], tuple[int, ...]]:
    """Return labels, probabilities, thresholds and AUs of the networks of one kind."""
    kind = NetworkKind(uses_neutral=neutral, uses_furrows=furrows)
    aus = model.aus(kind, experimental=True)
    table = sequences.features(uses_neutral=neutral, uses_furrows=furrows)
    y = table.labels(MINIMUM_INTENSITY)[:, [table.aus.index(au) for au in aus]]
    probabilities = model.predict(table.upper, table.lower, kind, aus)
    return y, probabilities, list(model.thresholds(kind, aus).values()), aus


def summary(evaluation: AUEvaluation) -> dict[str, float]:
    """Return the rates of all cells together, and the mean AUC."""
    return {
        "n_positive": int(np.sum(evaluation.n_positive)),
        "tpr": evaluation.pooled_tpr,
        "fpr": evaluation.pooled_fpr,
        "mean_auc": evaluation.mean_auc(5),
    }


def main() -> None:
    """Parse the command line and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    sequences = LabelledSequences.load(options.table)
    model = load_model(options.model or shipped_networks(sequences.landmark_model))
    rows = {}
    for neutral in (True, False):
        for furrows in (False, True):
            y, p, thresholds, aus = rates(model, sequences, furrows=furrows, neutral=neutral)
            name = (
                f"{'neutral' if neutral else 'no neutral'}, {'furrows' if furrows else 'landmarks'}"
            )
            rows[name] = summary(evaluate_aus(y, p, thresholds, aus))
    print(pd.DataFrame(rows).T.round(3).to_string(), "\n")
    y, p, thresholds, aus = rates(model, sequences, furrows=True, neutral=True)
    by_group = {
        name: summary(evaluate_aus(y[chosen], p[chosen], thresholds, aus))
        for name, chosen in groups(sequences).items()
        if chosen.sum() > 20
    }
    print(pd.DataFrame(by_group).T.round(3).to_string())


if __name__ == "__main__":
    main()
