"""Measure intensities and sides on rendered people that training never saw.

    python benchmarks/intensity.py FACE_MODEL [--landmarks open] [--n 600] [--jobs 2]

FACE_MODEL is what ``au-detect simulate --face-model`` takes; ``--materials`` and ``--makehuman`` as
there. Every person is shown at rest and acting; the strength of every AU and side is known.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from au_detect import AUDetector
from au_detect.errors import AUDetectError
from au_detect.evaluation.intensity import evaluate_intensity, evaluate_sides
from au_detect.facs import NETWORK_AUS, au_label
from au_detect.simulation.collections.landmark_sequences import People, draw_people
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.model import FaceModel, read_face_model
from au_detect.simulation.materials.folders import Materials, read_materials

SEED = 4711
PART = 30


def drawn(model: FaceModel, n: int) -> People:
    """Draw people who act as those do that networks learn from."""
    return draw_people(model, n, np.random.default_rng(SEED))


def measured(
    face_model: str, n: int, rows: range, landmarks: str, materials: Materials | None
) -> list[tuple[int, np.ndarray]]:
    """Return row and intensities of the whole face, left and right (3, n_aus) where a face is."""
    cv2.setNumThreads(1)
    model = read_face_model(face_model)
    renderer = SequenceRenderer(model, drawn(model, n), SEED, materials=materials)
    detector = AUDetector(landmark_model=landmarks, experimental=True)
    found = []
    for row in rows:
        rest, acting = (picture.image for picture in renderer.render_pair(row))
        try:
            result = detector.run(acting, neutral=rest)
        except AUDetectError:
            continue
        if result.face_found.all():
            places = [result.aus.index(au) for au in NETWORK_AUS]
            said = (result.intensity, result.intensity_left, result.intensity_right)
            found.append((row, np.stack([values[-1, places] for values in said])))
    return found


def main() -> None:
    """Parse the command line and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model", type=Path)
    parser.add_argument("--landmarks", default="open")
    parser.add_argument("--n", type=int, default=600)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--materials", type=Path)
    parser.add_argument("--makehuman", type=Path)
    options = parser.parse_args()
    materials = None
    if options.materials:
        materials = read_materials(options.materials, options.makehuman)
    parts = [range(s, min(s + PART, options.n)) for s in range(0, options.n, PART)]
    jobs = (
        delayed(measured)(str(options.face_model), options.n, p, options.landmarks, materials)
        for p in parts
    )
    rows = [row for part in Parallel(n_jobs=options.jobs)(jobs) for row in part]
    people = drawn(read_face_model(options.face_model), options.n)
    kept = np.array([row for row, _ in rows])
    whole, left, right = np.stack([said for _, said in rows], axis=1)
    coded = people.intensity[kept]
    known = np.isfinite(coded)
    of_halves = np.where(known[..., None], people.strengths[kept], np.nan)
    table = pd.DataFrame(index=[au_label(au) for au in NETWORK_AUS])
    found = evaluate_intensity(coded, whole)
    for name in ("icc", "pearson", "mae", "mae_of_zero"):
        table[name] = getattr(found, name)
    table["icc_right"] = evaluate_intensity(of_halves[..., 0], right).icc
    table["icc_left"] = evaluate_intensity(of_halves[..., 1], left).icc
    sides = evaluate_sides(of_halves, np.stack([right, left], axis=-1))
    table["asymmetry_error"], table["n_sided"] = sides.asymmetry_error, sides.n_sided
    table["stronger_side"] = sides.stronger_side
    print(f"{options.landmarks}: {len(kept)} of {options.n} people")
    print(table.round(3).to_string())
    print("mean  " + "  ".join(f"{k} {v:.3f}" for k, v in table.mean().items()))
    told, n = sides.n_right.sum(), sides.n_sided.sum()
    print(f"stronger side told in {told / n:.3f} of {n:.0f} one-sided actions")


if __name__ == "__main__":
    main()
