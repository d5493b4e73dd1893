"""What a ``.tflite`` file says: the steps of a network, and its weights.

The format is a FlatBuffer: tables that point to their fields. Only what our own networks are made
of is read; the file's origin must have been checked.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import ModelFileError

_STEPS = {
    0: "ADD", 1: "AVERAGE_POOL_2D", 2: "CONCATENATION", 3: "CONV_2D", 4: "DEPTHWISE_CONV_2D",
    9: "FULLY_CONNECTED", 14: "LOGISTIC", 18: "MUL", 19: "RELU", 22: "RESHAPE", 25: "SOFTMAX",
    39: "TRANSPOSE", 40: "MEAN", 41: "SUB", 42: "DIV", 45: "STRIDED_SLICE", 47: "EXP",
    55: "MAXIMUM", 61: "GREATER", 69: "TILE", 70: "EXPAND_DIMS", 73: "LOG", 74: "SUM", 75: "SQRT",
    77: "SHAPE", 83: "PACK", 93: "ZEROS_LIKE", 97: "RESIZE_NEAREST_NEIGHBOR", 111: "ELU",
    123: "SELECT_V2", 126: "BATCH_MATMUL",
}  # fmt: skip
_TYPES = {0: np.float32, 2: np.int32, 4: np.int64, 6: np.bool_}
_ACTIVATION = {"activation": (0, "b")}
_OPTIONS: dict[str, dict[str, tuple[int, str]]] = {
    "ADD": _ACTIVATION,
    "SUB": _ACTIVATION,
    "MUL": _ACTIVATION,
    "DIV": _ACTIVATION,
    "FULLY_CONNECTED": {"activation": (0, "b"), "keeps_axes": (2, "b")},
    "CONCATENATION": {"axis": (0, "i"), "activation": (1, "b")},
    "PACK": {"axis": (1, "i")},
    "SOFTMAX": {"beta": (0, "f")},
    "SUM": {"keeps_axes": (0, "b")},
    "MEAN": {"keeps_axes": (0, "b")},
    "BATCH_MATMUL": {"turns_first": (0, "b"), "turns_second": (1, "b")},
    "RESIZE_NEAREST_NEIGHBOR": {"aligns_corners": (0, "b")},
    "CONV_2D": {
        "is_valid": (0, "b"), "x_stride": (1, "i"), "y_stride": (2, "i"), "activation": (3, "b"),
        "x_dilation": (4, "i"), "y_dilation": (5, "i"),
    },
    "DEPTHWISE_CONV_2D": {
        "is_valid": (0, "b"), "x_stride": (1, "i"), "y_stride": (2, "i"), "activation": (4, "b"),
        "x_dilation": (5, "i"), "y_dilation": (6, "i"),
    },
    "AVERAGE_POOL_2D": {
        "is_valid": (0, "b"), "x_stride": (1, "i"), "y_stride": (2, "i"), "width": (3, "i"),
        "height": (4, "i"), "activation": (5, "b"),
    },
    "STRIDED_SLICE": {
        "begin_mask": (0, "i"), "end_mask": (1, "i"), "ellipsis_mask": (2, "i"),
        "new_axis_mask": (3, "i"), "shrink_axis_mask": (4, "i"),
    },
}  # fmt: skip
_DEFAULTS = {"x_dilation": 1, "y_dilation": 1}


@dataclass(frozen=True)
class Step:
    """One operation of a network.

    Attributes
    ----------
    name : str
        Of the operation, as the format calls it: ``"FULLY_CONNECTED"``.
    inputs, outputs : tuple of int
        Numbers of the tensors that it reads and writes; -1 where an input is left out.
    options : dict of str to number
    """

    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any]


@dataclass(frozen=True)
class NetworkFile:
    """A network as its file describes it.

    Attributes
    ----------
    steps : tuple of Step
        In the order in which they run.
    inputs, outputs : tuple of int
        Numbers of the network's own input and output tensors.
    shapes : tuple of tuple of int
        Of every tensor, with one row at a time.
    types : tuple of numpy types
        Of every tensor.
    constants : dict of int to ndarray
        The tensors that the file holds, by number.
    """

    steps: tuple[Step, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    shapes: tuple[tuple[int, ...], ...]
    types: tuple[type, ...]
    constants: dict[int, NDArray[Any]]


def read_network_file(content: bytes) -> NetworkFile:
    """Read a ``.tflite`` file with one graph.

    Raises
    ------
    ModelFileError
        If it is none, or has steps or types that our networks do not have.
    """
    if content[4:8] != b"TFL3":
        raise ModelFileError("content must be a LiteRT network, got something else")
    try:
        model = _Table(content, struct.unpack_from("<I", content, 0)[0])
        codes = [_step_name(code) for code in model.tables(1)]
        buffers = [buffer.numbers(0, np.uint8) for buffer in model.tables(4)]
        (graph,) = model.tables(2)
        tensors = graph.tables(0)
        types = tuple(_TYPES[tensor.number(1, "b")] for tensor in tensors)
        shapes = tuple(tuple(tensor.numbers(0, np.int32).tolist()) for tensor in tensors)
        held = [buffers[tensor.number(2, "I")] for tensor in tensors]
        return NetworkFile(
            steps=tuple(_step(step, codes) for step in graph.tables(3)),
            inputs=tuple(graph.numbers(1, np.int32).tolist()),
            outputs=tuple(graph.numbers(2, np.int32).tolist()),
            shapes=shapes,
            types=types,
            constants={
                number: data.view(types[number]).reshape(shapes[number])
                for number, data in enumerate(held)
                if data.size
            },
        )
    except (struct.error, ValueError, LookupError) as error:
        raise ModelFileError(f"content must be a LiteRT network of ours: {error}") from error


def _step_name(code: _Table) -> str:
    number = max(code.number(0, "b"), code.number(3, "i"))  # an old field and a wider one
    if number not in _STEPS:
        known = ", ".join(_STEPS.values())
        raise ModelFileError(
            f"content must be a network of ours, with steps {known}, got step {number}"
        )
    return _STEPS[number]


def _step(step: _Table, codes: list[str]) -> Step:
    name, options = codes[step.number(0, "I")], step.table(4)
    return Step(
        name,
        tuple(step.numbers(1, np.int32).tolist()),
        tuple(step.numbers(2, np.int32).tolist()),
        {
            key: options.number(field, kind, _DEFAULTS.get(key, 0)) if options else 0
            for key, (field, kind) in _OPTIONS.get(name, {}).items()
        },
    )


class _Table:
    """A FlatBuffer table, whose fields have numbers; one that is left out has its default."""

    def __init__(self, content: bytes, start: int) -> None:
        self._content, self._start = content, start
        self._fields = start - struct.unpack_from("<i", content, start)[0]
        self._n_bytes = struct.unpack_from("<H", content, self._fields)[0]

    def number(self, field: int, kind: str, default: float = 0) -> Any:
        """Return a number of a `struct` format."""
        place = self._place(field)
        return struct.unpack_from(f"<{kind}", self._content, place)[0] if place else default

    def numbers(self, field: int, kind: type) -> NDArray[Any]:
        """Return a vector of numbers; an empty one if it is left out."""
        place = self._place(field)
        if not place:
            return np.empty(0, kind)
        start, count = self._vector(place)
        return np.frombuffer(self._content, kind, count, start)

    def table(self, field: int) -> _Table | None:
        """Return a table, or None if it is left out."""
        place = self._place(field)
        return _Table(self._content, self._follow(place)) if place else None

    def tables(self, field: int) -> list[_Table]:
        """Return a vector of tables; an empty one if it is left out."""
        place = self._place(field)
        if not place:
            return []
        start, count = self._vector(place)
        return [_Table(self._content, self._follow(start + 4 * i)) for i in range(count)]

    def _place(self, field: int) -> int:
        slot = 4 + 2 * field
        if slot >= self._n_bytes:
            return 0
        offset = int(struct.unpack_from("<H", self._content, self._fields + slot)[0])
        return self._start + offset if offset else 0

    def _follow(self, place: int) -> int:
        return place + int(struct.unpack_from("<I", self._content, place)[0])

    def _vector(self, place: int) -> tuple[int, int]:
        start = self._follow(place)
        return start + 4, struct.unpack_from("<I", self._content, start)[0]
