"""From the values that a picture holds to 8 bits.

8 bits are taken as they are. 16 bits are divided by 257, and floating point from 0 to 1 is times
255, where the values fill that range. Where they do not, they are scaled by what is there: 10, 12
or 14 bits in 16 by their own depth, floating point up to 255 or 65535 likewise, and values that
fill less than an eighth of their depth from the lowest to the highest. `ValueScale.notice` says so.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError

DEPTHS = (8, 10, 12, 14, 16)
NARROW = 1 / 8
"""Values that fill less of their depth than this are stretched."""


class ValueScale:
    """How the values of one source become 8 bits: the same for all its pictures, once seen.

    What it learns from a picture only ever widens the range, so that a sequence does not flicker.

    Attributes
    ----------
    notice : str
        What was done to the values, in words; empty where they were taken as they are.
    """

    def __init__(self) -> None:
        self.notice = ""
        self._low, self._high = np.inf, -np.inf

    def to_8_bits(self, image: NDArray, name: str) -> NDArray[np.uint8]:
        """Return the picture in 8 bits, of the same shape.

        Raises
        ------
        InputError
            If its values are not finite real numbers.
        """
        if image.dtype == np.uint8:
            return image
        if image.dtype.kind not in "uif":
            raise InputError(f"{name} must hold whole numbers or floats, got {image.dtype}")
        low, high = float(image.min()), float(image.max())
        if not np.isfinite([low, high]).all():
            raise InputError(f"{name} must hold finite values, got {low:g} to {high:g}")
        self._low, self._high = min(self._low, low), max(self._high, high)
        black, white = self._range(image.dtype.kind == "f")
        usual = 1.0 if image.dtype.kind == "f" else 65535.0
        is_usual_type = image.dtype.kind == "f" or image.dtype.newbyteorder("=") == np.uint16
        if is_usual_type and (black, white) == (0.0, usual):
            self.notice = ""
            return plain_8_bits(image, name)
        of_usual = f"{self._low:g} to {self._high:g} of {usual:g}"
        self.notice = f"values are {of_usual}: {black:g} is taken as black and {white:g} as white"
        scaled = (image.astype(np.float32) - black) * (255.0 / (white - black))
        return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)

    def _range(self, is_float: bool) -> tuple[float, float]:
        """Return what is black and what is white."""
        low, high = self._low, self._high
        tops = [2.0**depth - 1 for depth in DEPTHS]
        if is_float:
            tops.insert(0, 1.0)
        top = next((top for top in tops if high <= top), None)
        if low < 0 or top is None or 0 < high - low < NARROW * top:
            return low, max(high, low + 1e-6)
        return 0.0, top


def plain_8_bits(image: NDArray, name: str) -> NDArray[np.uint8]:
    """Return the picture in 8 bits by its type alone: uint8, uint16, or floats from 0 to 1.

    Raises
    ------
    InputError
        If it is of another type, or has floats outside [0, 1] or NaN.
    """
    if image.dtype == np.uint8:
        return image
    if image.dtype.kind == "u" and image.dtype.itemsize == 2:
        return cv2.convertScaleAbs(image.astype(np.uint16, copy=False), alpha=1 / 257)
    if image.dtype.kind == "f":
        lowest, highest = float(image.min()), float(image.max())
        if not (lowest >= 0 and highest <= 1):  # also true of NaN
            raise InputError(
                f"{name} must lie in [0, 1] if its type is {image.dtype}, "
                f"got {lowest:g} to {highest:g}"
            )
        return cv2.convertScaleAbs(image.astype(np.float32, copy=False), alpha=255)
    raise InputError(f"{name} must be of type uint8, uint16 or float, got {image.dtype}")
