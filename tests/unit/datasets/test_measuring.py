"""Neutral faces that are chosen out of several frames, and faces without one."""

from pathlib import Path

import numpy as np

from au_detect.datasets.frame_files import FrameFile
from au_detect.datasets.frame_measurement import MeasuredFace
from au_detect.datasets.measuring import nearest_to_median
from au_detect.features.furrows import N_FURROWS
from au_detect.landmarks import POINTS


def test_the_face_nearest_to_the_median_is_taken(face_px):
    """Most faces rest; some smile, and the head is elsewhere in every picture."""
    rng = np.random.default_rng(0)
    faces, corners = {}, [POINTS["right_lip_corner"], POINTS["left_lip_corner"]]
    for number, smile in enumerate([0, 0, 8, 0.5, 0, 12, 0.2]):
        points = face_px + rng.normal(0, 0.05, (68, 2)) + rng.uniform(-50, 50, 2)
        points[corners, 0] += np.array([-1, 1]) * smile
        furrows = np.full(N_FURROWS, number, np.float32)
        faces[FrameFile(Path("film.avi"), number)] = MeasuredFace(
            points.astype(np.float32), furrows
        )
    face, picture = nearest_to_median(faces)
    assert picture in ("film.avi#0", "film.avi#1", "film.avi#4", "film.avi#6")
    assert face.furrows[0] == int(picture.partition("#")[2])


def test_without_faces_there_is_none():
    assert nearest_to_median({}) is None
