"""How large the landmark networks are and how they are trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from au_detect.simulation.landmarks.parts import FACE, LIPS, RIGHT_EYE, TEACHER, Part


@dataclass(frozen=True)
class Size:
    """How large a network is, and how long it learns.

    Parameters
    ----------
    channels, blocks : tuple of int
        Channels at each of its three resolutions, the finest first, and residual blocks there.
    epochs : int
    """

    channels: tuple[int, int, int]
    blocks: tuple[int, int, int]
    epochs: int


SIZES = {
    FACE: Size((24, 48, 72), (1, 2, 2), 45),
    RIGHT_EYE: Size((16, 32, 48), (0, 1, 2), 45),
    LIPS: Size((16, 32, 48), (0, 1, 2), 45),
    TEACHER: Size((48, 96, 160), (1, 2, 3), 20),
}
"""Of the networks in use, and of the teacher, which is needed while training alone."""


@dataclass(frozen=True)
class NetworkOptions:
    """Sizes of the networks and how they are trained.

    Parameters
    ----------
    sizes : mapping of Part to Size
        In an epoch, networks see every rendered picture once, and that for eyes one of its eyes.
    batch : int
        Even: it shows every person twice.
    learning_rate : float
        The largest, after one epoch; it falls to nothing along a cosine.
    weight_decay : float
    """

    sizes: Mapping[Part, Size] = field(default_factory=lambda: SIZES)
    batch: int = 128
    learning_rate: float = 5e-3
    weight_decay: float = 1e-4
