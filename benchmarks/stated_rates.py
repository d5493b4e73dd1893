"""Measure whether thresholds keep the false-positive rate that they are asked for, on new people.

    python benchmarks/stated_rates.py FACE_MODEL [--model logistic] [--people 60] [--tables 8]

Simulated people (landmarks alone, six sequences each) are somebody's own collection; what is fitted
to them judges many people whom it never saw. The mean over action units and collections should be
the rate that was asked for.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from au_detect.evaluation.metrics import evaluate_aus
from au_detect.landmarks.models import IBUG
from au_detect.simulation.collections.landmark_error import load_landmark_error
from au_detect.simulation.collections.landmark_sequences import (
    SEQUENCES_PER_PERSON,
    simulate_landmarks,
)
from au_detect.simulation.face.model import read_face_model
from au_detect.training.choices import FEATURE_MODELS, STARTS
from au_detect.training.data import TrainingData
from au_detect.training.engine import fit
from au_detect.training.recipe import TrainingRecipe

STATED = (0.02, 0.05)
N_NEW_PEOPLE, NEW_SEED, FIRST_TABLE_SEED = 1000, 8999, 8000


def main() -> None:
    """Parse the command line, fit, and print the rates of every collection and their means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model")
    parser.add_argument("--model", choices=FEATURE_MODELS, default="logistic")
    parser.add_argument("--start", choices=STARTS, default="scratch")
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--tables", type=int, default=8)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--parts", type=int)
    options = parser.parse_args()
    model, error = read_face_model(options.face_model), load_landmark_error(IBUG)
    new = simulate_landmarks(
        model, N_NEW_PEOPLE * SEQUENCES_PER_PERSON, random_state=NEW_SEED, error=error
    )
    recipe = TrainingRecipe(
        model=options.model, start=options.start, minimum_intensity=1.5, test_fraction=0,
        max_epochs=options.epochs, calibration_folds=options.parts,
    )  # fmt: skip
    means: dict[float, list[tuple[float, float, float]]] = {stated: [] for stated in STATED}
    for table in range(options.tables):
        own = simulate_landmarks(
            model, options.people * SEQUENCES_PER_PERSON,
            random_state=FIRST_TABLE_SEED + table, error=error,
        )  # fmt: skip
        fitted = fit(TrainingData(own), replace(recipe, random_state=table))
        probabilities = fitted.predict_proba(new)
        y = new.labels(fitted.aus, recipe.minimum_intensity)
        for stated in STATED:
            fitted.recipe = replace(fitted.recipe, max_fpr=stated)
            found = evaluate_aus(y, probabilities, fitted.thresholds(new), fitted.aus)
            means[stated].append((found.fpr.mean(), found.fpr.max(), found.tpr.mean()))
            print(table, stated, [round(float(v), 4) for v in means[stated][-1]], flush=True)
    for stated, rates in means.items():
        fpr, worst, tpr = np.mean(rates, axis=0)
        error_of_mean = np.std([rate[0] for rate in rates], ddof=1) / np.sqrt(len(rates))
        print(f"stated {stated}: FPR {fpr:.4f} (standard error {error_of_mean:.4f}), worst AU "
              f"{worst:.4f}, TPR {tpr:.4f}")  # fmt: skip


if __name__ == "__main__":
    main()
