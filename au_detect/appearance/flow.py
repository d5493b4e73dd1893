"""Movement about a frame: a stack of optical flows, five steps back and five ahead."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import check_shape

REACH = 5
"""Steps to each side of the frame."""
N_CHANNELS = 4 * REACH
STEP_PX = 0.1
"""Flows are kept as whole numbers of this."""


def flow_stack(window: NDArray[np.uint8]) -> NDArray[np.int8]:
    """Return ten flows between neighbouring frames (Farnebäck 2003), leaving from the middle.

    Parameters
    ----------
    window : ndarray of uint8, shape (11, side, side)
        Upright crops of one face; the frame in question is the sixth.

    Returns
    -------
    ndarray of int8, shape (20, side, side)
        Across and down of each flow, in `STEP_PX`: first those ahead, then those back. The mean
        over the face, which is the head's movement, is taken away; outside an ellipse about the
        face all is 0.
    """
    check_shape("window", window, (2 * REACH + 1, "side", "side"))
    mask = face_ellipse(window.shape[-1])
    stack = np.zeros((N_CHANNELS, *window.shape[1:]), dtype=np.int8)
    for number, (first, second) in enumerate(_neighbours()):
        if np.array_equal(window[first], window[second]):
            continue
        flow = cv2.calcOpticalFlowFarneback(
            window[first], window[second], None, 0.5, 2, 11, 3, 5, 1.1, 0
        )
        flow -= flow[mask].mean(axis=0)
        flow[~mask] = 0
        whole = np.clip(np.round(flow / STEP_PX), -127, 127)
        stack[2 * number : 2 * number + 2] = np.moveaxis(whole, -1, 0)
    return stack


def face_ellipse(side_px: int) -> NDArray[np.bool_]:
    """Return where the face is in an aligned crop, shape (side_px, side_px)."""
    y, x = np.mgrid[:side_px, :side_px] / (side_px - 1) - 0.5
    return (x / 0.34) ** 2 + (y / 0.46) ** 2 <= 1


def _neighbours() -> list[tuple[int, int]]:
    ahead = [(REACH + k, REACH + k + 1) for k in range(REACH)]
    back = [(REACH - k, REACH - k - 1) for k in range(REACH)]
    return ahead + back
