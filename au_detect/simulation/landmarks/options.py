"""How large the landmark network is and how it is trained."""

from __future__ import annotations

from dataclasses import dataclass, replace

from au_detect.simulation.landmarks.parts import FACE, Part


@dataclass(frozen=True)
class NetworkOptions:
    """Size of the network and how it is trained.

    Parameters
    ----------
    channels, blocks : tuple of int
        Of the network for the whole face: channels at a quarter, an eighth and a sixteenth of its
        picture's resolution, and residual blocks at each.
    eye_channels, eye_blocks : tuple of int
        Of the network for eyes, at a half, a quarter and an eighth.
    epochs, eye_epochs, batch : int
        Of the network for the whole face, and of that for eyes, which sees one eye of every face
        in an epoch. A batch is even: it shows every person twice.
    learning_rate : float
        The largest, after one epoch; it falls to nothing along a cosine.
    weight_decay : float
    rounds : tuple of (int, float)
        Epochs and largest learning rate of each time that photographs are labelled and the training
        of the network for the whole face goes on with them.
    """

    channels: tuple[int, int, int] = (24, 48, 72)
    blocks: tuple[int, int, int] = (1, 2, 2)
    eye_channels: tuple[int, int, int] = (16, 32, 48)
    eye_blocks: tuple[int, int, int] = (0, 1, 2)
    epochs: int = 45
    eye_epochs: int = 48
    batch: int = 64
    learning_rate: float = 4e-3
    weight_decay: float = 1e-4
    rounds: tuple[tuple[int, float], ...] = ((8, 2.5e-3), (25, 2.5e-3), (8, 1.5e-3))

    def of(self, part: Part) -> NetworkOptions:
        """Return the options of a part's network, as those of one for the whole face."""
        if part is FACE:
            return self
        return replace(
            self,
            channels=self.eye_channels,
            blocks=self.eye_blocks,
            epochs=self.eye_epochs,
        )
