"""Measure what an own collection of few real people gains by beginning from the shipped networks.

    python benchmarks/own_few_people.py FOLDER [--folds 0] [--cache DIR] [--repeats 1]

FOLDER holds ``real_faces/wild`` and ``real_faces/yale``, coded by eye. Their people are taken as
somebody's own collection: every person in turn (or, with --folds, a part of them) is kept out,
`fit` learns from the others, and what it says of the one who was kept out is compared with what the
shipped networks say untouched. AU26 stands for 26 or 27, AU43 for 43 or 45; what the coder was not
sure of is not scored. Nothing that is trained here is kept.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from au_detect.classifiers.storage import load_model
from au_detect.datasets.collection import Collection, SequenceRecord
from au_detect.datasets.measuring import measure_collection
from au_detect.evaluation.comparison import compare_predictions, sentence_about
from au_detect.evaluation.predictions import Predictions, predict_with_model
from au_detect.evaluation.protocols import make_folds
from au_detect.facs import NETWORK_AUS
from au_detect.landmarks.models import shipped_networks
from au_detect.training.cross_validation import cross_validate
from au_detect.training.data import TrainingData
from au_detect.training.engine import aus_with_enough_people
from au_detect.training.recipe import TrainingRecipe

TOGETHER = {26: (26, 27), 43: (43, 45)}
LEAST_PEOPLE = 5
EVERY = 3
"""Of the coded frames of a clip one in so many is taken."""


def labels_of(present: set[int], unsure: set[int]) -> dict[int, float]:
    """Return what is known of each AU: NaN for present, 0 for absent; others are left out."""
    aus: dict[int, float] = {}
    for au in NETWORK_AUS:
        same = set(TOGETHER.get(au, (au,)))
        if au == 27 or (not same & present and same & unsure) or (au == 43 and 46 in present):
            continue
        aus[au] = np.nan if same & present else 0.0
    return aus


def wild_records(folder: Path) -> list[SequenceRecord]:
    """Return coded frames of the clips, and the stills."""
    told = json.loads((folder / "labels.json").read_text())
    records = []
    for name, clip in told["clips"].items():
        if clip["neutral"] is None:
            continue
        path, (first, last_neutral) = folder / f"{name}.mp4", clip["neutral"]
        hidden = [range(a, b + 1) for a, b in clip["occluded"]]
        known = [int(frame) for frame, head in clip["head"].items() if head is not None]
        for frame in sorted(known)[::EVERY]:
            if frame <= last_neutral or any(frame in span for span in hidden):
                continue
            sets = [
                {
                    int(au)
                    for au, spans in clip[kind].items()
                    if any(s["frames"][0] <= frame <= s["frames"][1] for s in spans)
                }
                for kind in ("present", "unsure")
            ]
            records.append(
                SequenceRecord(
                    f"{name}#{frame}", name, (path,), labels_of(*sets), neutral=first, apex=frame,
                    fully_coded=False, is_video=True,
                )
            )  # fmt: skip
    for name, still in told["stills"].items():
        neutral = folder / f"{still['neutral']}.jpg"
        if name == still["neutral"]:
            continue
        known = labels_of(set(map(int, still["present"])), set(map(int, still["unsure"])))
        picture = (folder / f"{name}.jpg",)
        records.append(
            SequenceRecord(name, "hu", picture, known, neutral=neutral, fully_coded=False)
        )
    return records


def yale_records(folder: Path) -> list[SequenceRecord]:
    """Return the expressions of the Yale people against their normal picture."""
    records = []
    with open(folder / "labels.csv", newline="") as file:
        for row in csv.DictReader(file):
            stem = f"subject{row['subject']}"
            known = labels_of(*(set(map(int, row[k].split())) for k in ("present", "unsure")))
            records.append(
                SequenceRecord(
                    f"{stem}_{row['expression']}", f"yale {row['subject']}",
                    (folder / f"{stem}_{row['expression']}.png",), known,
                    neutral=folder / f"{stem}_normal.png", fully_coded=False,
                )
            )  # fmt: skip
    return records


def larger_of_both(found: Predictions, other: np.ndarray | None) -> Predictions:
    """Let the larger of the probabilities of AU26 and AU27 stand for AU26."""
    if other is None or 26 not in found.aus:
        return found
    probabilities = found.probabilities.copy()
    column = found.aus.index(26)
    probabilities[:, column] = np.fmax(probabilities[:, column], other)
    return replace(found, probabilities=probabilities)


def measured(options: argparse.Namespace) -> TrainingData:
    """Return the rows of all people, in order."""
    faces = options.folder / "real_faces"
    records = [*wild_records(faces / "wild"), *yale_records(faces / "yale")]
    sequences, collection = measure_collection(
        Collection("wild and Yale", tuple(records)), cache=options.cache
    )
    print(f"{len(sequences)} rows of {sequences.n_subjects} people; "
          f"{len(collection.problems)} could not be measured")  # fmt: skip
    return TrainingData(sequences).in_order()


def as_shipped(data: TrainingData) -> Predictions:
    """Return what the shipped networks say untouched."""
    model = load_model(shipped_networks(data.own.landmark_model))
    return replace(predict_with_model(model, data.own), pooled=True)


def of_aus(said: Predictions, aus: tuple[int, ...]) -> Predictions:
    """Return what was said of some action units."""
    columns = [said.aus.index(au) for au in aus]
    return replace(
        said, aus=aus, y=said.y[:, columns], probabilities=said.probabilities[:, columns],
        thresholds=said.thresholds[:, columns],
    )  # fmt: skip


def as_trained(
    data: TrainingData, aus: tuple[int, ...], recipe: TrainingRecipe, options: argparse.Namespace
) -> list[Predictions]:
    """Return what is said of people who were kept out, once for every repeat."""
    protocol = "subject-kfold" if options.folds else "loso"
    ways: Counter[str] = Counter()
    runs = []
    for repeat in range(options.repeats):
        folds = make_folds(
            protocol, data.own.subject, n_folds=options.folds or 2, random_state=repeat
        )
        seeded = replace(recipe, random_state=repeat)
        (found,) = cross_validate(data, aus, [seeded], folds, n_jobs=options.jobs, progress=_bar)
        runs.append(replace(found, pooled=True))
        ways.update(f"{face}: {c['start']}" for part in found.chosen for face, c in part.items())
    print("ways that were chosen inside the folds:", dict(ways))
    return runs


def tell(shipped: Predictions, runs: list[Predictions]) -> None:
    """Print both, and what was gained."""
    compared = compare_predictions({"shipped": [shipped] * len(runs), "own": runs})
    for name, numbers in compared["summary"].items():
        print(name, {k: [round(v, 3) for v in numbers[k]] for k in numbers if "mean" in k})
    for label, au in compared["aus"].items():
        print(label, au["n_positive"], {k: {n: round(v, 3) for n, v in au[k].items()}
                                        for k in ("auc", "matched_tpr")})  # fmt: skip
    print(sentence_about("Own people beside the shipped networks", runs, [shipped] * len(runs)))


def main() -> None:
    """Parse the command line, measure, and print what was gained."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--folds", type=int, default=0, help="0: leave one person out")
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    data = measured(options)
    recipe = TrainingRecipe(
        start="shipped", max_fpr=0.05, min_positive_subjects=LEAST_PEOPLE,
        max_epochs=options.epochs,
    )  # fmt: skip
    aus, _ = aus_with_enough_people(data.own, recipe)
    untouched = as_shipped(data)
    jaw = None  # AU27, which nobody's data show often enough to learn, stays as shipped
    if 27 in untouched.aus:
        jaw = untouched.probabilities[:, untouched.aus.index(27)]
    runs = as_trained(data, aus, recipe, options)
    tell(larger_of_both(of_aus(untouched, aus), jaw), [larger_of_both(run, jaw) for run in runs])


def _bar(parts: Any, n: int) -> Any:
    from tqdm import tqdm

    return tqdm(parts, total=n, unit=" folds")


if __name__ == "__main__":
    main()
