"""Train a network that tells emotions from pictures, and judge it on pictures kept out."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.emotion_judging import judge_emotions
from au_detect.appearance.emotion_network import (
    KERAS,
    LITERT,
    EmotionManifest,
    EmotionNetwork,
    begin_from,
    save_emotion_network,
)
from au_detect.appearance.keras_session import load_keras, load_tensorflow, shuffled_batches
from au_detect.appearance.networks import NETWORKS, Restraint, build_emotion_network, check_start
from au_detect.appearance.pictures import LabelledPictures
from au_detect.appearance.preparation import (
    as_input,
    equalised,
    pixel_statistics,
    shifted_and_flipped,
)
from au_detect.appearance.spoiling import spoilt
from au_detect.appearance.work_folder import PROGRESS, claim_work_folder, read_progress
from au_detect.classifiers.manifest import sha256_of
from au_detect.classifiers.mlp import convert_network
from au_detect.classifiers.mlp_session import compile_network, seeded
from au_detect.errors import check_option, check_positive
from au_detect.results.files import write_atomically

PATIENCE = 25
"""Epochs without a gain after which the learning rate is halved."""
SPOILT_SHARE = 0.75
"""Of the pictures, where some are spoilt; the others are seen as they are."""
BEST, LAST, JUDGED = "best.keras", "last_epoch", "judged.json"


@dataclass(frozen=True)
class EmotionTraining:
    """How an emotion network is trained.

    Parameters
    ----------
    network : str
        One of `au_detect.appearance.networks.NETWORKS`.
    augment : bool
        Learn from copies that are mirrored and moved by up to a tenth, other ones every epoch.
    spoil : bool
        Learn from copies that other cameras could have taken in other light, see `spoilt`.
    equalise : bool
        Equalise histograms.
    epochs, batch_size : int
    learning_rate : float
        Of Adam; halved after `PATIENCE` epochs without a better accuracy.
    falling_rate : bool
        Let the rate fall to nothing over `epochs` instead, along half a cosine.
    dropout, l2 : float
        See `au_detect.appearance.networks.Restraint`.
    minutes : float, optional
        After so long the training ends with the epoch in progress.
    start : str, optional
        Folder of an emotion network whose convolutions this one begins from.
    kept_blocks : int
        How many of its blocks stay as they are.
    random_state : int
        Of weights, copies, and parts where they are drawn.

    Raises
    ------
    InputError
        If a word is another, or a number is out of range.
    """

    network: str = "medium"
    augment: bool = False
    spoil: bool = False
    equalise: bool = False
    epochs: int = 100
    batch_size: int = 64
    learning_rate: float = 0.01
    falling_rate: bool = False
    dropout: float = 0.5
    l2: float = 1e-4
    minutes: float | None = None
    start: str | None = None
    kept_blocks: int = 0
    random_state: int = 0

    def __post_init__(self) -> None:
        check_option("network", self.network, NETWORKS)
        for name in ("epochs", "batch_size", "learning_rate"):
            check_positive(name, getattr(self, name))
        Restraint(self.dropout, self.l2)
        check_start(self.start, self.kept_blocks)
        if self.minutes is not None:
            check_positive("minutes", self.minutes)

    def lasting(self) -> dict[str, Any]:
        """Return what must stay as it is when a training that was cut off goes on."""
        return {k: v for k, v in asdict(self).items() if k not in ("epochs", "minutes")}


def train_emotion_network(
    pictures: LabelledPictures,
    out: str | PathLike[str],
    options: EmotionTraining,
    *,
    source: dict[str, Any] | None = None,
    work: str | PathLike[str] | None = None,
) -> dict[str, Any]:
    """Train a network, write its folder, and judge it on the pictures of the part "test".

    The weights of the epoch that is best on the part "validation" are kept.

    Parameters
    ----------
    pictures : LabelledPictures
    out : path
        Folder of the network.
    options : EmotionTraining
    source : dict, optional
        Where the pictures come from, for the manifest; JSON-able.
    work : path, optional
        Folder with the state of the last epoch, from which a run that was cut off goes on, and
        ``progress.csv`` with every epoch; by default `out` with the ending ``.training``. Only
        `epochs` and `minutes` may then be other ones.

    Returns
    -------
    dict
        Of `judge_emotions`; written to ``judged.json`` too.

    Raises
    ------
    InputError
        If a part has no picture, the network to start from has other convolutions, or `work` is of
        another training.
    """
    parts = pictures.divided(options.random_state)
    folder = Path(work) if work is not None else Path(f"{out}.training")
    claim_work_folder(folder, options.lasting(), pictures)
    tf = load_tensorflow()
    with seeded(tf, options.random_state):
        network = _start(parts["training"], options)
        _learn(network, parts["training"], parts["validation"], options, folder)
    best = tf.keras.models.load_model(folder / BEST)
    contents = {KERAS: (folder / BEST).read_bytes(), LITERT: convert_network(best)}
    manifest = EmotionManifest(
        options.network,
        pictures.emotions,
        options.equalise,
        {name: sha256_of(content) for name, content in contents.items()},
        asdict(options) | {
            "source": source or {},
            "n_parameters": int(best.count_params()),
            "n_pictures": {name: len(part) for name, part in parts.items()},
            "epochs_done": len(read_progress(folder)),
        },
    )  # fmt: skip
    save_emotion_network(out, manifest, contents)
    test = parts["test"]
    found = EmotionNetwork(manifest, contents[LITERT]).predict_proba(test.images)
    judged = judge_emotions(found, test.labels, pictures.emotions)
    write_atomically(Path(out) / JUDGED, (json.dumps(judged, indent=1) + "\n").encode())
    write_atomically(Path(out) / PROGRESS, (folder / PROGRESS).read_bytes())
    return judged


def _seen(images: NDArray[np.uint8], options: EmotionTraining) -> NDArray[np.uint8]:
    """Return pictures as the network is shown them."""
    return equalised(images) if options.equalise else images


def _start(training: LabelledPictures, options: EmotionTraining) -> Any:
    """Return the network before its first epoch."""
    keras = load_keras()
    network = build_emotion_network(
        keras,
        options.network,
        len(training.emotions),
        pixel_statistics(_seen(training.images, options)),
        Restraint(options.dropout, options.l2),
    )
    if options.start is not None:
        begin_from(keras, network, options.start, options.kept_blocks)
    compile_network(
        network,
        keras.optimizers.Adam(options.learning_rate),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return network


def _learn(
    network: Any,
    training: LabelledPictures,
    validation: LabelledPictures,
    options: EmotionTraining,
    folder: Path,
) -> None:
    keras = load_keras()
    done = read_progress(folder)
    best = max((row["val_accuracy"] for row in done), default=None)
    network.fit(
        _batches(training, options, len(done)),
        validation_data=(as_input(_seen(validation.images, options)), validation.labels),
        validation_batch_size=256,
        epochs=options.epochs,
        verbose=0,
        callbacks=[
            _rate(keras, options),
            keras.callbacks.ModelCheckpoint(
                str(folder / BEST), "val_accuracy", mode="max", save_best_only=True,
                initial_value_threshold=best,
            ),
            _stop_watch(keras, options.minutes),
            keras.callbacks.CSVLogger(str(folder / PROGRESS), append=True),
            keras.callbacks.BackupAndRestore(str(folder / LAST), delete_checkpoint=False),
        ],
    )  # fmt: skip


def _rate(keras: Any, options: EmotionTraining) -> Any:
    """Return what changes the learning rate."""
    if not options.falling_rate:
        return keras.callbacks.ReduceLROnPlateau(
            "val_accuracy", factor=0.5, patience=PATIENCE, mode="max"
        )
    start, n = options.learning_rate, options.epochs
    return keras.callbacks.LearningRateScheduler(
        lambda epoch, _: start * (1 + math.cos(math.pi * epoch / n)) / 2
    )


def _stop_watch(keras: Any, minutes: float | None) -> Any:
    """Return what writes how long epochs take, and ends the training in time."""

    class StopWatch(keras.callbacks.Callback):
        began = began_epoch = 0.0

        def on_train_begin(self, logs: Any = None) -> None:
            self.began = time.monotonic()

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.began_epoch = time.monotonic()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            now = time.monotonic()
            logs["seconds"] = now - self.began_epoch
            if minutes is not None and now - self.began > 60 * minutes:
                self.model.stop_training = True

    return StopWatch()


def _batches(pictures: LabelledPictures, options: EmotionTraining, done: int) -> Any:
    """Return batches in random order, other ones every epoch; `done` epochs are over already."""

    def make(rows: NDArray[np.intp], rng: np.random.Generator) -> Any:
        rows = np.sort(rows)
        images = pictures.images[rows]
        if options.augment:
            images = shifted_and_flipped(images, rng)
        if options.spoil:
            images = np.stack(
                [spoilt(image, rng) if rng.random() < SPOILT_SHARE else image for image in images]
            )
        return as_input(_seen(images, options)), pictures.labels[rows]

    size = min(options.batch_size, len(pictures))
    return shuffled_batches(len(pictures), size, make, options.random_state, done)
