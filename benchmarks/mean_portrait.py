"""Make the mean portrait, which `au_detect.landmarks.portrait` compares faces with, from renders.

    python benchmarks/mean_portrait.py FACE_MODEL [--n 300] [--out models/mean_portrait.json]

Run it again when portraits or renders change.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.detection import CHECK_CROP
from au_detect.landmarks.portrait import gradient_histograms, unit_length
from au_detect.simulation.collections.landmark_sequences import draw_people
from au_detect.simulation.collections.rendered_sequences import SequenceRenderer
from au_detect.simulation.face.model import read_face_model

SEED, DECIMALS = 73, 4


def mean_portrait(face_model: Path, n: int) -> NDArray[np.float32]:
    """Return the mean of the unit histograms of `n` sequences, at rest and acting."""
    model = read_face_model(face_model)
    people = draw_people(model, n, np.random.default_rng(SEED), per_person=1)
    renderer = SequenceRenderer(model, people, SEED)
    seen = []
    for row in range(n):
        for picture in renderer.render_pair(row):
            crop = CHECK_CROP.cut(picture.image, CHECK_CROP.matrix(picture.landmarks.astype(float)))
            seen.append(unit_length(gradient_histograms(crop, CHECK_CROP)))
    return np.mean(seen, axis=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model", type=Path)
    parser.add_argument("--n", type=int, default=300)
    default = Path(__file__).parents[1] / "models" / "mean_portrait.json"
    parser.add_argument("--out", type=Path, default=default)
    options = parser.parse_args()
    values = np.round(mean_portrait(options.face_model, options.n).astype(float), DECIMALS)
    options.out.write_text(json.dumps(values.tolist()) + "\n", encoding="utf-8")
    print(f"{options.out}: length {np.linalg.norm(values):.2f}")


if __name__ == "__main__":
    main()
