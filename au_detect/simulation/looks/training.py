"""The gaze network, trained on renders whose gaze is known.

TensorFlow is imported where a network is made, not before.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.mlp import convert_network
from au_detect.classifiers.mlp_session import seeded
from au_detect.errors import InputError
from au_detect.features.gaze import LEAST_HEIGHT_IOD
from au_detect.features.geometry import SIDES
from au_detect.features.looks import LooksNetwork, network_input
from au_detect.landmarks.points import POINTS
from au_detect.simulation.landmarks.examples import (
    EXAMPLE_CROP,
    LandmarkExamples,
    network_path,
)
from au_detect.simulation.looks.windows import draw_windows

EPOCHS = 40
USUAL_LOOK = (0.3, 0.15)
MOST_OFTEN = 8.0
"""Examples are shown more often the further they look, in these units, up to so many times."""
_ENDS = ("inner", "outer")


def train_gaze_network(
    examples: LandmarkExamples,
    out: str | os.PathLike[str],
    *,
    epochs: int = EPOCHS,
    random_state: int = 0,
) -> float:
    """Train a gaze network, write its file, and measure it on people kept out of the training.

    Parameters
    ----------
    examples : LandmarkExamples
        Of two people at least, every eighth of whom is kept out. Those without looks, and those
        that blink, are left out.
    out : path
        The ``.tflite`` file to write; its folder is made if need be.
    epochs : int
        How often the network sees every picture, spoilt anew.
    random_state : int

    Returns
    -------
    float
        The median distance of what is found from the truth on windows of one eye, rad.

    Raises
    ------
    InputError
        If looks of two people at least are not known, or `out` is no ``.tflite`` file.
    """
    path = network_path(out)
    known = examples.take(np.flatnonzero(np.isfinite(examples.looks[:, 0]) & ~_blinks(examples)))
    people = np.unique(known.subject)
    if len(people) < 2:
        raise InputError(f"examples must have looks of two people at least, got {len(people)}")
    from au_detect.simulation.looks.network import Batches, build_network, tf, train_network

    kept_out = known.is_kept_out
    shown = known.take(~kept_out)

    def make(
        rows: NDArray[np.intp], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        windows, looks = draw_windows(shown, rows, rng)
        return network_input(windows), looks

    path.parent.mkdir(parents=True, exist_ok=True)
    with seeded(tf, random_state):
        trained = build_network()
    log = str(path.with_suffix(".progress.csv"))
    train_network(trained, Batches(_weights(shown), make, random_state), epochs, log)
    path.write_bytes(convert_network(trained))
    return median_error_rad(path, known.take(kept_out))


def _blinks(examples: LandmarkExamples) -> NDArray[np.bool_]:
    """Return which examples have their lids nearer to each other than eyes that look."""
    upper, lower = ([POINTS[f"{side}_{lid}_lid_{end}"] for side in SIDES for end in _ENDS]
                    for lid in ("upper", "lower"))  # fmt: skip
    heights = np.linalg.norm(examples.points[:, upper] - examples.points[:, lower], axis=2)
    return heights.mean(axis=1) < LEAST_HEIGHT_IOD * EXAMPLE_CROP.iod_px


def _weights(examples: LandmarkExamples) -> NDArray[np.float64]:
    """Return how often each is shown: those that look far away, which are few, more often."""
    far = (np.asarray(examples.looks, dtype=float) / USUAL_LOOK) ** 2
    return np.minimum(1.0 + far.sum(axis=1), MOST_OFTEN)


def median_error_rad(path: Path, examples: LandmarkExamples) -> float:
    """Return how far a network's looks are from the truth, in the median over eyes."""
    rng = np.random.default_rng(0)
    windows, looks = draw_windows(examples, np.arange(len(examples)), rng, spoil=False)
    trained = LooksNetwork(path.read_bytes())
    pairs = windows.reshape(-1, 2, *windows.shape[1:])
    found = np.concatenate([trained.read(pair) for pair in pairs])
    return float(np.median(np.linalg.norm(found[:, :2] - looks, axis=1)))
