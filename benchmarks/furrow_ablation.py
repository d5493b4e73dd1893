"""Measure what pictures add to landmarks: geometry alone, with Canny edges, with all channels.

    au-detect simulate --render --face-model FACE_MODEL --n 6000 --seed 101 --out renders.npz
    au-detect simulate --render --face-model FACE_MODEL --n 1200 --seed 999 --out held_out.npz
    python benchmarks/furrow_ablation.py renders.npz held_out.npz

Trains networks on each choice of furrow columns with the recipe of the shipped models (one
network each instead of three, so that it takes minutes) and judges them on people that training
never saw. "All" and "Canny" are averaged with the network that sees geometry alone, as shipped.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation.metrics import AUEvaluation, evaluate_aus
from au_detect.features.furrows import FURROW_NAMES
from au_detect.simulation.collections.landmark_error import fit_error_to_renders, with_shaken_copies
from au_detect.simulation.rebuild import RECIPE
from au_detect.training.data import TrainingData
from au_detect.training.engine import fit
from au_detect.training.fitted import FittedModel

CHOICES = {"Canny edges": ("_edges",), "all channels": ("",)}


def restricted(sequences: LabelledSequences, endings: tuple[str, ...]) -> LabelledSequences:
    """Return the sequences with 0 in all furrow columns but those whose names end so.

    Columns that never vary are scaled to nothing.
    """
    left_out = [i for i, name in enumerate(FURROW_NAMES) if not name.endswith(endings)]
    furrows, neutral = sequences.furrows.copy(), sequences.neutral_furrows.copy()
    furrows[:, left_out], neutral[:, left_out] = 0, 0
    return replace(sequences, furrows=furrows, neutral_furrows=neutral)


def judged(fitted: FittedModel, sequences: LabelledSequences) -> AUEvaluation:
    """Return how well a fitted model does on other people."""
    y = sequences.labels(fitted.aus, RECIPE.minimum_intensity)
    probabilities, thresholds = fitted.predict_proba(sequences), fitted.thresholds(sequences)
    return evaluate_aus(y, probabilities, thresholds, fitted.aus)


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("renders", type=Path)
    parser.add_argument("held_out", type=Path)
    options = parser.parse_args()
    renders, held_out = (LabelledSequences.load(p) for p in (options.renders, options.held_out))
    shaken = with_shaken_copies(renders, fit_error_to_renders(renders))
    recipe = replace(RECIPE, members=1)
    found = {}
    for name, endings in CHOICES.items():
        fitted = fit(TrainingData(restricted(shaken, endings)), recipe)
        if not found:
            bare = replace(held_out, furrows=None, neutral_furrows=None)
            found["geometry alone"] = judged(fitted, bare)
        found[name] = judged(fitted, restricted(held_out, endings))
    auc = pd.DataFrame(
        {name: e.auc for name, e in found.items()}, index=list(found["geometry alone"].aus)
    )
    print(auc.round(3).to_string())
    for name, e in found.items():
        rates = f"TPR {e.pooled_tpr:.3f} FPR {e.pooled_fpr:.3f}"
        print(f"{name}: {rates} mean AUC {np.nanmean(e.auc):.3f}")


if __name__ == "__main__":
    main()
