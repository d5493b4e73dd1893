"""Action units as shapes of the morphable face.

The face model's shapes carry the ARKit names. An action of strength 5 (FACS intensity E) moves
each of its shapes by the weight in `ACTION_SHAPES`; other strengths scale it. Weights over 1
mend shapes that the model draws too faintly, as seen beside FACS's own descriptions: a raised
inner brow, for one, travels about a tenth of the inter-ocular distance, twice the model's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from au_detect.facs import NETWORK_AUS

N_AUS = len(NETWORK_AUS)
AU_COLUMN: dict[int, int] = {number: column for column, number in enumerate(NETWORK_AUS)}

ACTION_SHAPES: dict[int, dict[str, float]] = {
    1: {"browInnerUp": 1.7},
    2: {"browOuterUp": 1.2, "browInnerUp": 0.1},
    4: {"browDown": 1.5, "noseSneer": 0.05},
    5: {"eyeWide": 1.4},
    6: {"cheekRaiser": 0.5, "cheekSquint": 0.6, "eyeSquint": 0.3},
    7: {"eyeSquint": 1.1, "eyeBlink": 0.12},
    9: {"noseSneer": 1.1, "browDown": 0.3},
    10: {"mouthUpperUp": 1.1, "noseSneer": 0.15},
    12: {"mouthSmile": 1.0},
    14: {"mouthDimple": 1.4, "mouthPress": 0.15},
    15: {"mouthFrown": 1.4, "mouthShrugLower": 0.1},
    16: {"mouthLowerDown": 1.1},
    17: {"mouthShrugLower": 1.0, "mouthShrugUpper": 0.65, "mouthRollLower": -0.5},
    18: {"mouthPucker": 1.0},
    20: {"mouthStretch": 1.1},
    22: {"mouthFunnel": 1.0},
    23: {"mouthRollLower": 0.25, "mouthRollUpper": 0.25, "mouthPucker": 0.2, "mouthPress": 0.2},
    24: {"mouthPress": 1.2, "mouthRollLower": 0.35, "mouthRollUpper": 0.35},
    25: {"mouthLowerDown": 0.5, "mouthUpperUp": 0.5, "jawOpen": 0.13},
    26: {"jawOpen": 0.5},
    27: {"jawOpen": 1.05},
    28: {"mouthRollLower": 1.0, "mouthRollUpper": 0.9, "jawOpen": 0.12},
    43: {"eyeBlink": 1.0},
}
"""AU -> shapes at strength 5. ``browDown`` stands for ``browDown_L`` and ``browDown_R``."""

DRAGGED: dict[int, float] = {12: 0.12, 14: 0.3, 20: 0.12}
"""AU -> how far a side that pulls alone, at strength 5, drags the middle of the mouth along: weight
of ``mouthLeft`` or ``mouthRight``."""


def expression_weights(
    strengths: NDArray[np.floating], names: Sequence[str]
) -> NDArray[np.float64]:
    """Return the weights (n, n_shapes) of the expression shapes `names`.

    Parameters
    ----------
    strengths : ndarray, shape (n, n_aus, 2)
        As `draw_strengths` returns them.
    names : sequence of str
        The face model's shapes. A shape without ``_L`` or ``_R`` gets the mean of both sides.
    """
    weights = np.zeros((len(strengths), len(names)))
    for au, shapes in ACTION_SHAPES.items():
        right, left = strengths[:, AU_COLUMN[au]].T / 5.0
        for shape, weight in shapes.items():
            add_shape(weights, names, shape, weight * right, weight * left)
        if au in DRAGGED:
            for shape, dragged in (("mouthRight", right - left), ("mouthLeft", left - right)):
                weights[:, names.index(shape)] += DRAGGED[au] * np.maximum(dragged, 0.0)
    return weights


def add_shape(
    weights: NDArray[np.float64],
    names: Sequence[str],
    shape: str,
    right: NDArray[np.floating] | float,
    left: NDArray[np.floating] | float,
) -> None:
    """Add a shape to `weights` (n, n_shapes) in place, by the names of its columns.

    A shape without ``_L`` or ``_R`` in `names` gets the mean of both sides.
    """
    if shape in names:
        weights[:, names.index(shape)] += (right + left) / 2.0
    else:
        weights[:, names.index(f"{shape}_R")] += right
        weights[:, names.index(f"{shape}_L")] += left
