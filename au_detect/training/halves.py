"""Which action units the classifiers of each half of the face answer."""

from __future__ import annotations

from collections.abc import Sequence

from au_detect.facs import ACTION_UNITS, Face
from au_detect.training.recipe import TrainingRecipe

FACES: tuple[Face, ...] = ("upper", "lower")


def halves_of(
    aus: Sequence[int], recipe: TrainingRecipe
) -> list[tuple[Face | None, tuple[int, ...]]]:
    """Return each half of the face with its AUs, those without any left out.

    With `TrainingRecipe.one_network` there is one entry, None, for the whole face.
    """
    if recipe.one_network:
        return [(None, tuple(aus))]
    halves = [(face, tuple(au for au in aus if ACTION_UNITS[au].face == face)) for face in FACES]
    return [(face, chosen) for face, chosen in halves if chosen]
