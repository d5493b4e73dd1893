"""Exported networks run by NumPy, where LiteRT has no wheel: slower, the same to about 1e-6."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.special import expit

from au_detect.errors import ModelFileError
from au_detect.networks.network_file import NetworkFile, Step, read_network_file

Array = NDArray[Any]


class NumpyInterpreter:
    """What `au_detect` uses of LiteRT's interpreter: the same methods, without its delegates.

    Parameters
    ----------
    model_content : bytes
        A ``.tflite`` file whose origin has been checked.
    num_threads : int
        Heeded by LiteRT alone.

    Raises
    ------
    ModelFileError
        If the content is no network of ours.
    """

    def __init__(self, model_content: bytes, num_threads: int = 1) -> None:
        self._network: NetworkFile = read_network_file(model_content)
        self._tensors: dict[int, Array] = dict(self._network.constants)

    def get_input_details(self) -> list[dict[str, Any]]:
        """Return number, shape and type of every input."""
        return self._details(self._network.inputs)

    def get_output_details(self) -> list[dict[str, Any]]:
        """Return number, shape and type of every output."""
        return self._details(self._network.outputs)

    def resize_tensor_input(self, index: int, size: Sequence[int]) -> None:
        """Do nothing: every input may have as many rows as it likes."""

    def allocate_tensors(self) -> None:
        """Do nothing: arrays are made as they are needed."""

    def set_tensor(self, index: int, value: Array) -> None:
        """Give an input."""
        self._tensors[index] = value

    def invoke(self) -> None:
        """Run all steps."""
        for step in self._network.steps:
            values = [None if i < 0 else self._tensors[i] for i in step.inputs]
            self._tensors[step.outputs[0]] = _run(step, values)

    def get_tensor(self, index: int) -> Array:
        """Return what the last run gave."""
        return self._tensors[index]

    def _details(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        return [
            {"index": i, "shape": self._network.shapes[i], "dtype": self._network.types[i]}
            for i in numbers
        ]


def _run(step: Step, values: list[Any]) -> Array:
    result = _FUNCTIONS[step.name](values, step.options)
    activation = step.options.get("activation", 0)
    if activation not in _ACTIVATIONS:
        raise ModelFileError(f"an activation must be one of {list(_ACTIVATIONS)}, got {activation}")
    return _ACTIVATIONS[activation](result)


def _fully_connected(values: list[Any], options: dict[str, Any]) -> Array:
    x, kernel, bias = (*values, None)[:3]
    x = x if options["keeps_axes"] else x.reshape(-1, kernel.shape[1])
    result = x @ kernel.T
    return result if bias is None else result + bias


def _convolution(values: list[Any], options: dict[str, Any]) -> Array:
    x, kernel, bias = (*values, None)[:3]  # kernel: (n_out, height, width, n_in)
    windows = _windows(x, kernel.shape[1:3], options)
    n_out = len(kernel)
    columns = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kernel[0].size)
    result = (columns @ kernel.reshape(n_out, -1).T).reshape(*windows.shape[:3], n_out)
    return result if bias is None else result + bias


def _depthwise_convolution(values: list[Any], options: dict[str, Any]) -> Array:
    x, kernel, bias = (*values, None)[:3]  # kernel: (1, height, width, n_in)
    result = np.einsum(
        "nyxcij,ijc->nyxc", _windows(x, kernel.shape[1:3], options), kernel[0], optimize=True
    )
    return result if bias is None else result + bias


def _average_pool(values: list[Any], options: dict[str, Any]) -> Array:
    windows = _windows(values[0], (options["height"], options["width"]), options)
    return windows.mean(axis=(4, 5), dtype=np.float32)


def _windows(x: Array, size: tuple[int, int], options: dict[str, Any]) -> Array:
    """Return what a kernel sees at every place: (n, height, width, channels, *size)."""
    if options.get("x_dilation", 1) != 1 or options.get("y_dilation", 1) != 1:
        raise ModelFileError("a convolution must not be dilated")
    strides = (options["y_stride"], options["x_stride"])
    if not options["is_valid"]:  # as many places as strides, zeros around
        lacking = [
            max((-(-n // stride) - 1) * stride + k - n, 0)
            for n, stride, k in zip(x.shape[1:3], strides, size, strict=True)
        ]
        around = [(0, 0), *((n // 2, n - n // 2) for n in lacking), (0, 0)]
        x = np.pad(x, around)
    return sliding_window_view(x, size, axis=(1, 2))[:, :: strides[0], :: strides[1]]


def _softmax(values: list[Any], options: dict[str, Any]) -> Array:
    x = options["beta"] * (values[0] - values[0].max(axis=-1, keepdims=True))
    weights = np.exp(x, dtype=np.float32)
    return weights / weights.sum(axis=-1, keepdims=True)


def _strided_slice(values: list[Any], options: dict[str, Any]) -> Array:
    x, begin, end, strides = values
    if options["ellipsis_mask"] or options["new_axis_mask"]:
        raise ModelFileError("a slice must have no ellipsis and no new axes")
    places: list[Any] = []
    for axis, (first, last, stride) in enumerate(zip(begin, end, strides, strict=True)):
        bit = 1 << axis
        if options["shrink_axis_mask"] & bit:
            places.append(int(first))
        else:
            start = None if options["begin_mask"] & bit else int(first)
            places.append(slice(start, None if options["end_mask"] & bit else int(last), stride))
    return np.asarray(x[tuple(places)])


def _batch_matmul(values: list[Any], options: dict[str, Any]) -> Array:
    first, second = values
    if options["turns_first"]:
        first = first.swapaxes(-1, -2)
    return first @ (second.swapaxes(-1, -2) if options["turns_second"] else second)


def _nearest(values: list[Any], options: dict[str, Any]) -> Array:
    x, size = values
    if options["aligns_corners"]:
        raise ModelFileError("a resize must not align corners")
    rows, columns = (
        np.arange(n) * old // n for n, old in zip(size.tolist(), x.shape[1:3], strict=True)
    )
    return x[:, rows[:, None], columns]


def _reduced(function: Callable[..., Array]) -> Callable[[list[Any], dict[str, Any]], Array]:
    return lambda values, options: function(
        values[0], axis=tuple(values[1].ravel().tolist()), keepdims=bool(options["keeps_axes"])
    )


def _elementwise(function: Callable[..., Array]) -> Callable[[list[Any], dict[str, Any]], Array]:
    return lambda values, _: function(*values)


def _elu(x: Array) -> Array:
    return np.where(np.greater(x, 0), x, np.expm1(np.minimum(x, 0)))


_ACTIVATIONS: dict[int, Callable[[Array], Array]] = {
    0: lambda x: x,
    1: lambda x: np.maximum(x, 0),
    3: lambda x: np.clip(x, 0, 6),
}
_FUNCTIONS: dict[str, Callable[[list[Any], dict[str, Any]], Array]] = {
    "ADD": _elementwise(np.add),
    "SUB": _elementwise(np.subtract),
    "MUL": _elementwise(np.multiply),
    "DIV": _elementwise(np.divide),
    "MAXIMUM": _elementwise(np.maximum),
    "GREATER": _elementwise(np.greater),
    "SELECT_V2": _elementwise(np.where),
    "SQRT": _elementwise(np.sqrt),
    "EXP": _elementwise(np.exp),
    "LOG": _elementwise(np.log),
    "LOGISTIC": _elementwise(expit),
    "ZEROS_LIKE": _elementwise(np.zeros_like),
    "RELU": _elementwise(_ACTIVATIONS[1]),
    "ELU": _elementwise(_elu),
    "TRANSPOSE": _elementwise(np.transpose),
    "TILE": _elementwise(np.tile),
    "EXPAND_DIMS": _elementwise(lambda x, axis: np.expand_dims(x, int(axis.item()))),
    "RESHAPE": _elementwise(lambda x, shape: x.reshape(shape.tolist())),
    "SHAPE": _elementwise(lambda x: np.array(x.shape, np.int32)),
    "PACK": lambda values, options: np.stack(values, axis=options["axis"]),
    "CONCATENATION": lambda values, options: np.concatenate(values, axis=options["axis"]),
    "SUM": _reduced(np.sum),
    "MEAN": _reduced(np.mean),
    "SOFTMAX": _softmax,
    "STRIDED_SLICE": _strided_slice,
    "BATCH_MATMUL": _batch_matmul,
    "RESIZE_NEAREST_NEIGHBOR": _nearest,
    "FULLY_CONNECTED": _fully_connected,
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise_convolution,
    "AVERAGE_POOL_2D": _average_pool,
}
