"""Measure gaze on renders of people that nothing was calibrated on: how many degrees it is off.

    python benchmarks/gaze.py FACE_MODEL [--models ibug300w open] [--n 120] [--jobs 2] [--fit]

Every person is rendered with the head straight, and turned by up to 25 degrees to the sides (15 up
and down, 10 tilted). Eyes look up to 20 degrees to the sides and 15 up and down of where the head
points. The error is the angle between the true direction and the one that is found. With ``--fit``
it prints the constants of `au_detect.features.gaze` for these people: take another ``--seed``.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from au_detect.features.gaze import direction_angles, measure_gaze, rotation_to
from au_detect.features.measurement import measure_faces
from au_detect.frames import Frame
from au_detect.landmarks.head_position import head_position_mm
from au_detect.landmarks.models import IBUG, OPEN, LandmarkModel, find_landmark_model
from au_detect.landmarks.pose import estimate_pose, rotation_matrix
from au_detect.landmarks.tracking import FaceTracker
from au_detect.simulation.collections.landmark_sequences import People, draw_people
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.displays import DISPLAYS
from au_detect.simulation.face.model import FaceModel, read_face_model
from au_detect.simulation.rendering.eyes import turn_of_mesh
from au_detect.simulation.rendering.renderer import Rendering

SEED, PART = 40417, 12
TURNS_DEG = (15.0, 25.0, 10.0)
LOOKS_DEG = (20.0, 15.0)
# What `SequenceRenderer` makes of the shapes of eyes that look about.
SIDE_RAD, UP_RAD = 0.6, 0.4


def draw_lookers(model: FaceModel, n: int, seed: int) -> People:
    """Return people who look about, with the head straight and then turned."""
    rng = np.random.default_rng(seed)
    still = next(display for display in DISPLAYS if display.name == "neutral")
    people = draw_people(model, n, rng, displays=[still] * n, per_person=1)
    gaze = np.radians(rng.uniform(-1, 1, (n, 2, 2)) * LOOKS_DEG)
    turned = np.radians(rng.uniform(-1, 1, (n, 3)) * TURNS_DEG)
    weights = []
    for picture, drawn in enumerate((people.neutral_weights, people.apex_weights)):
        looking = drawn.copy()
        for row, (left, up) in enumerate(gaze[:, picture].tolist()):
            side, rise = turn_of_mesh((left, up))
            turn = (side / SIDE_RAD, rise / UP_RAD)
            looking[row] = _looking(looking[row], turn, model.expression_names)
        weights.append(looking)
    return replace(
        people, neutral_weights=weights[0], apex_weights=weights[1],
        neutral_angles=np.zeros((n, 3)), apex_angles=turned,
    )  # fmt: skip


def _looking(
    weights: NDArray[np.float64], turn: tuple[float, float], names: tuple[str, ...]
) -> NDArray[np.float64]:
    """Return weights of shapes with lids and eyes turned left and up."""
    left, up = turn
    set_to = {
        "eyeLookOut_L": left, "eyeLookIn_R": left, "eyeLookOut_R": -left, "eyeLookIn_L": -left,
        "eyeLookUp_L": up, "eyeLookUp_R": up, "eyeLookDown_L": -up, "eyeLookDown_R": -up,
    }  # fmt: skip
    changed = weights.copy()
    for name, weight in set_to.items():
        changed[names.index(name)] = max(weight, 0.0)
    return changed


def measure(
    face_model: str, n: int, rows: range, models: list[LandmarkModel], seed: int
) -> list[dict]:
    """Render some of the people and find with every landmark model where they look."""
    cv2.setNumThreads(1)
    model = read_face_model(face_model)
    people = draw_lookers(model, n, seed)
    renderer = SequenceRenderer(model, people, seed)
    measured = []
    for row in rows:
        for turned, picture in enumerate(renderer.render_pair(row)):
            for landmark_model in models:
                told = {
                    "landmarks": landmark_model.name,
                    "head": "turned" if turned else "straight",
                    "true": picture.direction,
                }
                measured.append(told | look_at(picture, FaceTracker(landmark_model)))
    return measured


def look_at(picture: Rendering, tracker: FaceTracker) -> dict[str, NDArray[np.float64]]:
    """Return where a face looks, NaN where that is not seen, and what it is made of.

    That is the mean look of both eyes, where the head's back is, right and down, and where it is.
    """
    rows = measure_faces([Frame(picture.image, 0, 0.0, "")], tracker)
    if not rows.face_found[0]:
        sizes = {"found": 3, "look": 2, "back": 2, "place": 3}
        return {name: np.full(n, np.nan) for name, n in sizes.items()}
    pose = estimate_pose(rows.points)
    place = head_position_mm(rows.points, pose.scale_px, rows.picture_px, picture.camera.focal_px)
    return {
        "found": measure_gaze(rows.looks, pose, place).direction[0],
        "look": rows.looks[0, :, :2].mean(axis=0),
        "back": rotation_matrix(pose.angles)[0, :2, 2],
        "place": place[0],
    }


def fitted(measured: list[dict]) -> pd.DataFrame:
    """Return READ and READ_BACK of `au_detect.features.gaze` by least squares."""
    rows = []
    for landmarks, group in pd.DataFrame(measured).groupby("landmarks"):
        seen = group[[np.isfinite(look[0]) for look in group["look"]]]
        look, back, true, place = (np.stack(seen[n]) for n in ("look", "back", "true", "place"))
        along_sight = (np.swapaxes(rotation_to(place), 1, 2) @ true[..., None])[..., 0]
        for axis, name in enumerate(("right", "down")):
            terms = np.column_stack([look[:, axis], -back[:, axis]])
            found = np.linalg.lstsq(terms, along_sight[:, axis], rcond=None)[0]
            rows.append([landmarks, name, *found])
    return pd.DataFrame(rows, columns=["landmarks", "axis", "READ", "READ_BACK"])


def summary(measured: list[dict]) -> pd.DataFrame:
    """Return errors in degrees, a row for each landmark model and way of holding the head."""
    rows = []
    for (landmarks, head), group in pd.DataFrame(measured).groupby(["landmarks", "head"]):
        true, found = np.stack(group["true"]), np.stack(group["found"])
        error = np.degrees(np.arccos(np.clip((true * found).sum(axis=1), -1, 1)))
        off = np.degrees(direction_angles(found) - direction_angles(true))
        seen = np.isfinite(error)
        rows.append(
            {
                "landmarks": landmarks,
                "head": head,
                "pictures": len(error),
                "seen": int(seen.sum()),
                "median": np.median(error[seen]),
                "mean": error[seen].mean(),
                "90 %": np.quantile(error[seen], 0.9),
                "bias x": off[seen, 0].mean(),
                "bias y": off[seen, 1].mean(),
            }
        )
    return pd.DataFrame(rows)


def main() -> None:
    """Parse the command line and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model", type=Path)
    parser.add_argument("--models", nargs="+", default=[IBUG, OPEN], metavar="NAME|FILE")
    parser.add_argument("--n", type=int, default=120)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=SEED, help="of the people")
    parser.add_argument("--fit", action="store_true", help="print constants that suit them")
    options = parser.parse_args()
    models = [find_landmark_model(name) for name in options.models]
    parts = [range(start, min(start + PART, options.n)) for start in range(0, options.n, PART)]
    jobs = (
        delayed(measure)(str(options.face_model), options.n, part, models, options.seed)
        for part in parts
    )
    rows = [row for part in Parallel(n_jobs=options.jobs)(jobs) for row in part]
    if options.fit:
        print(fitted(rows).round(3).to_string(index=False))
        return
    print("degrees")
    print(summary(rows).round(2).to_string(index=False))


if __name__ == "__main__":
    main()
