"""What all plots share: axes of their own if need be, fonts, colours.

Colours are Okabe & Ito's (2008), which can be told apart with any kind of colour vision.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import AUDetectError, InputError
from au_detect.facs import ACTION_UNITS, au_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from au_detect.results import AUResult

BLUE, ORANGE, GREEN, RED, SKY, YELLOW = (
    *("#0072B2", "#E69F00", "#009E73"),
    *("#D55E00", "#56B4E9", "#F0E442"),
)
REGION_COLOURS = {
    "jaw": SKY,
    "right_brow": ORANGE,
    "left_brow": ORANGE,
    "nose_bridge": GREEN,
    "nose_base": GREEN,
    "right_eye": YELLOW,
    "left_eye": YELLOW,
    "outer_lip": RED,
    "inner_lip": RED,
}
INK, SOFT, LINE, PALE = "#1b1f24", "#59636e", "#c9d0d6", "#eef1f4"
SMALL, NORMAL = 8.0, 9.0
"""Font sizes in points."""


def new_figure(width: float, height: float) -> Figure:
    """Return a figure of this size in inches that no window shows.

    Raises
    ------
    AUDetectError
        If matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise AUDetectError("plots need matplotlib: pip install 'au-detect[plot]'") from error
    return Figure(figsize=(width, height), layout="constrained", dpi=150)


def axes_or_new(ax: Axes | None, width: float, height: float) -> Axes:
    """Return `ax`, or axes of a `new_figure`."""
    return new_figure(width, height).add_subplot() if ax is None else ax


def tidy(ax: Axes, *, keep: tuple[str, ...] = ("left", "bottom")) -> None:
    """Leave only the wanted edges of the axes, in thin grey."""
    for name, spine in ax.spines.items():
        spine.set_visible(name in keep)
        spine.set_color(LINE)
    ax.tick_params(labelsize=SMALL, color=LINE, labelcolor=INK, length=3)


def as_bgr(colour: str) -> tuple[int, int, int]:
    """Return a colour like ``"#0072B2"`` as blue, green, red, each 0 to 255."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return blue, green, red


def au_name(au: int) -> str:
    """Return label and FACS name: ``"AU12 Lip Corner Puller"``."""
    return f"{au_label(au)} {ACTION_UNITS[au].name}"


def probability_text(p: float) -> str:
    """Return a probability with two decimals, or a dash where the AU is not visible (NaN)."""
    return "-" if np.isnan(p) else f"{p:.2f}"


def row_of(result: AUResult, frame: int, face_id: int) -> int:
    """Return the row of one face in one frame.

    Raises
    ------
    InputError
        If there is none, or the face was not found in it.
    """
    rows = np.flatnonzero((result.frame == frame) & (result.face_id == face_id))
    if not len(rows) or not result.face_found[rows[0]]:
        raise InputError(f"frame must show face {face_id}, got {frame}, which does not")
    return int(rows[0])


def as_rgb(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a picture (grey, or blue-green-red as OpenCV has it) as red, green, blue.

    Raises
    ------
    InputError
        If it is no uint8 array of shape (height, width) or (height, width, 3).
    """
    picture = np.asarray(image)
    is_grey, is_colour = picture.ndim == 2, picture.ndim == 3 and picture.shape[-1:] == (3,)
    if picture.dtype != np.uint8 or not (is_grey or is_colour):
        raise InputError(
            "image must be a uint8 array of shape (height, width) or (height, width, 3), "
            f"got {picture.dtype} {picture.shape}"
        )
    return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB if is_grey else cv2.COLOR_BGR2RGB)
