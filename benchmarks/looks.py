"""Look at simulated people beside real ones, and count in how many dlib's detector finds a face.

    python benchmarks/looks.py FACE_MODEL --out looks.png [--materials DIR --makehuman DIR]
        [--real DIR] [--n 40] [--points]

The sheet shows the acting picture of each of `n` people, cut around the face, and then ten
pictures of the folder of real ones. The line below it says how many near-frontal renders were
found, how far the detector's landmarks lie from the true ones, and what a picture costs.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from au_detect.landmarks.points import REGIONS, interocular_distance_px
from au_detect.landmarks.tracking import FaceTracker
from au_detect.simulation.collections.landmark_sequences import draw_people
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.model import read_face_model
from au_detect.simulation.materials.folders import read_materials
from au_detect.simulation.rendering.coverings import COVERED_FACES

SEED = 5
TILE_PX, N_COLUMNS, N_REAL = 240, 10, 10
FRONTAL_DEG = 15.0
GREEN = (80, 220, 80)


def around_face(image: np.ndarray, points: np.ndarray, marked: bool) -> np.ndarray:
    """Return a square cut around landmarks, in colour, with the landmarks drawn if `marked`."""
    middle, side = points.mean(axis=0), 2.2 * float(np.ptp(points[:, 1]))
    scale = TILE_PX / side
    matrix = np.array([[scale, 0, 0.5 * TILE_PX], [0, scale, 0.54 * TILE_PX]])
    matrix[:, 2] -= scale * middle
    colored = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    tile = cv2.warpAffine(
        colored, matrix, (TILE_PX, TILE_PX), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    for x, y in (scale * points + matrix[:, 2]) if marked else ():
        cv2.circle(tile, (round(4 * x), round(4 * y)), 5, GREEN, -1, cv2.LINE_AA, shift=2)
    return tile


def real_tiles(folder: Path) -> list[np.ndarray]:
    """Return pictures spread over a folder, cut as renders are."""
    files = sorted(folder.glob("*_neutral.*"))
    tracker, tiles = FaceTracker(), []
    for path in files[:: max(len(files) // N_REAL, 1)][:N_REAL]:
        image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        tracker.reset()
        found = tracker.track(image)
        if found:
            tiles.append(around_face(image, found[0].points, marked=False))
    return tiles


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--materials", type=Path)
    parser.add_argument("--makehuman", type=Path)
    parser.add_argument("--real", type=Path)
    parser.add_argument("--n", type=int, default=40)
    parser.add_argument("--points", action="store_true", help="draw the true landmarks")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    model = read_face_model(options.face_model)
    people = draw_people(model, options.n, np.random.default_rng(SEED), per_person=1)
    materials = read_materials(options.materials, options.makehuman) if options.materials else None
    renderer = SequenceRenderer(
        model, people, SEED, materials=materials, coverings=COVERED_FACES if materials else {}
    )
    tracker, tiles, found, off, seconds = FaceTracker(), [], [], [], []
    for row in range(options.n):
        renderer.person(row)
        start = time.process_time()
        picture = renderer.render_pair(row)[1]
        seconds.append((time.process_time() - start) / 2)
        tiles.append(around_face(picture.image, picture.landmarks, options.points))
        if np.abs(np.degrees(people.apex_angles[row])).max() < FRONTAL_DEG:
            tracker.reset()
            faces = tracker.track(picture.image)
            found.append(bool(faces))
            if faces:
                distance = np.linalg.norm(faces[0].points - picture.landmarks, axis=1)
                off.append(distance / interocular_distance_px(picture.landmarks))
    if options.real:
        tiles += real_tiles(options.real)
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % N_COLUMNS)
    rows = [np.hstack(tiles[k : k + N_COLUMNS]) for k in range(0, len(tiles), N_COLUMNS)]
    cv2.imwrite(str(options.out), np.vstack(rows))
    by_region = {
        name: f"{np.median(np.array(off)[:, region].mean(axis=1)):.3f}"
        for name, region in REGIONS.items()
    }
    print(f"found {sum(found)} of {len(found)} near-frontal renders; IOD off: {by_region}")
    print(f"{1000 * np.median(seconds):.0f} ms a picture (CPU time)")


if __name__ == "__main__":
    main()
