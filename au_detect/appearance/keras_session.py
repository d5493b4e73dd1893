"""Keras for this room: imported when the first network is made, with convolutions that are fast."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.mlp import import_tensorflow


def load_tensorflow() -> Any:
    """Return TensorFlow; convolutions take half as long to learn with oneDNN.

    It says nothing of graphs that are made anew: every network of a comparison has its own.
    """
    # Read when TensorFlow is loaded; older processors get it on demand only.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    tf = import_tensorflow()
    tf.get_logger().setLevel("ERROR")
    return tf


def load_keras() -> Any:
    """Return Keras."""
    return load_tensorflow().keras


def shuffled_batches(
    n: int,
    size: int,
    make: Callable[[NDArray[np.intp], np.random.Generator], Any],
    random_state: int,
    done: int = 0,
) -> Any:
    """Return a Keras dataset of batches in random order, another one every epoch.

    Parameters
    ----------
    n, size : int
        Rows in all and of a batch; the last batch of an epoch has what is left.
    make : callable
        ``make(rows, rng)`` returns the batch of these rows.
    random_state : int
    done : int
        Epochs that are over already.
    """

    def drawn(epoch: int) -> NDArray[np.intp]:
        return np.random.default_rng([random_state, epoch]).permutation(n)

    class Batches(load_keras().utils.PyDataset):  # type: ignore[misc]
        epoch, order = done, drawn(done)

        def __len__(self) -> int:
            return math.ceil(n / size)

        def __getitem__(self, index: int) -> Any:
            rng = np.random.default_rng([random_state, self.epoch, index])
            return make(self.order[index * size : (index + 1) * size], rng)

        def on_epoch_end(self) -> None:
            self.epoch += 1
            self.order = drawn(self.epoch)

    return Batches()
