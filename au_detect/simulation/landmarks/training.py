"""A landmark model of our own: networks trained on renders, whose landmarks are known.

TensorFlow is imported where a network is made, not before.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.spoiling import spoilt
from au_detect.classifiers.mlp_session import seeded
from au_detect.errors import InputError
from au_detect.landmarks.crop import DETAIL_CROP, FIT_CROP
from au_detect.landmarks.network import network_input, read_network
from au_detect.landmarks.points import N_LANDMARKS, REGIONS, apply_affine
from au_detect.landmarks.windows import window_path
from au_detect.simulation.landmarks.augmentation import (
    FOLLOWED,
    FOUND,
    SETTLED,
    cut_again,
)
from au_detect.simulation.landmarks.examples import (
    EXAMPLE_CROP,
    LandmarkExamples,
    joined_examples,
    network_path,
)
from au_detect.simulation.landmarks.options import NetworkOptions
from au_detect.simulation.landmarks.parts import FACE, PARTS, TEACHER, Part
from au_detect.simulation.landmarks.photographs import cut_photographs, label_photographs
from au_detect.simulation.landmarks.points import mirror_all

JITTERS = ((0.3, SETTLED), (0.4, FOLLOWED), (0.3, FOUND))
"""How often training shows a crop that is off as much."""
WINDOW_JITTERS = ((0.5, SETTLED), (0.5, FOLLOWED))
"""The same for windows: the last look decides, at a crop that has settled or follows a face."""
LAID_OFF_IOD = 0.024
"""Standard deviation by which windows are laid off."""
N_COPIES = 8
"""How often an epoch shows every photograph, each time otherwise."""
TRAINED = "trained.weights.h5"
"""What a part of the training came to, kept until all of it is done."""


def train_landmark_model(
    examples: LandmarkExamples,
    out: str | os.PathLike[str],
    options: NetworkOptions | None = None,
    *,
    random_state: int = 0,
    work: str | os.PathLike[str] | None = None,
    photographs: str | os.PathLike[str] | None = None,
) -> dict[str, float]:
    """Train a landmark model, write its files, and measure it on people kept out of the training.

    Parameters
    ----------
    examples : LandmarkExamples
        Of two people at least; every eighth is kept out.
    out : path
        The ``.tflite`` file to write; its folder is made if need be. The networks of windows lie
        beside it: ``own.eyes.tflite`` and ``own.mouth.tflite`` for ``own.tflite``.
    options : NetworkOptions, optional
    random_state : int
    work : path, optional
        Folder that keeps the last epoch's state, from which a run that was cut off goes on, and
        ``progress.csv``, those of windows in folders of their own; by default ``out`` with the
        ending ``.training``.
    photographs : path, optional
        Folder of photographs of faces, without landmarks, which a teacher labels: see
        `au_detect.simulation.landmarks.photographs`.

    Returns
    -------
    dict
        Region -> mean distance of the landmarks found from the true ones, IOD.

    Raises
    ------
    InputError
        If there is one person only, ``out`` is no ``.tflite`` file, or no photograph can be
        labelled.
    """
    path = network_path(out)
    kept_out = examples.is_kept_out
    if not kept_out.any():
        raise InputError("examples must show two people at least, got one")
    from au_detect.simulation.landmarks.network import build_network, tf

    mine, chosen = examples.take(~kept_out), options or NetworkOptions()
    place = Path(work or path.with_suffix(".training"))

    def trained(part: Part, shown: LandmarkExamples) -> Any:
        with seeded(tf, random_state):
            network = build_network(part, chosen)
        folder = place if part is FACE else place / part.name
        _train(network, part, shown, chosen, random_state, folder)
        return network

    shown = mine
    if photographs is not None:
        teacher = trained(TEACHER, mine)
        labelled = label_photographs(teacher, cut_photographs(photographs, teacher), random_state)
        shown = joined_examples(mine, *[labelled] * N_COPIES)
    networks = {part: trained(part, shown) for part in PARTS}
    for part, network in networks.items():
        _write(network, path if part.window is None else window_path(path, part.window))
    for kept in place.rglob(TRAINED):
        kept.unlink()
    return landmark_error_iod(path, examples.take(kept_out))


def _write(network: Any, path: Path) -> None:
    from au_detect.simulation.landmarks.network import export_network

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(export_network(network))


def _train(
    network: Any,
    part: Part,
    examples: LandmarkExamples,
    options: NetworkOptions,
    random_state: int,
    work: Path,
) -> None:
    """Train a part's network on all examples, or take what a run that was cut off trained."""
    from au_detect.simulation.landmarks.network import Batches, train_network

    trained = work / TRAINED
    if trained.is_file():
        network.load_weights(trained)
        return

    def make(
        rows: NDArray[np.intp], rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        mirrored = np.tile(rng.random(len(rows) // 2) < 0.5, 2)
        drawn = [
            draw_example(part, examples.crops[row], examples.points[row], rng, mirrored=turn)
            for row, turn in zip(rows, mirrored, strict=True)
        ]
        inputs, points = (np.stack(column) for column in zip(*drawn, strict=True))
        upright = examples.points[rows] * np.float32(100 / EXAMPLE_CROP.iod_px)
        upright[mirrored] = mirror_all(upright[mirrored], 0)
        return inputs[..., None], np.concatenate([points, upright[:, part.points]], axis=-1)

    batches = Batches(couples(examples.subject), options.batch, make, random_state)
    train_network(network, part, batches, options, work)
    network.save_weights(trained)


def couples(subject: NDArray[np.integer]) -> NDArray[np.intp]:
    """Return the rows of everybody's examples two by two, (n, 2); one left over with the first."""
    rows = [np.flatnonzero(subject == person) for person in np.unique(subject)]
    return np.concatenate([np.resize(own, (-(-len(own) // 2), 2)) for own in rows])


def draw_example(
    part: Part,
    crop: NDArray[np.uint8],
    points: NDArray[np.floating],
    rng: np.random.Generator,
    *,
    mirrored: bool = False,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return what a network is given of an example, and its points about the middle of that, px.

    Parameters
    ----------
    part : Part
        What it looks at.
    crop : ndarray of uint8, shape (side_px, side_px)
        As `EXAMPLE_CROP` cuts it.
    points : ndarray, shape (n_points, 2)
        In it, px.
    rng : numpy.random.Generator
        Says how the crop is off, and what is done to it (`spoilt`).
    mirrored : bool
        Show the mirror image: of eyes, the left one.
    """
    jitters = WINDOW_JITTERS if part.window else JITTERS
    jitter = jitters[rng.choice(len(jitters), p=[share for share, _ in jitters])][1]
    places: NDArray[np.floating]
    seen, places = cut_again(crop, points, EXAMPLE_CROP, DETAIL_CROP, jitter, rng)
    if mirrored:
        seen = np.ascontiguousarray(seen[:, ::-1])
        places = mirror_all(places, DETAIL_CROP.side_px)
    seen = spoilt(seen, rng)
    if part.window is not None:
        off_px = rng.normal(0, LAID_OFF_IOD * part.crop.iod_px, 2)
        about = places[part.window.about_sides[0]].mean(axis=0) + off_px
        seen, middle = part.window.cut(seen, *about.tolist())
    else:
        smaller, middle = DETAIL_CROP.matrix_to(part.crop), ((part.crop.side_px - 1) / 2,) * 2
        seen, places = part.crop.cut(seen, smaller), apply_affine(smaller, places)
    return network_input(seen), np.asarray(places[part.points] - middle, np.float32)


def landmark_error_iod(
    path: str | os.PathLike[str], examples: LandmarkExamples
) -> dict[str, float]:
    """Return how far the landmarks that a network finds are from the true ones.

    Parameters
    ----------
    path : path
        A network's file. It is shown faces in their place in the crop.
    examples : LandmarkExamples

    Returns
    -------
    dict
        Region -> mean distance in inter-ocular distances; ``"all"`` is the mean of all landmarks.
    """
    fitter = read_network(Path(path))
    smaller = EXAMPLE_CROP.matrix_to(fitter.crop)
    found = np.array([fitter.fit(fitter.crop.cut(crop, smaller)).points for crop in examples.crops])
    true = apply_affine(EXAMPLE_CROP.matrix_to(FIT_CROP), examples.points[:, :N_LANDMARKS])
    distance = np.linalg.norm(found - true, axis=-1) / FIT_CROP.iod_px
    regions = {name: float(distance[:, points].mean()) for name, points in REGIONS.items()}
    return {"all": float(distance.mean()), **regions}
