"""A landmark model of our own: dlib's shape predictor, trained on renders with known landmarks.

Training sees `LandmarkExamples` and their mirror images. Besides `tracking`, only this module
imports dlib.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import dlib
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError
from au_detect.landmarks.crop import FIT_CROP
from au_detect.landmarks.fit import FIT_BOX, fit_crop
from au_detect.landmarks.points import REGIONS, mirror
from au_detect.simulation.landmarks.examples import LandmarkExamples
from au_detect.simulation.landmarks.predictor_file import pack_predictor

HELD_OUT_EVERY = 8


@dataclass(frozen=True)
class PredictorOptions:
    """How a shape predictor is built: gradient-boosted trees (Kazemi & Sullivan 2014).

    Parameters
    ----------
    cascades, trees, depth : int
        Trees of every cascade, and their depth. A file holds about
        ``cascades * trees * 2**depth * 136`` numbers of 4 bytes.
    pool : int
        Pixels that the trees of a cascade choose from.
    pool_padding : float
        How far outside the mean face those pixels lie, as a part of its size.
    pool_nearness : float
        Trees compare pixels about this far from each other, as a part of the face.
    learning_rate : float
        dlib's ``nu``, in (0, 1].
    splits : int
        Random splits of which every node takes the best.
    starts : int
        First guesses of every example: the mean face, and random faces.
    """

    cascades: int = 14
    trees: int = 170
    depth: int = 4
    pool: int = 450
    pool_padding: float = 0.05
    pool_nearness: float = 0.1
    learning_rate: float = 0.1
    splits: int = 20
    starts: int = 1


def train_landmark_model(
    examples: LandmarkExamples,
    out: str | os.PathLike[str],
    options: PredictorOptions | None = None,
    *,
    random_state: int = 0,
) -> dict[str, float]:
    """Train a landmark model, write its file, and measure it on people kept out of the training.

    Parameters
    ----------
    examples : LandmarkExamples
        Of two people at least; every eighth is kept out.
    out : path
        File to write; its folder is made if need be.
    options : PredictorOptions, optional
    random_state : int

    Returns
    -------
    dict
        Region -> mean distance of the landmarks found from the true ones, IOD.

    Raises
    ------
    InputError
        If there is one person only.
    """
    kept_out = np.isin(examples.subject, np.unique(examples.subject)[1::HELD_OUT_EVERY])
    if not kept_out.any():
        raise InputError("examples must show two people at least, got one")
    path = train_predictor(examples.take(~kept_out), out, options, random_state=random_state)
    return landmark_error_iod(path, examples.take(kept_out))


def train_predictor(
    examples: LandmarkExamples,
    out: str | os.PathLike[str],
    options: PredictorOptions | None = None,
    *,
    random_state: int = 0,
) -> Path:
    """Train a shape predictor on examples and their mirror images, and write its file.

    Parameters
    ----------
    examples : LandmarkExamples
    out : path
        File to write; its folder is made if need be.
    options : PredictorOptions, optional
    random_state : int

    Returns
    -------
    Path
        The file.
    """
    flipped = mirror(examples.points, FIT_CROP.side_px)
    images = [*examples.crops, *np.ascontiguousarray(examples.crops[:, :, ::-1])]
    shapes = [[_marked(points)] for points in (*examples.points, *flipped)]
    settings = _settings(options or PredictorOptions(), random_state)
    predictor = dlib.train_shape_predictor(images, shapes, settings)
    path = Path(out)
    path.parent.mkdir(parents=True, exist_ok=True)
    predictor.save(str(path))
    path.write_bytes(pack_predictor(path.read_bytes()))
    return path


def landmark_error_iod(
    path: str | os.PathLike[str], examples: LandmarkExamples
) -> dict[str, float]:
    """Return how far the landmarks that a model finds are from the true ones.

    Parameters
    ----------
    path : path
        A shape predictor's file. It is asked as the tracker asks it.
    examples : LandmarkExamples

    Returns
    -------
    dict
        Region -> mean distance in inter-ocular distances; ``"all"`` is the mean of all points.
    """
    predictor = dlib.shape_predictor(os.fspath(path))
    found = np.array([fit_crop(predictor, crop).points for crop in examples.crops])
    distance = np.linalg.norm(found - examples.points, axis=-1) / FIT_CROP.iod_px
    regions = {name: float(distance[:, points].mean()) for name, points in REGIONS.items()}
    return {"all": float(distance.mean()), **regions}


def _marked(points: NDArray[np.floating]) -> dlib.full_object_detection:
    marks = [dlib.point(int(x), int(y)) for x, y in np.rint(points)]
    return dlib.full_object_detection(FIT_BOX, marks)


def _settings(
    options: PredictorOptions, random_state: int
) -> dlib.shape_predictor_training_options:
    settings = dlib.shape_predictor_training_options()
    settings.cascade_depth = options.cascades
    settings.num_trees_per_cascade_level = options.trees
    settings.tree_depth = options.depth
    settings.feature_pool_size = options.pool
    settings.feature_pool_region_padding = options.pool_padding
    settings.lambda_param = options.pool_nearness
    settings.nu = options.learning_rate
    settings.num_test_splits = options.splits
    settings.oversampling_amount = options.starts
    settings.oversampling_translation_jitter = 0.0
    # With more threads dlib counts references to the pictures without Python's lock, and is no
    # faster.
    settings.num_threads = 1
    settings.random_seed = str(random_state)
    settings.be_verbose = False
    return settings
