"""Measure landmark models beside each other: on renders of people that training never saw, on time.

Real faces are measured by ``landmarks_real.py``.

    python benchmarks/landmarks.py FACE_MODEL [--models ibug300w open] [--n 240] [--jobs 2]

FACE_MODEL is what ``au-detect simulate --face-model`` takes. On renders the true
landmarks are known. The 300-W model puts some points, the jaw and the brows' ends above all,
elsewhere by definition: compare its slopes and jitter, and read its distances with that in mind.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from au_detect.features import geometry
from au_detect.landmarks.crop import FIT_CROP, compose
from au_detect.landmarks.fit import fit_face, load_fitter
from au_detect.landmarks.models import LandmarkModel, find_landmark_model
from au_detect.landmarks.points import REGIONS, interocular_distance_px
from au_detect.landmarks.pose import estimate_pose
from au_detect.landmarks.tracking import FaceTracker
from au_detect.simulation.collections.landmark_sequences import People, draw_people
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.displays import Display
from au_detect.simulation.face.model import FaceModel, read_face_model
from au_detect.simulation.landmarks.examples import draw_turned_people

SEED = 71077
PART = 12
REPEATS = 8
MOVE = 0.04
N_TIMED = 40

Motion = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def both(measure: Callable[..., NDArray[np.float64]]) -> Motion:
    """Return the mean of a measure of the two sides."""
    return lambda shapes: (measure(shapes, "right") + measure(shapes, "left")) / 2


MOTIONS: tuple[tuple[int, str, Motion], ...] = (
    (1, "inner brow", both(geometry.inner_brow_motion)),
    (2, "outer brow", both(geometry.outer_brow_motion)),
    (4, "brow distance", geometry.brow_distance),
    (4, "inner brow", both(geometry.inner_brow_motion)),
    (5, "eye height", both(geometry.eye_height)),
    (43, "eye height", both(geometry.eye_height)),
    (7, "eye height", both(geometry.eye_height)),
    (10, "upper lip to nose", geometry.upper_lip_to_nose),
    (12, "lip corner", both(geometry.lip_corner_motion)),
    (15, "corner over lips", both(geometry.lip_corner_over_lips)),
    (17, "lower lip to nose", geometry.lower_lip_to_nose),
    (18, "lip width", geometry.lip_width),
    (20, "lip width", geometry.lip_width),
    (25, "lip opening", geometry.lip_opening),
    (26, "chin to nose", geometry.chin_to_nose),
)


def people_of(model: FaceModel, kind: str, n: int) -> People:
    """Draw people who turn their heads and do anything, or hold them still and do one thing."""
    if kind == "turned":
        return draw_turned_people(model, n, SEED)
    aus = sorted({au for au, _, _ in MOTIONS})
    displays = [Display(f"AU{aus[i % len(aus)]}", (aus[i % len(aus)],), {}, 1.0) for i in range(n)]
    rng = np.random.default_rng(SEED)
    people = draw_people(model, n, rng, displays=displays, per_person=1, wide_turns=0.0)
    return replace(people, apex_angles=people.neutral_angles)


def measure(
    face_model: str, kind: str, n: int, rows: range, models: list[LandmarkModel]
) -> list[dict]:
    """Render some of the people and find their landmarks with every model."""
    cv2.setNumThreads(1)
    model = read_face_model(face_model)
    people = people_of(model, kind, n)
    renderer = SequenceRenderer(model, people, SEED)
    trackers = [FaceTracker(landmark_model) for landmark_model in models]
    measured = []
    for row in rows:
        pair = renderer.render_pair(row)
        angles = (people.neutral_angles[row], people.apex_angles[row])
        person = renderer.person(row)
        for apex, picture in enumerate(pair):
            measured.append(
                {
                    "row": row,
                    "apex": bool(apex),
                    "display": people.display[row],
                    "true": picture.landmarks,
                    "seen": [found(tracker, picture.image) for tracker in trackers],
                    "jitter": [
                        jitter_iod(tracker, picture.image, picture.landmarks, row)
                        for tracker in trackers
                    ],
                    "yaw": yaw_group(angles[apex][1]),
                    "skin": person.skin_tone,
                    "age": "over 50" if person.age_years > 50 else "up to 50",
                    "glasses": person.glasses,
                    "beard": person.beard,
                }
            )
    return measured


def found(tracker: FaceTracker, image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return the landmarks of the face, NaN where none is found."""
    tracker.reset()
    faces = tracker.track(image)
    return faces[0].points if faces else np.full((68, 2), np.nan, np.float32)


def yaw_group(angle: float) -> str:
    """Return the range of degrees that a turn lies in."""
    degrees = abs(np.degrees(angle))
    return next(f"up to {end}" for end in (10, 20, 30, 45) if degrees <= end + 1e-6)


def jitter_iod(
    tracker: FaceTracker, image: NDArray[np.uint8], truth: NDArray[np.float32], seed: int
) -> tuple[float, float]:
    """Return how much points move when the box does, in one fit and after the crop has settled.

    The box is moved and scaled evenly by up to 4 % of its width; the value is the root mean
    square distance from the points' mean.
    """
    fitter = load_fitter(tracker.landmark_model)
    rng = np.random.default_rng(seed)
    once, settled = [], []
    middle = (FIT_CROP.side_px - 1) / 2
    for _ in range(REPEATS):
        scale, *shift = rng.uniform(-MOVE, MOVE, 3)
        grown = (1 + scale) * np.eye(2)
        move = middle - grown @ [middle, middle] + np.array(shift) * FIT_CROP.box_px
        matrix = compose(np.column_stack([grown, move]), FIT_CROP.matrix(truth.astype(float)))
        once.append(fit_face(fitter, image, matrix, np.inf).points)
        settled.append(fit_face(fitter, image, FIT_CROP.matrix(once[-1]), np.inf).points)
    iod = interocular_distance_px(truth)
    return tuple(
        float(np.sqrt(((np.array(p) - np.mean(p, axis=0)) ** 2).sum(-1).mean()) / iod)
        for p in (once, settled)
    )


def run(face_model: str, kind: str, n: int, models: list[LandmarkModel], jobs: int) -> list[dict]:
    """Measure all the people of a kind."""
    parts = [range(start, min(start + PART, n)) for start in range(0, n, PART)]
    calls = (delayed(measure)(face_model, kind, n, part, models) for part in parts)
    return [row for part in Parallel(n_jobs=jobs)(calls) for row in part]


def report_errors(rows: list[dict], names: list[str]) -> None:
    """Print distances from the true landmarks by region and by group, and the jitter."""
    true = np.array([row["true"] for row in rows], dtype=float)
    iod = interocular_distance_px(true)
    distance = {
        name: np.linalg.norm(np.array([row["seen"][i] for row in rows]) - true, axis=-1)
        / iod[:, None] * 100
        for i, name in enumerate(names)
    }  # fmt: skip
    all_found = np.all([np.isfinite(d).all(axis=1) for d in distance.values()], axis=0)
    print(f"\n=== distance from the true landmarks, % of IOD ({len(rows)} pictures) ===")
    for name, values in distance.items():
        print(f"{name}: no face in {int((~np.isfinite(values).all(axis=1)).sum())}")
    table = {
        f"{name} {kind}": {
            region: reduce(values[all_found][:, points])
            for region, points in {"all": slice(None), **REGIONS}.items()
        }
        for name, values in distance.items()
        for kind, reduce in (("mean", np.mean), ("p95", lambda d: np.quantile(d, 0.95)))
    }
    print(pd.DataFrame(table).round(1).to_string())
    inner = [*range(17, 68)]
    groups = {}
    for attribute in ("yaw", "skin", "age", "glasses", "beard"):
        values = np.array([row[attribute] for row in rows])
        for value in np.unique(values):
            chosen = all_found & (values == value)
            groups[f"{attribute}: {value}"] = {
                "n": int(chosen.sum()),
                **{name: d[chosen][:, inner].mean() for name, d in distance.items()},
            }
    print("\nwithout the jaw, mean by group")
    print(pd.DataFrame(groups).T.round(1).to_string())
    jitter = np.array([row["jitter"] for row in rows])[all_found] * 100
    print("\nwhen the box is moved and scaled by up to 4 %, points move by (RMS, % of IOD; median)")
    for i, name in enumerate(names):
        once, settled = np.median(jitter[:, i], axis=0)
        print(f"{name}: {once:.2f} in one fit, {settled:.2f} when the crop is laid anew")


def report_slopes(rows: list[dict], names: list[str]) -> None:
    """Print how much of a true motion every model sees."""
    pairs = list(zip(rows[::2], rows[1::2], strict=True))
    pairs = [p for p in pairs if all(np.isfinite(s).all() for row in p for s in row["seen"])]
    neutral, apex = ([pair[k] for pair in pairs] for k in (0, 1))
    shapes = {"true": [frontal([row["true"] for row in side]) for side in (neutral, apex)]}
    for i, name in enumerate(names):
        shapes[name] = [frontal([row["seen"][i] for row in side]) for side in (neutral, apex)]
    display = np.array([row["display"] for row in apex])
    table = []
    for au, what, motion in MOTIONS:
        shown = display == f"AU{au}"
        if not shown.any():
            continue
        change = {name: (motion(b) - motion(a))[shown] for name, (a, b) in shapes.items()}
        true = change["true"]
        line = {"AU": au, "of": what, "n": len(true), "true": true.mean()}
        for name in names:
            line[f"{name} slope"] = (true * change[name]).sum() / (true**2).sum()
            line[f"{name} rest"] = (change[name] - line[f"{name} slope"] * true).std()
        table.append(line)
    print("\n=== seen against true motion of single AUs (slope; rest: SD about it, IOD) ===")
    print(pd.DataFrame(table).round(3).to_string(index=False))


def frontal(points: list[NDArray[np.float32]]) -> NDArray[np.float64]:
    return estimate_pose(np.array(points)).frontal


def report_costs(models: list[LandmarkModel]) -> None:
    """Print size, load time and the time of a fit in a picture of 640 x 360."""
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 256, (360, 640), dtype=np.uint8), (9, 9), 0)
    matrix = FIT_CROP.matrix_of_box([240, 100, 400, 260])
    print("\n=== size and time ===")
    for model in models:
        model.sha256()  # so that the disk is not timed
        start = time.perf_counter()
        fitter = load_fitter.__wrapped__(model)
        load_s = time.perf_counter() - start
        fits = []
        for _ in range(N_TIMED):
            start = time.perf_counter()
            fit_face(fitter, image, matrix, np.inf)
            fits.append(time.perf_counter() - start)
        size = sum(path.stat().st_size for path in model.files) / 1e6
        print(
            f"{model.name}: {size:.1f} MB, loaded in {load_s:.3f} s, "
            f"{np.median(fits) * 1e3:.2f} ms a fit (fastest {min(fits) * 1e3:.2f})"
        )


def main() -> None:
    """Parse the command line and print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model", type=Path)
    parser.add_argument("--models", nargs="+", default=["ibug300w", "open"])
    parser.add_argument("--n", type=int, default=240, help="pairs of pictures of each kind")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    models = [find_landmark_model(name) for name in options.models]
    names = [model.name for model in models]
    report_costs(models)
    face_model = str(options.face_model)
    report_errors(run(face_model, "turned", options.n, models, options.jobs), names)
    report_slopes(run(face_model, "still", options.n, models, options.jobs), names)


if __name__ == "__main__":
    main()
