"""How networks of pixels and of time are built and trained for action units."""

from __future__ import annotations

from dataclasses import dataclass

from au_detect.appearance.networks import NETWORKS, Restraint, check_start
from au_detect.errors import InputError, check_option, check_positive

LOSSES = ("cross-entropy", "bp-mll")
CELLS = ("lstm", "gru")
TIME_LABELS = ("frames", "sequence")


@dataclass(frozen=True)
class AppearanceOptions:
    """How networks of pixels and of time are built and trained.

    Parameters
    ----------
    network : str
        Whose convolutions look at pictures: one of `NETWORKS`.
    loss : {"cross-entropy", "bp-mll"}
        Cross-entropy of every action unit, the rare ones' positives weighted; or BP-MLL (Zhang &
        Zhou 2006), which ranks those that are present above those that are not.
    cell : {"lstm", "gru"}
        Of the recurrent network over features.
    n_steps : int
        Frames from the neutral to the labelled one that networks of time see, evenly spaced.
    time_labels : {"frames", "sequence"}
        Whether networks of time learn from every labelled frame, with the frames before it, or
        from the last of each sequence alone.
    start : str, optional
        Folder of an emotion network whose convolutions are the start.
    kept_blocks : int
        How many of its blocks stay as they are.
    batch_size : int
        At most: of few rows, batches are smaller, so that an epoch has about 20 steps.
    epochs, patience, learning_rate, dropout, l2
        See `MLPClassifier`.

    Raises
    ------
    InputError
        If a word is another, or a number is out of range.
    """

    network: str = "mini9"
    loss: str = "cross-entropy"
    cell: str = "lstm"
    n_steps: int = 8
    time_labels: str = "frames"
    start: str | None = None
    kept_blocks: int = 0
    epochs: int = 15
    patience: int = 4
    batch_size: int = 32
    learning_rate: float = 1e-3
    dropout: float = 0.5
    l2: float = 1e-4

    def __post_init__(self) -> None:
        check_option("network", self.network, NETWORKS)
        check_option("loss", self.loss, LOSSES)
        check_option("cell", self.cell, CELLS)
        check_option("time_labels", self.time_labels, TIME_LABELS)
        for name in ("epochs", "patience", "batch_size", "learning_rate"):
            check_positive(name, getattr(self, name))
        if self.n_steps < 2:
            raise InputError(f"n_steps must be at least 2, got {self.n_steps}")
        Restraint(self.dropout, self.l2)
        check_start(self.start, self.kept_blocks)
