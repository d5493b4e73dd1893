"""The shipped models, made again from a morphable face alone.

Every number that decides what they become is here or is a default of what is called here. The
same code, versions and machine give the same files.
"""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from au_detect.datasets.pose_range import pose_range_deg
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.features.looks import GAZE_FILE
from au_detect.landmarks.models import (
    IBUG,
    NETWORK_SUFFIX,
    OPEN,
    LandmarkModel,
    find_landmark_model,
)
from au_detect.landmarks.visibility import FILE_NAME
from au_detect.simulation.collections.landmark_error import fit_error_to_renders, with_shaken_copies
from au_detect.simulation.collections.landmark_sequences import simulate_landmarks
from au_detect.simulation.collections.rendered_sequences import joined_renders, render_for_each
from au_detect.simulation.face.displays import SELDOM
from au_detect.simulation.face.model import read_face_model
from au_detect.simulation.landmarks.examples import joined_people, render_examples
from au_detect.simulation.landmarks.training import train_landmark_model
from au_detect.simulation.landmarks.visibility import train_visibility_network
from au_detect.simulation.looks.training import train_gaze_network
from au_detect.simulation.materials.folders import Materials
from au_detect.simulation.parallel import Progress as Parts
from au_detect.training.data import TrainingData
from au_detect.training.engine import fit
from au_detect.training.recipe import TrainingRecipe
from au_detect.training.saving import save_fitted
from au_detect.training.watch import Progress, Watch

N_LANDMARK_PICTURES, LANDMARK_SEED = 28_000, 31
N_STRONG_PICTURES, STRONG_SEED = 18_000, 131
"""Further pictures that show what `STRONG` lists."""
N_GAZE_PICTURES = 10_000
"""Of the first ones, these."""
N_VISIBILITY_PICTURES, VISIBILITY_SEED = 5_000, 31
N_RENDERED, RENDER_SEED = 6_000, 101
N_SELDOM, SELDOM_SEED = 1_500, 102
"""Further sequences that show what `SELDOM` lists."""
N_LANDMARKS_ALONE, LANDMARKS_ALONE_SEED = 15_000, 1

TURNED_DEG = 15.0
"""Heads turned or bent further are a stratum of their own for thresholds."""
QUIET = ("rest", "gaze", "blink")
"""Displays that are one stratum; speech, laughter and the others are one each."""

RECIPE = TrainingRecipe(
    start="scratch",
    upper_layers=3,
    units=128,
    members=3,
    input_noise=0.2,
    max_epochs=14,
    minimum_intensity=1.5,
    max_fpr=0.04,
    stratum_max_fpr=0.08,
    strata=("activity", "turned"),
    least_likelihood_ratio=8.0,
    calibration_folds=1,
    judge_augmented=True,
)


def rebuild_models(
    face_model: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    materials: Materials | None = None,
    n_jobs: int = 1,
    parts_progress: Parts | None = None,
    progress: Progress | None = None,
) -> None:
    """Make "open", the networks of visibility and gaze, those for landmark models, error models.

    Networks for "ibug300w" are made where that is installed.

    Parameters
    ----------
    face_model : path
        See `read_face_model`.
    out : path
        Folder of models, laid out as the shipped one.
    materials : Materials, optional
        Photographed skins, light probes, portraits, see `read_materials`; none by default.
    n_jobs : int
        Processes that render.
    parts_progress, progress : callable, optional
        Called while rendering, and after every epoch.

    Raises
    ------
    InputError
        If the face model cannot be read.
    """
    folder = Path(out)
    render = partial(
        render_examples, face_model, materials=materials, n_jobs=n_jobs, progress=parts_progress
    )
    examples = render(N_LANDMARK_PICTURES, random_state=LANDMARK_SEED)
    strong = render(N_STRONG_PICTURES, random_state=STRONG_SEED, strong=True)
    path = folder / "landmarks" / f"{OPEN}{NETWORK_SUFFIX}"
    train_landmark_model(
        joined_people(examples, strong),
        path,
        random_state=LANDMARK_SEED,
        photographs=materials.portraits if materials else None,
    )
    first = examples.take(np.arange(len(examples)) < N_GAZE_PICTURES)
    train_gaze_network(first, folder / GAZE_FILE, random_state=LANDMARK_SEED)
    examples = render(N_VISIBILITY_PICTURES, random_state=VISIBILITY_SEED, coverings={})
    train_visibility_network(examples, folder / FILE_NAME, random_state=VISIBILITY_SEED)
    del examples, strong, first
    measure = partial(
        render_for_each, face_model, materials=materials, other_cameras=True, n_jobs=n_jobs,
        progress=parts_progress,
    )  # fmt: skip
    finders = [LandmarkModel(OPEN, path), *_usual()]
    usual = measure(N_RENDERED, finders, random_state=RENDER_SEED)
    seldom = measure(N_SELDOM, finders, random_state=SELDOM_SEED, kinds=SELDOM)
    for parts in zip(usual, seldom, strict=True):
        train_on_renders(face_model, joined_renders(parts), folder, RECIPE, progress=progress)


def _usual() -> list[LandmarkModel]:
    """Return the landmark model "ibug300w" where it is installed."""
    try:
        return [find_landmark_model(IBUG)]
    except InputError:
        return []


def train_on_renders(
    face_model: str | os.PathLike[str],
    renders: LabelledSequences,
    folder: Path,
    recipe: TrainingRecipe,
    *,
    progress: Progress | None = None,
) -> None:
    """Fit the error model to rendered sequences and train the networks with both."""
    name = renders.landmark_model
    error = fit_error_to_renders(renders)
    (folder / "landmark_error").mkdir(parents=True, exist_ok=True)
    error.save(folder / "landmark_error" / f"{name}.npz")
    alone = simulate_landmarks(
        read_face_model(face_model),
        N_LANDMARKS_ALONE,
        random_state=LANDMARKS_ALONE_SEED,
        error=error,
    )
    turned = (np.abs(np.rad2deg(renders.attributes["angles"][:, :2])) > TURNED_DEG).any(axis=1)
    display = renders.attributes["display"]
    activity = np.where(np.isin(display, QUIET), "rest", display)
    strata = {"activity": activity, "turned": turned}
    own = replace(renders, attributes=renders.attributes | strata)
    data = TrainingData(with_shaken_copies(own, error, recipe.random_state), (alone,))
    fitted = fit(data, recipe, neutral=(True, False), watch=Watch(progress))
    save_fitted(fitted, folder / name, pose_range_deg=pose_range_deg((data.own, alone)))
