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
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from au_detect.classifiers.storage import NetworkKind, load_model
from au_detect.datasets.labelled_features import LabelledFeatures
from au_detect.datasets.sequences import LabelledSequences
from au_detect.datasets.tables import training_tables
from au_detect.evaluation.metrics import AUEvaluation, evaluate_aus
from au_detect.simulation.collections.landmark_error import fit_error_to_renders, with_shaken_copies
from au_detect.simulation.rebuild import RECIPE
from au_detect.training.networks import train_models

CHOICES = {"Canny edges": ("_edges",), "all channels": ("",)}


def restricted(
    table: LabelledFeatures, n_geometry: dict[str, int], endings: tuple
) -> LabelledFeatures:
    """Return the table with only those furrow columns whose names end in one of `endings`."""
    parts = {}
    for half in ("upper", "lower"):
        names = getattr(table, f"{half}_names")
        kept = [i for i, n in enumerate(names) if i < n_geometry[half] or n.endswith(endings)]
        parts[half] = getattr(table, half)[:, kept]
        parts[f"{half}_names"] = tuple(names[i] for i in kept)
    return replace(table, **parts)


def judged(folder: Path, table: LabelledFeatures, *, furrows: bool) -> AUEvaluation:
    """Return how well the networks in a folder do on a table."""
    model = load_model(folder)
    kind = NetworkKind(uses_neutral=True, uses_furrows=furrows)
    aus = model.aus(kind, experimental=True)
    y = table.labels(RECIPE.minimum_intensity)[:, [table.aus.index(au) for au in aus]]
    probabilities = model.predict(table.upper, table.lower, kind, aus)
    return evaluate_aus(y, probabilities, list(model.thresholds(kind, aus).values()), aus)


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("renders", type=Path)
    parser.add_argument("held_out", type=Path)
    options = parser.parse_args()
    renders, held_out = (LabelledSequences.load(p) for p in (options.renders, options.held_out))
    shaken = with_shaken_copies(renders, fit_error_to_renders(renders))
    geometry, everything = [t for t in training_tables([shaken]) if t.uses_neutral]
    n_geometry = {half: getattr(geometry, half).shape[1] for half in ("upper", "lower")}
    test = held_out.features(uses_neutral=True, uses_furrows=True)
    recipe = replace(RECIPE, members=1)
    found = {}
    for name, endings in CHOICES.items():
        tables = [geometry, restricted(everything, n_geometry, endings)]
        with tempfile.TemporaryDirectory() as folder:
            train_models(tables, Path(folder) / "model", recipe)
            place = Path(folder) / "model"
            if not found:
                bare = held_out.features(uses_neutral=True)
                found["geometry alone"] = judged(place, bare, furrows=False)
            found[name] = judged(place, restricted(test, n_geometry, endings), furrows=True)
    auc = pd.DataFrame(
        {name: e.auc for name, e in found.items()}, index=list(found["geometry alone"].aus)
    )
    print(auc.round(3).to_string())
    for name, e in found.items():
        rates = f"TPR {e.pooled_tpr:.3f} FPR {e.pooled_fpr:.3f}"
        print(f"{name}: {rates} mean AUC {np.nanmean(e.auc):.3f}")


if __name__ == "__main__":
    main()
