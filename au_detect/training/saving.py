"""A fitted model as a folder that detection loads."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.manifest import IntensityScale
from au_detect.classifiers.storage import (
    Manifest,
    NetworkEntry,
    network_file,
    save_model,
    sha256_of,
)
from au_detect.datasets.augmentation import measured_pairs
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError
from au_detect.evaluation.metrics import AUEvaluation, evaluate_aus
from au_detect.training.fitted import FittedHalf, FittedModel
from au_detect.training.recipe import TrainingRecipe
from au_detect.training.samples import Faces, columns_of
from au_detect.training.watch import network_name
from au_detect.version import __version__

METRICS = ("n_positive", "n_negative", "tpr", "fpr", "precision", "f1", "auc")


def save_fitted(
    fitted: FittedModel,
    folder: str | Path,
    *,
    pose_range_deg: tuple[float, float, float] | None = None,
) -> Manifest:
    """Write the networks of a fitted model to a model folder.

    Parameters
    ----------
    fitted : FittedModel
    folder : path
        An older model in it is replaced when all is done, and not before.
    pose_range_deg : tuple of float, optional
        Largest absolute head rotation (Rx, Ry, Rz) in the collections, degrees.

    Returns
    -------
    Manifest
        With thresholds, what the test people measured, and the AUs that were dropped.

    Raises
    ------
    InputError
        If it cannot be a model folder: it holds baselines, one network for the whole face, or
        networks of furrows alone.
    """
    recipe = fitted.recipe
    if not recipe.is_network or recipe.one_network or recipe.features == "furrows":
        raise InputError(
            "a model folder must hold networks for each half of the face that read landmarks, got "
            f"model {recipe.model!r}, features {recipe.features!r}, one_network "
            f"{recipe.one_network}"
        )
    entries: list[NetworkEntry] = []
    contents: dict[str, bytes] = {}
    for half in fitted.halves:
        files = _files(half)
        contents |= {name: content for name, (content, _) in files.items()}
        kinds = (("geometry",), recipe.views)[: len(recipe.views)]
        entries += [_entry(fitted, half, views, files) for views in kinds]
    manifest = Manifest(
        landmark_model=fitted.data.own.landmark_model,
        networks=tuple(entries),
        training=_described(fitted),
        pose_range_deg=pose_range_deg,
        au_detect_version=__version__,
    )
    save_model(folder, manifest, contents)
    return manifest


def _files(half: FittedHalf) -> dict[str, tuple[bytes, str]]:
    """Return the exported networks of one half of the face with their view, by file name."""
    files: dict[str, tuple[bytes, str]] = {}
    for member in half.members:
        name = network_name(half.face, half.uses_neutral, member.view != "geometry")
        for content in member.classifier.export_litert():
            number = sum(view == member.view for _, view in files.values())
            files[network_file(f"{name}-{number}", content)] = content, member.view
    return files


def _entry(
    fitted: FittedModel,
    half: FittedHalf,
    views: tuple[str, ...],
    files: dict[str, tuple[bytes, str]],
) -> NetworkEntry:
    """Describe the mean of the networks of some views, with its thresholds and what it reached."""
    assert half.face is not None
    recipe, columns = fitted.recipe, columns_of(half.face)
    used = {name: found for name, found in files.items() if found[1] in views}
    has_furrows = views[-1] != "geometry"
    thresholds = half.thresholds(views, recipe)
    measured = _measured(fitted, half, views, thresholds)
    scale = half.intensity_scale(views)
    return NetworkEntry(
        name=network_name(half.face, half.uses_neutral, has_furrows),
        face=half.face,
        uses_neutral=half.uses_neutral,
        uses_furrows=has_furrows,
        files=tuple(used),
        sha256=tuple(sha256_of(content) for content, _ in used.values()),
        feature_names=columns.names[columns.of(views[-1])],
        inputs=tuple(columns.of(view).stop for _, view in used.values()),
        aus=half.aus,
        thresholds=tuple(float(t) for t in thresholds),
        intensity_scale=() if scale is None else _as_tuples(scale),
        metrics=_metrics(half, measured),
        experimental=tuple(
            au
            for au, auc in zip(half.aus, measured.auc, strict=True)
            if au in recipe.experimental or _is_doubtful(half, au, auc, recipe)
        ),
    )


def _as_tuples(scale: NDArray[np.float64]) -> IntensityScale:
    return tuple(tuple((float(a), float(b)) for a, b in steps) for steps in scale)


def _is_doubtful(half: FittedHalf, au: int, auc: float, recipe: TrainingRecipe) -> bool:
    """Return whether an AU does not reach the AUC; what was not learnt is as it was given."""
    if half.given is not None and au not in half.learnt:
        return au in half.given.experimental or au not in half.given.aus
    # An AUC that is undefined, without a test positive, is not above anything.
    return not auc >= recipe.experimental_below_auc


def _measured(
    fitted: FittedModel, half: FittedHalf, views: tuple[str, ...], thresholds: Any
) -> AUEvaluation:
    """Return what the test people measure; where there are none, the people who calibrate."""
    if not len(fitted.test):
        unseen = half.unseen_mean(views)
        return evaluate_aus(half.labels, unseen, thresholds, half.aus, half.part)
    recipe, test = fitted.recipe, fitted.test.rows(fitted.test.is_apex)
    labels = test.labels(half.aus, recipe.minimum_intensity, recipe.faint)
    probabilities = half.predict_proba(_features(test, half), views)
    return evaluate_aus(labels, probabilities, thresholds, half.aus)


def _features(sequences: LabelledSequences, half: FittedHalf) -> Any:
    pairs = measured_pairs(len(sequences))
    return Faces(sequences).features(pairs, half.face, uses_neutral=half.uses_neutral)


def _metrics(half: FittedHalf, measured: AUEvaluation) -> dict[int, dict[str, float | None]]:
    columns = {name: getattr(measured, name).astype(float) for name in METRICS}
    metrics = {
        au: {name: float(v[i]) if np.isfinite(v[i]) else None for name, v in columns.items()}
        for i, au in enumerate(measured.aus)
    }
    if half.given is not None:
        carried = {au: half.given.metrics[au] for au in half.aus if au in half.given.metrics}
        metrics |= {au: found for au, found in carried.items() if au not in half.learnt}
    return metrics


def _described(fitted: FittedModel) -> dict[str, Any]:
    collections = [("own", fitted.data.own)]
    if fitted.recipe.uses_extra:
        collections += [("extra", part) for part in fitted.data.extra]
    return {
        "recipe": asdict(fitted.recipe),
        "collections": [
            {
                "role": role,
                "n_rows": len(part),
                "n_subjects": part.n_subjects,
                "has_furrows": part.furrows is not None,
                "source": part.source,
            }
            for role, part in collections
        ],
        "n_test_subjects": fitted.test.n_subjects,
        "metrics_measured_on": "test subjects" if len(fitted.test) else "validation subjects",
        "dropped_aus": fitted.dropped,
        "started_from": fitted.started_from,
        "learnt_aus": list(fitted.aus),
        "chosen": fitted.chosen,
        "history": fitted.history,
    }
