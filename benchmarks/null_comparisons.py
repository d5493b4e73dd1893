"""Measure how often a comparison says that recipes differ which differ in their seed alone.

    python benchmarks/null_comparisons.py FACE_MODEL [--model logistic] [--tables 4] [--seeds 6]

Every table is of other simulated people (landmarks alone, six sequences each). In each, the same
recipe is cross-validated with several seeds, as ``au-detect compare`` does it, and every pair of
seeds is compared: a 95 % interval should leave nought out in one pair of twenty.
"""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from itertools import combinations

from au_detect.evaluation.comparison import SUMMARY, compare_predictions
from au_detect.evaluation.predictions import Predictions
from au_detect.evaluation.protocols import make_folds
from au_detect.landmarks.models import IBUG
from au_detect.simulation.collections.landmark_error import load_landmark_error
from au_detect.simulation.collections.landmark_sequences import (
    SEQUENCES_PER_PERSON,
    simulate_landmarks,
)
from au_detect.simulation.face.model import FaceModel, read_face_model
from au_detect.training.choices import FEATURE_MODELS
from au_detect.training.cross_validation import cross_validate
from au_detect.training.data import TrainingData
from au_detect.training.engine import aus_with_enough_people
from au_detect.training.recipe import TrainingRecipe

FIRST_TABLE_SEED, BETWEEN_SEEDS = 7000, 1000
N_RESAMPLES = 300


def runs_by_seed(
    model: FaceModel, table: int, options: argparse.Namespace
) -> dict[str, list[Predictions]]:
    """Return the repeated cross-validations of one recipe in one table, by its seed."""
    sequences = simulate_landmarks(
        model, options.people * SEQUENCES_PER_PERSON,
        random_state=FIRST_TABLE_SEED + table, error=load_landmark_error(IBUG),
    )  # fmt: skip
    data = TrainingData(sequences).in_order()
    recipe = TrainingRecipe(
        model=options.model, start="scratch", minimum_intensity=1.5, max_fpr=0.05,
        upper_layers=1, lower_layers=1, units=32, max_epochs=10, calibration_folds=options.parts,
        min_positive_subjects=options.people // 3,
    )  # fmt: skip
    aus, _ = aus_with_enough_people(data.own, recipe)
    seeds = [number * BETWEEN_SEEDS for number in range(options.seeds)]
    runs: dict[str, list[Predictions]] = {str(seed): [] for seed in seeds}
    for repeat in range(options.repeats):
        folds = make_folds(
            "subject-kfold", data.own.subject, n_folds=options.folds, random_state=repeat
        )
        recipes = [replace(recipe, random_state=seed + repeat) for seed in seeds]
        for seed, found in zip(seeds, cross_validate(data, aus, recipes, folds), strict=True):
            runs[str(seed)].append(found)
    return runs


def differing(runs: dict[str, list[Predictions]]) -> tuple[int, Counter[str]]:
    """Return the number of pairs, and by number of the summary how many seem to differ."""
    differ: Counter[str] = Counter()
    pairs = list(combinations(runs, 2))
    for one, other in pairs:
        compared = compare_predictions({one: runs[one], other: runs[other]}, N_RESAMPLES)
        for number in SUMMARY:
            _, low, high = compared["differences"][other][number]
            differ[number] += bool(low > 0 or high < 0)
    return len(pairs), differ


def main() -> None:
    """Parse the command line, cross-validate, and print the shares that differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model")
    parser.add_argument("--model", choices=FEATURE_MODELS, default="logistic")
    parser.add_argument("--tables", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--parts", type=int, help="that calibrate in turn")
    options = parser.parse_args()
    model, n_pairs, differ = read_face_model(options.face_model), 0, Counter[str]()
    for table in range(options.tables):
        n, found = differing(runs_by_seed(model, table, options))
        n_pairs, differ = n_pairs + n, differ + found
        shares = {number: f"{differ[number] / n_pairs:.3f}" for number in SUMMARY}
        print(f"{n_pairs} pairs, share that seems to differ: {shares}", flush=True)


if __name__ == "__main__":
    main()
