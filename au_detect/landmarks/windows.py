"""Parts of the upright face that networks of their own look at closely: the eyes.

Lids move by a pixel or two of what shows a whole face. A window shows them larger, and is laid by
what was found in the whole face. Brows and lips were tried, too: in windows both are found nearer
to where they are, but on photographs brows moved less truly, and lips seemed to part too often.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.crop import DETAIL_CROP
from au_detect.landmarks.points import MIRROR, REGIONS


@dataclass(frozen=True)
class Window:
    """A window of `DETAIL_CROP`.

    Parameters
    ----------
    name : str
    landmarks : tuple of int
        What its network finds on the right side. The left side is looked at in the crop's mirror
        image.
    about : str
        The region of the right side about whose mean it is laid, see `REGIONS`.
    width_px, height_px : int
    """

    name: str
    landmarks: tuple[int, ...]
    about: str
    width_px: int
    height_px: int

    @cached_property
    def found(self) -> list[NDArray[np.intp]]:
        """The landmarks that are found on the right and on the left side."""
        right = np.array(self.landmarks)
        return [right, MIRROR[right]]

    @cached_property
    def about_sides(self) -> list[slice]:
        """Landmarks about whose mean it is laid on the right and on the left side."""
        return [REGIONS[self.about], REGIONS[self.about.replace("right", "left")]]

    def cut(
        self, crop: NDArray[np.uint8], x: float, y: float
    ) -> tuple[NDArray[np.uint8], tuple[float, float]]:
        """Return the window, in whole pixels of the crop, and the middle of it in the crop, px.

        Parameters
        ----------
        crop : ndarray of uint8, shape (side_px, side_px)
            As `DETAIL_CROP` cuts it.
        x, y : float
            The mean of the landmarks that it is laid about, px.
        """
        return DETAIL_CROP.window(crop, x, y, self.width_px, self.height_px)


EYES = Window("eyes", tuple(range(36, 42)), "right_eye", 40, 32)
WINDOWS = (EYES,)


def window_path(path: Path, window: Window) -> Path:
    """Return where a window's network lies that belongs to the one at `path`: beside it."""
    return path.with_suffix(f".{window.name}{path.suffix}")


def windows_beside(path: Path) -> dict[str, Path]:
    """Return name and network of every window whose network lies beside the one at `path`."""
    paths = {window.name: window_path(path, window) for window in WINDOWS}
    return {name: file for name, file in paths.items() if file.is_file()}
