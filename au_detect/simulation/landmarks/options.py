"""How large the landmark network is and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NetworkOptions:
    """Size of the network and how it is trained.

    Parameters
    ----------
    channels : tuple of int
        At a quarter, an eighth and a sixteenth of the input's resolution.
    blocks : tuple of int
        Residual blocks at each.
    epochs, batch : int
        A batch is even: it shows every person twice.
    learning_rate : float
        The largest, after one epoch; it falls to nothing along a cosine.
    weight_decay : float
    rounds : tuple of (int, float)
        Epochs and largest learning rate of each time that photographs are labelled and training
        goes on with them.
    """

    channels: tuple[int, int, int] = (24, 48, 72)
    blocks: tuple[int, int, int] = (1, 2, 2)
    epochs: int = 45
    batch: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 1e-4
    rounds: tuple[tuple[int, float], ...] = ((8, 2.5e-3), (25, 2.5e-3), (8, 1.5e-3))
