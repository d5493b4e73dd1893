"""What the pages show and no hand has drawn or typed: pictures and tables made at build time.

Everything is read from the code, the shipped models and their card, so that pages cannot say
anything else than these do; learning curves are in a table of their own.
"""

from pathlib import Path


def draw_all(folder: Path) -> None:
    """Write all pictures (``.png``, ``.jpg``) and tables (``.inc``) to a folder."""
    from drawing.accuracy import draw_accuracy
    from drawing.action_units import draw_action_units
    from drawing.architecture import draw_architecture
    from drawing.curves import draw_curves
    from drawing.features import draw_features

    folder.mkdir(exist_ok=True)
    drawings = (draw_architecture, draw_features, draw_accuracy, draw_curves, draw_action_units)
    for draw in drawings:
        draw(folder)
