"""Fit the networks of both halves of the face and write a model folder.

Subjects are split three ways, and no subject is in two parts: most train the weights; the
*validation* subjects stop the training, calibrate, and choose thresholds for a stated
false-positive rate; the *test* subjects do nothing but measure, and what they measure is what
the manifest says about each AU.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.base import choose_thresholds
from au_detect.classifiers.model import mean_of_networks
from au_detect.classifiers.runtime import LiteRTNetwork
from au_detect.classifiers.storage import (
    Manifest,
    NetworkEntry,
    network_file,
    save_model,
    sha256_of,
)
from au_detect.datasets.labelled_features import LabelledFeatures
from au_detect.errors import InputError
from au_detect.evaluation.metrics import AUEvaluation, evaluate_aus
from au_detect.facs import ACTION_UNITS, Face, au_label
from au_detect.training.monitor import training_monitor
from au_detect.training.recipe import TrainingRecipe, make_network
from au_detect.training.subject_split import SubjectSplit, split_subjects
from au_detect.version import __version__

__all__ = ["FACES", "TrainingRecipe", "train_models"]

FACES: tuple[Face, ...] = ("upper", "lower")
METRICS = ("n_positive", "n_negative", "tpr", "fpr", "precision", "f1", "auc")

Progress = Callable[[str, int, int], None]
"""Called as ``progress(network_name, n_epochs_done, n_epochs_at_most)``."""


def train_models(
    tables: LabelledFeatures | Sequence[LabelledFeatures],
    out: str | Path,
    recipe: TrainingRecipe | None = None,
    *,
    pose_range_deg: tuple[float, float, float] | None = None,
    progress: Progress | None = None,
    logdir: str | Path | None = None,
) -> Manifest:
    """Fit the upper and the lower network of every table and write them to a model folder.

    Parameters
    ----------
    tables : LabelledFeatures or sequence of them
        At most one of each kind: with or without a neutral face, with or without furrows. Where
        there are both, with and without furrows, the columns of the one without must be the
        first columns of the other; faces with furrows are then answered by the mean of the
        networks of both tables.
    out : path
        The model folder. An older model in it is replaced when all is done, and not before.
    recipe : TrainingRecipe, optional
    pose_range_deg : tuple of float, optional
        Largest absolute head rotation (Rx, Ry, Rz) in the tables, degrees.
    progress : callable, optional
        Called after every epoch as ``progress(network_name, n_done, n_at_most)``.
    logdir : path, optional
        Folder for TensorBoard, a subfolder for each network.

    Returns
    -------
    Manifest
        With thresholds, what the test subjects measured, and the AUs that were dropped.

    Raises
    ------
    InputError
        If the tables do not go together, or no AU has enough positive subjects.
    """
    recipe = recipe or TrainingRecipe()
    tables = [tables] if isinstance(tables, LabelledFeatures) else list(tables)
    _check_tables(tables)
    split = split_subjects(tables, recipe)
    entries: list[NetworkEntry] = []
    contents: dict[str, bytes] = {}
    dropped: dict[str, dict[str, int]] = {}
    history: dict[str, Any] = {}
    for family in _families(tables):
        for face in FACES:
            aus = _choose_aus(family, face, recipe, dropped)
            if not aus:
                continue
            fitted: list[_Fitted] = []
            for table in family:
                name = _network_name(face, table)
                watch = _Watch(name, aus, progress, logdir)
                fitted.append(_fit(name, face, table, aus, split, recipe, watch))
                history[name] = fitted[-1].history
                contents |= fitted[-1].files
                entries.append(_entry(name, face, table, family[-1], aus, fitted, split, recipe))
    if not entries:
        raise InputError(
            f"some AU must be shown by {recipe.min_positive_subjects} subjects, got {dropped}"
        )
    manifest = Manifest(
        landmark_model=tables[0].landmark_model,
        networks=tuple(entries),
        training=_describe(tables, recipe, dropped, len(split.test)) | {"history": history},
        pose_range_deg=pose_range_deg,
        au_detect_version=__version__,
    )
    save_model(out, manifest, contents)
    return manifest


@dataclass(frozen=True)
class _Fitted:
    """The networks of one table.

    Attributes
    ----------
    files : dict of str to bytes
        By name.
    parts : tuple of int
        For each file, which part of the validation subjects it was not trained on.
    n_features : int
        How many columns they read.
    history : list
        Their training curves.
    """

    files: dict[str, bytes]
    parts: tuple[int, ...]
    n_features: int
    history: list[dict[str, list[float]]]


@dataclass(frozen=True)
class _Watch:
    """Who follows the training of the networks `name`."""

    name: str
    aus: tuple[int, ...]
    progress: Progress | None
    logdir: str | Path | None

    def options(self, part: int, n_parts: int) -> dict[str, Any]:
        """Return the options of a classifier that let others follow its training."""
        options: dict[str, Any] = {}
        report = self.progress
        if report is not None:
            options["on_epoch"] = lambda done, total: report(
                self.name, part * total + done, n_parts * total
            )
        if self.logdir is not None:
            folder = Path(self.logdir) / self.name / (str(part) if n_parts > 1 else "")
            options |= {"logdir": str(folder), "monitor": training_monitor(self.aus)}
        return options


def _families(tables: list[LabelledFeatures]) -> list[list[LabelledFeatures]]:
    """Return the tables with and those without a neutral, landmarks alone first."""
    families = []
    for uses_neutral in dict.fromkeys(table.uses_neutral for table in tables):
        family = [table for table in tables if table.uses_neutral == uses_neutral]
        families.append(sorted(family, key=lambda table: table.uses_furrows))
    return families


def _fit(
    name: str,
    face: Face,
    table: LabelledFeatures,
    aus: tuple[int, ...],
    split: SubjectSplit,
    recipe: TrainingRecipe,
    watch: _Watch,
) -> _Fitted:
    """Fit the networks of one table and half of the face: one set for each validation part."""
    features, labels = _samples(face, table, aus, recipe)
    weights = table.row_weights(recipe.minimum_intensity, by_intensity=recipe.intensity_weights)
    is_test, judged = split.is_test(table), _judged(table, recipe)
    files: dict[str, bytes] = {}
    parts: list[int] = []
    history = []
    for part, held_out in enumerate(split.validation_parts(table)):
        options = watch.options(part, len(split.validation))
        classifier = make_network(face, recipe, **options)
        used = ~is_test & (~held_out | judged)
        classifier.fit(
            features[used],
            labels[used],
            sample_weight=weights[used],
            held_out=held_out[used],
        )
        history += classifier.history_
        for content in classifier.export_litert():
            files[network_file(f"{name}-{len(files)}", content)] = content
            parts.append(part)
    return _Fitted(files, tuple(parts), features.shape[1], history)


def _samples(
    face: Face, table: LabelledFeatures, aus: tuple[int, ...], recipe: TrainingRecipe
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    columns = [table.aus.index(au) for au in aus]
    features = table.upper if face == "upper" else table.lower
    return features, table.labels(recipe.minimum_intensity)[:, columns]


def _entry(
    name: str,
    face: Face,
    table: LabelledFeatures,
    judge: LabelledFeatures,
    aus: tuple[int, ...],
    fitted: list[_Fitted],
    split: SubjectSplit,
    recipe: TrainingRecipe,
) -> NetworkEntry:
    """Choose thresholds for the mean of the networks fitted so far, and measure it.

    Both are done on the faces of `judge`: pictures where there are any, not bare landmarks.
    """
    features, labels = _samples(face, judge, aus, recipe)
    names = judge.upper_names if face == "upper" else judge.lower_names
    parts = [part & _judged(judge, recipe) for part in split.validation_parts(judge)]
    unseen = _unseen_probabilities(features, names, fitted, parts, len(aus))
    is_validation = np.any(parts, axis=0)
    thresholds = choose_thresholds(labels[is_validation], unseen[is_validation], recipe.max_fpr)
    measured, probabilities = is_validation, unseen
    if len(split.test):
        measured = split.is_test(judge) & _judged(judge, recipe)
        probabilities[measured] = mean_of_networks(_networks(fitted), features[measured], names)
    measurement = evaluate_aus(labels[measured], probabilities[measured], thresholds, aus)
    files = {file: content for part in fitted for file, content in part.files.items()}
    return NetworkEntry(
        name=name,
        face=face,
        uses_neutral=table.uses_neutral,
        uses_furrows=table.uses_furrows,
        files=tuple(files),
        sha256=tuple(sha256_of(content) for content in files.values()),
        feature_names=table.upper_names if face == "upper" else table.lower_names,
        inputs=tuple(part.n_features for part in fitted for _ in part.files),
        aus=aus,
        thresholds=tuple(float(t) for t in thresholds),
        metrics=_metrics(measurement),
        experimental=tuple(
            au
            for au, auc in zip(aus, measurement.auc, strict=True)
            if au in recipe.experimental or auc < recipe.experimental_below_auc
        ),
    )


def _judged(table: LabelledFeatures, recipe: TrainingRecipe) -> NDArray[np.bool_]:
    """Return the rows that calibration, thresholds and rates may stand on."""
    return table.is_original | recipe.judge_augmented


def _unseen_probabilities(
    features: NDArray[np.float32],
    names: tuple[str, ...],
    fitted: list[_Fitted],
    parts: list[NDArray[np.bool_]],
    n_aus: int,
) -> NDArray[np.float32]:
    """Return what networks say of the validation rows that they did not learn from, else NaN."""
    probabilities = np.full((len(features), n_aus), np.nan, dtype=np.float32)
    for part, rows in enumerate(parts):
        probabilities[rows] = mean_of_networks(_networks(fitted, part), features[rows], names)
    return probabilities


def _networks(fitted: list[_Fitted], part: int | None = None) -> list[LiteRTNetwork]:
    return [
        LiteRTNetwork(content)
        for table in fitted
        for content, own in zip(table.files.values(), table.parts, strict=True)
        if part is None or own == part
    ]


def _network_name(face: Face, table: LabelledFeatures) -> str:
    """Return for example ``"upper_neutral_furrows"`` or ``"lower_single"``."""
    neutral = "neutral" if table.uses_neutral else "single"
    return f"{face}_{neutral}{'_furrows' if table.uses_furrows else ''}"


def _choose_aus(
    family: list[LabelledFeatures],
    face: Face,
    recipe: TrainingRecipe,
    dropped: dict[str, dict[str, int]],
) -> tuple[int, ...]:
    """Return the AUs of `face` that enough subjects show in every table; note the others."""
    kept = set(family[0].aus)
    for table in family:
        labels = table.labels(recipe.minimum_intensity)
        n_subjects = {
            au: len(np.unique(table.subject[labels[:, column] == 1]))
            for column, au in enumerate(table.aus)
            if ACTION_UNITS[au].face == face
        }
        few = {au for au, n in n_subjects.items() if n < recipe.min_positive_subjects}
        dropped[_network_name(face, table)] = {au_label(au): n_subjects[au] for au in sorted(few)}
        kept &= n_subjects.keys() - few
    return tuple(sorted(kept))


def _metrics(measurement: AUEvaluation) -> dict[int, dict[str, float | None]]:
    columns = {name: getattr(measurement, name).astype(float) for name in METRICS}
    return {
        au: {name: float(v[i]) if np.isfinite(v[i]) else None for name, v in columns.items()}
        for i, au in enumerate(measurement.aus)
    }


def _describe(
    tables: list[LabelledFeatures],
    recipe: TrainingRecipe,
    dropped: dict[str, dict[str, int]],
    n_test_subjects: int,
) -> dict[str, Any]:
    return {
        "recipe": asdict(recipe),
        "tables": [
            {
                "uses_neutral": table.uses_neutral,
                "uses_furrows": table.uses_furrows,
                "n_rows": len(table),
                "n_subjects": table.n_subjects,
                "source": table.source,
            }
            for table in tables
        ],
        "n_test_subjects": n_test_subjects,
        "metrics_measured_on": "test subjects" if n_test_subjects else "validation subjects",
        "dropped_aus": dropped,
    }


def _check_tables(tables: list[LabelledFeatures]) -> None:
    kinds = [(table.uses_neutral, table.uses_furrows) for table in tables]
    if not kinds or len(set(kinds)) != len(kinds):
        raise InputError(f"tables must differ in uses_neutral or uses_furrows, got {kinds}")
    models = sorted({table.landmark_model for table in tables})
    if len(models) > 1:
        raise InputError(f"tables must stand on one landmark_model, got {models}")
    for family in _families(tables):
        for face in ("upper_names", "lower_names"):
            first, last = getattr(family[0], face), getattr(family[-1], face)
            if last[: len(first)] != first:
                raise InputError(
                    f"{face} of the table without furrows must be the first of the table with them"
                )
