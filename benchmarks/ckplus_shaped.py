"""Render a collection that is shaped like CK+ and measure it: posed displays, seen at their peak.

    python benchmarks/ckplus_shaped.py FACE_MODEL OUT.npz [--people 60] [--per-person 5] [--seed 60]

60 people, five sequences each; heads hardly turn, displays are those of CK+ about as often as
there (AU25 in more than half of the sequences, AU23 in one of ten), and their strength at the peak
is B to E, most often C or D. What ``au-detect simulate`` draws is harder: faint, one-sided and
spoken displays and turned heads are among it. FACE_MODEL is what ``au-detect simulate`` takes.

    au-detect train OUT.npz --out MODEL --minimum-intensity 1.5 --max-fpr 0.05
    au-detect compare OUT.npz --minimum-intensity 1.5 --max-fpr 0.05 --jobs 2
    au-detect evaluate OUT.npz --minimum-intensity 1.5 --max-fpr 0.05 --jobs 2
    au-detect evaluate OUT.npz --minimum-intensity 1.5 --max-fpr 0.05 --start scratch --jobs 2
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from au_detect.datasets.ckplus import EMOTIONS
from au_detect.datasets.sequences import LabelledSequences
from au_detect.facs import NETWORK_AUS
from au_detect.landmarks.models import find_landmark_model
from au_detect.simulation.collections.landmark_sequences import People, draw_people
from au_detect.simulation.collections.rendered_sequences import measure_people
from au_detect.simulation.face.displays import Display
from au_detect.simulation.face.model import read_face_model

FAINTEST = 2.5
DISPLAYS = (
    Display("anger", (4, 17), {7: 0.7, 23: 0.55, 24: 0.5, 25: 0.05}, 4.5),
    Display("contempt", (14,), {12: 0.3, 17: 0.1}, 1.8, one_sided=0.7),
    Display("disgust", (9, 17), {4: 0.6, 7: 0.6, 6: 0.3, 25: 0.3, 10: 0.15}, 5.9),
    Display("fear", (1, 4, 20, 25), {2: 0.5, 5: 0.5, 7: 0.3, 26: 0.2}, 3.5),
    Display("happiness", (6, 12, 25), {7: 0.2, 26: 0.1}, 6.9),
    Display("sadness", (1, 4, 15, 17), {}, 4.0),
    Display("surprise", (1, 2, 25), {5: 0.85, 27: 0.75, 26: 0.25}, 8.3),
    Display("brows up", (1, 2), {5: 0.3}, 2.0),
    Display("frown", (4,), {7: 0.3, 15: 0.2}, 2.5),
    Display("smile", (12,), {6: 0.4, 25: 0.4}, 2.5),
    Display("lips part", (25,), {26: 0.5, 10: 0.2}, 4.0),
    Display("corners down", (15, 17), {4: 0.2}, 2.0),
    Display("lips stretched", (20, 25), {26: 0.2}, 1.5),
    Display("upper lip up", (10, 25), {17: 0.2, 4: 0.2}, 1.5),
    Display("mouth wide open", (25, 27), {1: 0.3, 2: 0.3}, 1.0),
    Display("lips pressed", (24, 17), {23: 0.2}, 1.0),
)


def collect(face_model: str, n_people: int, per_person: int, seed: int) -> LabelledSequences:
    """Render and measure the collection; sequences whose faces are not found are left out."""
    model, n = read_face_model(face_model), n_people * per_person
    rng = np.random.default_rng(seed)
    weights = np.array([display.weight for display in DISPLAYS])
    picks = rng.choice(len(DISPLAYS), n, p=weights / weights.sum())
    displays = [
        Display(d.name, d.core, d.optional, d.weight, d.one_sided, FAINTEST)
        for d in (DISPLAYS[pick] for pick in picks)
    ]
    people = draw_people(model, n, rng, displays=displays, per_person=per_person, wide_turns=0.0)
    starts = range(0, n, per_person)
    jobs = (
        delayed(_measure)(face_model, people, seed, start, start + per_person) for start in starts
    )
    parts = Parallel(n_jobs=2, return_as="generator")(jobs)
    rows = [row for part in tqdm(parts, total=len(starts), unit=" people") for row in part]
    kept = np.array([row["row"] for row in rows])
    names = np.array([people.display[i] for i in kept])
    measured = ("neutral_points", "points", "neutral_furrows", "furrows")
    return LabelledSequences(
        **{name: np.stack([row[name] for row in rows]).astype(np.float32) for name in measured},
        aus=NETWORK_AUS,
        intensity=people.intensity[kept],
        subject=people.subject[kept],
        landmark_model=find_landmark_model().name,
        attributes={"emotion": np.where(np.isin(names, list(EMOTIONS.values())), names, "")},
        source={"simulation": "shaped like CK+", "seed": seed},
    )


def _measure(face_model: str, people: People, seed: int, start: int, stop: int) -> list[dict]:
    return measure_people(read_face_model(face_model), people, seed, range(start, stop))


def main() -> None:
    """Parse the command line and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model")
    parser.add_argument("out", type=Path)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--per-person", type=int, default=5)
    parser.add_argument("--seed", type=int, default=60)
    options = parser.parse_args()
    sequences = collect(options.face_model, options.people, options.per_person, options.seed)
    sequences.save(options.out)
    print(f"{len(sequences)} sequences of {sequences.n_subjects} people -> {options.out}")


if __name__ == "__main__":
    main()
