"""Parts of the upright face that networks of their own look at closely: eyes and mouth.

Lids and lips move by a pixel or two of what shows a whole face. A window shows them larger, and is
laid by what was found in the whole face. Brows were tried, too: they are told by all that is around
them, and in windows they moved less truly on photographs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks.crop import DETAIL_CROP
from au_detect.landmarks.points import MIRROR


@dataclass(frozen=True)
class Window:
    """A window of `DETAIL_CROP`.

    Parameters
    ----------
    name : str
    landmarks : tuple of int
        What its network finds; where there are two sides, on the right one. The left side is
        looked at in the crop's mirror image.
    about : tuple of int
        The landmarks about whose mean it is laid, those of the right side.
    width_px, height_px : int
    n_sides : int
    """

    name: str
    landmarks: tuple[int, ...]
    about: tuple[int, ...]
    width_px: int
    height_px: int
    n_sides: int = 1

    @cached_property
    def found(self) -> list[NDArray[np.intp]]:
        """The landmarks that are found on every side, right first."""
        return self._sides(self.landmarks)

    @cached_property
    def about_sides(self) -> list[NDArray[np.intp]]:
        """Landmarks about whose mean it is laid on every side, right first."""
        return self._sides(self.about)

    def _sides(self, landmarks: tuple[int, ...]) -> list[NDArray[np.intp]]:
        right = np.array(landmarks)
        return [right, MIRROR[right]][: self.n_sides]

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


EYES = Window("eyes", tuple(range(36, 42)), tuple(range(36, 42)), 40, 32, n_sides=2)
MOUTH = Window("mouth", tuple(range(48, 68)), tuple(range(48, 60)), 72, 64)
WINDOWS = (EYES, MOUTH)


def window_path(path: Path, window: Window) -> Path:
    """Return where a window's network lies that belongs to the one at `path`: beside it."""
    return path.with_suffix(f".{window.name}{path.suffix}")


def windows_beside(path: Path) -> dict[str, Path]:
    """Return name and network of every window whose network lies beside the one at `path`."""
    paths = {window.name: window_path(path, window) for window in WINDOWS}
    return {name: file for name, file in paths.items() if file.is_file()}
