"""Files of dlib's shape predictors, made a third smaller.

Nearly all of such a file are the leaves of its trees: what each adds to the coordinates of the
points. dlib writes a number as two integers, mantissa and exponent, and an integer as one byte
that holds its sign and length, and as many bytes as it needs. A mantissa of 8 bits instead of 24
changes a leaf by 0.4 % at most, which is far less than the leaf is sure of, and takes 4 bytes
instead of 6.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError

_NEGATIVE, _LENGTH = 0x80, 0x0F
_MANTISSA_BITS = 8


class _Reader:
    """Reads the integers of a file from its beginning."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def integer(self) -> int:
        start = self.position + 1
        control = self.data[self.position]
        self.position = start + (control & _LENGTH)
        value = int.from_bytes(self.data[start : self.position], "little")
        return -value if control & _NEGATIVE else value

    def integers(self, n: int) -> list[int]:
        return [self.integer() for _ in range(n)]

    def column_length(self) -> int:
        """Return how many numbers of a column follow; dlib writes a matrix's sizes negative."""
        rows, columns = self.integers(2)
        return abs(rows * columns)


def pack_predictor(data: bytes) -> bytes:
    """Return a shape predictor's file with the mantissas of its leaves rounded to 8 bits.

    Parameters
    ----------
    data : bytes
        What dlib wrote.

    Raises
    ------
    InputError
        If it is no shape predictor's file.
    """
    reader, parts = _Reader(data), []
    try:
        _skip_head(reader)
        copied = 0
        for _ in range(reader.integer()):  # cascades
            for _ in range(reader.integer()):  # trees
                reader.integers(4 * reader.integer())  # splits: two pixels and a threshold
                for _ in range(reader.integer()):
                    n = reader.column_length()
                    parts.append(data[copied : reader.position])
                    leaf = np.array(reader.integers(2 * n), dtype=np.int64).reshape(n, 2)
                    parts.append(_packed(leaf))
                    copied = reader.position
    except (IndexError, ValueError) as error:
        raise InputError("data must be the file of a dlib shape predictor") from error
    return b"".join([*parts, data[copied:]])


def _skip_head(reader: _Reader) -> None:
    """Read version and mean shape."""
    version = reader.integer()
    if version != 1:
        raise ValueError(f"version {version}")
    reader.integers(2 * reader.column_length())


def _packed(numbers: NDArray[np.int64]) -> bytes:
    """Return mantissas and exponents (n, 2) as dlib writes them, the mantissas rounded."""
    values = np.ldexp(numbers[:, 0].astype(float), numbers[:, 1])
    share, exponent = np.frexp(values)
    mantissa = np.rint(np.abs(share) * 2**_MANTISSA_BITS).astype(int)
    full = mantissa == 2**_MANTISSA_BITS
    mantissa[full] //= 2
    power = np.where(mantissa == 0, 0, exponent + full - _MANTISSA_BITS)
    if np.abs(power).max(initial=0) > 255:
        raise ValueError(f"exponent {power}")
    coded = np.empty((len(values), 4), dtype=np.uint8)
    coded[:, 0] = 1 | np.where(values < 0, _NEGATIVE, 0)
    coded[:, 1] = mantissa
    coded[:, 2] = 1 | np.where(power < 0, _NEGATIVE, 0)
    coded[:, 3] = np.abs(power)
    return coded.tobytes()
