"""What surrounds the use of TensorFlow: silence, seeds that leave no trace, a quick start."""

from __future__ import annotations

import contextlib
import math
import os
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


@contextlib.contextmanager
def silent_stderr() -> Iterator[None]:
    """Send what native code writes to stderr nowhere: TensorFlow greets before it reads levels."""
    sys.stderr.flush()
    kept = os.dup(2)
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


@contextlib.contextmanager
def seeded(tf: Any, seed: int) -> Iterator[None]:
    """Fix every random number inside; leave Python's and numpy's generators as they were."""
    python_state, numpy_state = random.getstate(), np.random.get_state()  # noqa: NPY002
    tf.config.experimental.enable_op_determinism()
    tf.keras.utils.set_random_seed(seed)
    try:
        yield
    finally:
        random.setstate(python_state)
        np.random.set_state(numpy_state)  # noqa: NPY002


def compile_network(network: Any, optimizer: Any, loss: Any, **options: Any) -> None:
    """Make a Keras network ready to be fitted."""
    network.compile(optimizer, loss, jit_compile=False, **options)
    # Made while the first step is traced, they would have it traced again: half a second each.
    optimizer.build(network.trainable_variables)


def batches_of(
    keras: Any, samples: tuple[NDArray[Any], ...], size: int, seed: int | None = None
) -> Any:
    """Return a Keras dataset of the rows of arrays, of which a batch at a time is copied.

    Parameters
    ----------
    keras : module
    samples : tuple of ndarray
        Of as many rows each.
    size : int
        Rows of a batch; the last one has what is left.
    seed : int, optional
        Every epoch has the rows in another random order; by default in their own.
    """
    rng = None if seed is None else np.random.default_rng(seed)

    class Batches(keras.utils.PyDataset):
        def __init__(self, arrays: tuple[NDArray[Any], ...]) -> None:
            super().__init__()
            self.arrays = arrays
            self.on_epoch_end()

        def __len__(self) -> int:
            return math.ceil(len(self.arrays[0]) / size)

        def __getitem__(self, index: int) -> Any:
            rows = self.order[index * size : (index + 1) * size]
            return tuple(values[rows] for values in self.arrays)

        def on_epoch_end(self) -> None:
            n = len(self.arrays[0])
            self.order = np.arange(n) if rng is None else rng.permutation(n)

    return Batches(samples)


def let_go(given: dict[str, Any]) -> None:
    """Free the arrays of datasets that were given to Keras: TensorFlow keeps those for ever."""
    for dataset in given.values():
        if hasattr(dataset, "arrays"):
            dataset.arrays = ()
