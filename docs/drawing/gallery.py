"""The tutorials: their order, and the figures that they show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx_gallery.scrapers import figure_rst

ORDER = (
    "score_picture.py", "score_sequence.py", "score_study.py", "own_landmarks.py",
    "live_stream.py", "train_on_labels.py",
)  # fmt: skip


class TutorialOrder:
    """From the simplest to the longest; what is not listed comes last."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __call__(self, name: str) -> tuple[int, str]:
        """Return the sort key of a script."""
        name = Path(name).name
        return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def figures_of_block(
    block: Any, block_vars: dict[str, Any], gallery_conf: dict[str, Any], **_: Any
) -> str:
    """Save the figure of the variable ``axes`` of a block that draws, once, and return its RST."""
    axes = block_vars["example_globals"].pop("axes", None)
    if axes is None:
        return ""
    path = next(block_vars["image_path_iterator"])
    axes.figure.savefig(path, dpi=120)
    return figure_rst([path], gallery_conf["src_dir"])
