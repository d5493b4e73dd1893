"""Photographs without landmarks, which a trained network labels where its looks agree.

Renders lack something of photographs. A large network that is trained on renders, the teacher,
looks at every photograph many times, each time moved, mirrored, lit and spoilt otherwise; the
median of what it finds labels the photograph if the looks agree. The small networks that are used
learn from both, to see in every circumstance what the teacher sees in most: as in Xie et al.,
"Self-training with Noisy Student improves ImageNet classification" (2020, section 2), but for the
students' size.
"""

from __future__ import annotations

import os
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.spoiling import spoilt
from au_detect.errors import InputError
from au_detect.frames.pictures import read_picture
from au_detect.landmarks.crop import FIT_CROP
from au_detect.landmarks.crop_fit import CropFit
from au_detect.landmarks.detection import detect, look_at
from au_detect.landmarks.fit import REST_IOD, fit_face
from au_detect.landmarks.network import network_input
from au_detect.landmarks.points import N_LANDMARKS, REGIONS, apply_affine
from au_detect.landmarks.search import search_areas_px
from au_detect.landmarks.tracking import FOUND_SCORE
from au_detect.simulation.landmarks.augmentation import FOLLOWED
from au_detect.simulation.landmarks.examples import EXAMPLE_CROP, LandmarkExamples
from au_detect.simulation.landmarks.parts import TEACHER
from au_detect.simulation.landmarks.points import mirror_all
from au_detect.simulation.materials.portraits import find_portraits

N_LOOKS = 24
MOST_APART_IOD = 0.025
"""Mean distance of the looks from their median beyond which a photograph is left out."""

_INSIDE = slice(REGIONS["jaw"].stop, N_LANDMARKS)
_MIDDLE_PX = (TEACHER.crop.side_px - 1) / 2


class _TeacherFitter:
    """A teacher that is trained, as a `LandmarkFitter`."""

    crop = TEACHER.crop

    def __init__(self, teacher: Any) -> None:
        self._teacher = teacher

    def fit(self, crop: NDArray[np.uint8], last: CropFit | None = None) -> CropFit:
        """Return the landmarks in a crop."""
        (found,) = _found(self._teacher, network_input(crop)[None])
        in_fit_crop = apply_affine(self.crop.matrix_to(FIT_CROP), found[:N_LANDMARKS])
        return CropFit(in_fit_crop, uncertainty_iod=0.0)


def cut_photographs(folder: str | os.PathLike[str], teacher: Any) -> NDArray[np.uint8]:
    """Return crops, as `EXAMPLE_CROP` cuts them, of the largest face of every photograph.

    Parameters
    ----------
    folder : path
        Of pictures. Those without a face that is found, and confirmed by a closer look, are left
        out.
    teacher : keras.Model
        See `label_photographs`; it lays the crops.

    Returns
    -------
    ndarray of uint8, shape (n, side_px, side_px)

    Raises
    ------
    InputError
        If there is no picture, or no face is found in any.
    """
    paths, fitter, crops = find_portraits(folder), _TeacherFitter(teacher), []
    for image in map(read_picture, paths):
        for box in detect(image, search_areas_px(image.size)):
            points = fit_face(fitter, image, FIT_CROP.matrix_of_box(box), REST_IOD).points
            if look_at(image, points).score > FOUND_SCORE:
                crops.append(EXAMPLE_CROP.cut(image, EXAMPLE_CROP.matrix(points)))
                break
    if not crops:
        raise InputError(f"portraits must show a face, got none in {len(paths)} in {folder}")
    return np.stack(crops)


def label_photographs(
    teacher: Any, crops: NDArray[np.uint8], random_state: int = 0
) -> LandmarkExamples:
    """Return the photographs on which the teacher's looks agree, with the median of what it found.

    Parameters
    ----------
    teacher : keras.Model
        Of `au_detect.simulation.landmarks.network.build_network` for `TEACHER`, trained.
    crops : ndarray of uint8, shape (n, side_px, side_px)
        As `EXAMPLE_CROP` cuts them.
    random_state : int

    Returns
    -------
    LandmarkExamples
        Its subjects count from -1 downwards: nobody that is rendered.

    Raises
    ------
    InputError
        If the looks agree on none.
    """
    labelled: list[tuple[NDArray[np.uint8], NDArray[np.float64], int]] = []
    for row, crop in enumerate(crops):
        rng = np.random.default_rng([random_state, row])
        looks = _looks(teacher, crop, rng)
        points = np.median(looks, axis=0)
        apart_px = np.linalg.norm(looks - points, axis=-1)[:, _INSIDE].mean()
        if apart_px < MOST_APART_IOD * EXAMPLE_CROP.iod_px:
            labelled.append((crop, points, -1 - row))
    if not labelled:
        raise InputError(f"looks must agree on a photograph, got {len(crops)} where they do not")
    chosen, found, subject = zip(*labelled, strict=True)
    return LandmarkExamples(
        np.stack(chosen), np.stack(found).astype(np.float32), np.array(subject, dtype=np.int64)
    )


def _looks(teacher: Any, crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float64]:
    """Return what the teacher finds in a crop, each time shown otherwise; (n, n_points, 2) px."""
    shown, ways = [], []
    for look in range(N_LOOKS):
        matrix = FOLLOWED.matrix_from(EXAMPLE_CROP, TEACHER.crop, rng)
        seen = spoilt(TEACHER.crop.cut(crop, matrix), rng, covers=False)
        is_mirrored = look % 2 == 1
        shown.append(network_input(np.ascontiguousarray(seen[:, ::-1]) if is_mirrored else seen))
        ways.append((cv2.invertAffineTransform(matrix), is_mirrored))
    found, side = _found(teacher, np.stack(shown)), TEACHER.crop.side_px
    return np.stack(
        [
            apply_affine(back, mirror_all(points, side) if is_mirrored else points)
            for points, (back, is_mirrored) in zip(found, ways, strict=True)
        ]
    )


def _found(teacher: Any, shown: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the points (n, n_points, 2) that the teacher finds in inputs (n, side, side), px."""
    found = teacher.predict_on_batch(shown[..., None])[..., :2] + _MIDDLE_PX
    return np.asarray(found, dtype=float)
