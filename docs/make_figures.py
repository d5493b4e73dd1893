"""Draw the figures of the README from renders of the morphable face.

python docs/make_figures.py FACE_MODEL
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from au_detect.features.furrows import FURROW_CROP, furrow_windows
from au_detect.landmarks.crop import FaceCrop
from au_detect.landmarks.points import apply_affine
from au_detect.landmarks.tracking import FaceTracker
from au_detect.simulation.collections.landmark_sequences import draw_people
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.displays import PROTOTYPES
from au_detect.simulation.face.model import read_face_model

SEED = 12
SHOWN = ("happiness", "surprise", "anger", "disgust")
GREEN, YELLOW = (80, 220, 80), (0, 200, 255)


def draw_people_row(face_model: Path) -> np.ndarray:
    """Return pairs of neutral and apex faces, with what the tracker finds on the second row."""
    model = read_face_model(face_model)
    displays = [PROTOTYPES[name] for name in SHOWN]
    rng = np.random.default_rng(SEED)
    people = draw_people(model, len(displays), rng, displays=displays, per_person=1, wide_turns=0)
    renderer = SequenceRenderer(model, people, SEED, size_px=256)
    plain, marked = [], []
    for row in range(len(displays)):
        for picture in renderer.render_pair(row):
            plain.append(cv2.cvtColor(picture.image, cv2.COLOR_GRAY2BGR))
            marked.append(mark(picture.image))
    return np.vstack([np.hstack(plain), np.hstack(marked)])


def mark(image: np.ndarray) -> np.ndarray:
    """Draw landmarks and furrow windows."""
    shown = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    for face in FaceTracker().track(image):
        crop: FaceCrop = FURROW_CROP
        matrix = crop.matrix(face.points)
        back = cv2.invertAffineTransform(matrix)
        for left, top, right, bottom in furrow_windows(apply_affine(matrix, face.points)):
            corners = apply_affine(
                back, [(left, top), (right, top), (right, bottom), (left, bottom)]
            )
            cv2.polylines(shown, [np.rint(corners).astype(np.int32)], True, YELLOW, 1, cv2.LINE_AA)
        for x, y in face.points:
            cv2.circle(shown, (round(float(x)), round(float(y))), 1, GREEN, -1, cv2.LINE_AA)
    return shown


def main() -> None:
    """Parse the command line and write the figures beside this script."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("face_model", type=Path)
    figure = draw_people_row(parser.parse_args().face_model)
    file = Path(__file__).with_name("simulated_faces.jpg")
    cv2.imwrite(str(file), figure, [cv2.IMWRITE_JPEG_QUALITY, 85])


if __name__ == "__main__":
    main()
