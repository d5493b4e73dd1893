"""The networks that a training begins from: those that come with the package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from au_detect.classifiers.base import AUClassifier
from au_detect.classifiers.continued import ContinuedClassifier
from au_detect.classifiers.dense_network import read_dense_network
from au_detect.classifiers.manifest import NetworkEntry
from au_detect.classifiers.mlp import MLPClassifier
from au_detect.classifiers.storage import AUModel, NetworkKind, load_model
from au_detect.errors import AUDetectError, InputError
from au_detect.facs import Face
from au_detect.landmarks.models import shipped_networks
from au_detect.training.data import TrainingData
from au_detect.training.recipe import FEW_PEOPLE, TrainingRecipe
from au_detect.training.samples import columns_of


@dataclass(frozen=True)
class Start:
    """The model that a training begins from.

    Attributes
    ----------
    model : AUModel
    contents : dict of str to bytes
        Of its files.
    """

    model: AUModel
    contents: dict[str, bytes]

    @property
    def described(self) -> dict[str, Any]:
        """What a manifest says of it."""
        return {
            "model": self.model.name,
            "sha256": self.model.sha256,
            "au_detect_version": self.model.manifest.au_detect_version,
            "landmark_model": self.model.manifest.landmark_model,
        }

    def entry(self, face: Face, *, uses_neutral: bool) -> NetworkEntry:
        """Return the entry of the networks that read all columns of one half of the face."""
        kind = NetworkKind(uses_neutral=uses_neutral, uses_furrows=True)
        return next(e for e in self.model.entries(kind) if e.face == face)

    def classifier(
        self,
        own: Callable[[], MLPClassifier],
        face: Face,
        view: str,
        aus: tuple[int, ...],
        learnt: tuple[int, ...],
        *,
        uses_neutral: bool,
    ) -> AUClassifier:
        """Return an unfitted classifier that begins from the networks of one view.

        Parameters
        ----------
        own : callable
            Returns the unfitted network that begins from nothing.
        face : {"upper", "lower"}
        view : {"geometry", "both"}
        aus, learnt : tuple of int
            What it answers, and what of it the data show often enough to learn.
        uses_neutral : bool
        """
        entry = self.entry(face, uses_neutral=uses_neutral)
        n_columns = columns_of(face).of(view).stop
        given = [
            read_dense_network(self.contents[file])
            for file, n in zip(entry.files, entry.inputs, strict=True)
            if n == n_columns
        ]
        places = [entry.aus.index(au) if au in entry.aus else -1 for au in aus]
        return ContinuedClassifier(given, places, [au in learnt for au in aus], own)


def find_start(data: TrainingData, recipe: TrainingRecipe) -> Start | None:
    """Return the shipped model where a recipe begins from it; None to begin from nothing.

    Raises
    ------
    InputError
        If the recipe insists on the shipped networks, and they do not fit.
    """
    if recipe.start == "scratch" or not recipe.is_network:
        return None
    if recipe.start == "auto" and data.own.n_subjects >= FEW_PEOPLE:
        return None
    try:
        return _open(data, recipe)
    except AUDetectError as error:
        if recipe.start == "auto":
            return None
        raise InputError(f"start 'shipped' must have networks to begin from: {error}") from error


def _open(data: TrainingData, recipe: TrainingRecipe) -> Start:
    if recipe.one_network or recipe.features == "furrows" or recipe.model != "mlp":
        raise InputError("they are networks of landmarks for each half of the face")
    if recipe.search_layers:
        raise InputError("they have the layers that they have: do not search")
    model = load_model(shipped_networks(data.own.landmark_model))
    model.check_landmark_model(data.own.landmark_model)
    for uses_neutral in (True, False):
        kind = NetworkKind(uses_neutral=uses_neutral, uses_furrows=True)
        model.check_features(columns_of("upper").names, columns_of("lower").names, kind)
    assert model.folder is not None
    names = {file for entry in model.manifest.networks for file in entry.files}
    contents = {name: (model.folder / name).read_bytes() for name in names}
    return Start(model, contents)


def with_started(aus: tuple[int, ...], start: Start | None) -> tuple[int, ...]:
    """Return what is learnt and what the given networks know besides."""
    if start is None:
        return aus
    more = {au for entry in start.model.manifest.networks for au in entry.aus}
    return tuple(sorted({*aus, *more}))
