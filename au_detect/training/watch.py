"""Who follows a training: a bar in the terminal, and TensorBoard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from au_detect.facs import Face
from au_detect.training.monitor import training_monitor

Progress = Callable[[str, int, int], None]
"""Called as ``progress(network_name, n_epochs_done, n_epochs_at_most)``."""


@dataclass(frozen=True)
class Watch:
    """What is told of a training while it runs.

    Attributes
    ----------
    progress : callable, optional
        Called after every epoch as ``progress(network_name, n_done, n_at_most)``.
    logdir : path, optional
        Folder for TensorBoard, a subfolder for each network.
    max_fpr : float
        False-positive rate at which TensorBoard shows rates.
    """

    progress: Progress | None = None
    logdir: str | Path | None = None
    max_fpr: float = 0.05
    _step: tuple[int, int] = (0, 1)

    def step(self, number: int, n_steps: int) -> Watch:
        """Return who watches one of several candidates."""
        return replace(self, _step=(number, n_steps))

    def options(self, name: str, part: int, n_parts: int, aus: tuple[int, ...]) -> dict[str, Any]:
        """Return the options of a network that let others follow its training."""
        options: dict[str, Any] = {}
        report, (number, n_steps) = self.progress, self._step
        place, places = number * n_parts + part, n_steps * n_parts
        if report is not None:
            options["on_epoch"] = lambda done, total: report(
                name, place * total + done, places * total
            )
        if self.logdir is not None:
            folder = Path(self.logdir) / name / (str(place) if places > 1 else "")
            options |= {"logdir": str(folder), "monitor": training_monitor(aus, self.max_fpr)}
        return options


def network_name(face: Face | None, uses_neutral: bool, uses_furrows: bool) -> str:
    """Return for example ``"upper_neutral_furrows"`` or ``"lower_single"``."""
    neutral = "neutral" if uses_neutral else "single"
    return f"{face or 'face'}_{neutral}{'_furrows' if uses_furrows else ''}"
