"""LiteRT, which runs exported networks: what detection loads instead of TensorFlow.

Where it is not installed, since it has no wheel for the machine, NumPy runs them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

from au_detect.errors import ModelFileError

try:
    from ai_edge_litert.interpreter import Interpreter
except ImportError:
    from au_detect.networks.numpy_network import NumpyInterpreter as Interpreter


def open_network(
    content: bytes, n_rows: int | None = None, n_threads: int = 1
) -> tuple[Interpreter, Sequence[dict], Sequence[dict]]:
    """Open an exported network with one input, ready to run.

    Parameters
    ----------
    content : bytes
        A ``.tflite`` file whose origin has been checked: altered files can load and run.
    n_rows : int, optional
        How many inputs it takes at a time; by default as many as it was exported for.
    n_threads : int

    Returns
    -------
    interpreter, inputs, outputs
        The interpreter and the details of its inputs and outputs.

    Raises
    ------
    ModelFileError
        If `content` is no network.
    """
    try:
        interpreter = Interpreter(model_content=content, num_threads=n_threads)
        inputs = interpreter.get_input_details()
        outputs = interpreter.get_output_details()
        if n_rows is not None and len(inputs) == 1:
            size = [n_rows, *(int(n) for n in inputs[0]["shape"][1:])]
            interpreter.resize_tensor_input(inputs[0]["index"], size)
        with _no_greeting():
            interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise ModelFileError(f"content must be a LiteRT network: {error}") from error
    return interpreter, inputs, outputs


_stderr_turned = Lock()


@contextmanager
def _no_greeting() -> Iterator[None]:
    """Keep LiteRT from writing to stderr that its delegate XNNPACK was made.

    It has no setting for that, and writes to the process's stderr, not to Python's. Two threads at
    once would turn it back to nowhere, so they take turns.
    """
    with _stderr_turned:
        try:
            stderr = os.dup(2)
        except OSError:  # the process has none
            yield
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, 2)
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(nowhere)
            os.close(stderr)
