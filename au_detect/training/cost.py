"""What a fitted model costs: time to fit, time for one frame on one core, and size.

Networks are timed as LiteRT runs them, one frame at a time. Finding the face and its landmarks is
not counted: all models need it. Networks that are alike are timed once.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from au_detect.appearance.classifiers import GridClassifier, PictureSVMClassifier
from au_detect.appearance.crops import ALIGNED
from au_detect.appearance.flow import REACH, flow_stack
from au_detect.classifiers.base import AUClassifier
from au_detect.classifiers.baselines import OneForEachAU
from au_detect.classifiers.continued import ContinuedClassifier
from au_detect.classifiers.mlp import MLPClassifier, convert_network
from au_detect.classifiers.runtime import LiteRTNetwork
from au_detect.networks.litert import open_network
from au_detect.training.fitted import FittedModel
from au_detect.training.pixel_fit import FittedPixels

REPEATS = 30


def cost_of(fitted: FittedModel | FittedPixels) -> dict[str, float]:
    """Return ``frame_ms`` and ``size_mb`` of everything that answers for one face.

    Features of landmarks go through with their mirror image, as in detection.
    """
    members: list[tuple[Any, AUClassifier]]
    if isinstance(fitted, FittedPixels):
        members = [(member.face, member.classifier) for member in fitted.members]
    else:
        members = [
            ((half.face, member.view), member.classifier)
            for half in fitted.halves
            for member in half.members
        ]
    seconds, size = 0.0, 0.0
    alike: dict[Any, tuple[float, float]] = {}
    for kind, classifier in members:
        if kind not in alike:
            alike[kind] = _classifier_cost(classifier)
        seconds += alike[kind][0]
        size += alike[kind][1]
    if isinstance(fitted, FittedPixels) and fitted.recipe.model == "twostream":
        window = np.random.default_rng(0).integers(
            0, 255, (2 * REACH + 1, ALIGNED.side_px, ALIGNED.side_px), dtype=np.uint8
        )
        seconds += _seconds(lambda: flow_stack(window))
    return {"frame_ms": 1000 * seconds, "size_mb": size / 1e6}


def _classifier_cost(classifier: Any) -> tuple[float, float]:
    """Return seconds for one frame and bytes."""
    if isinstance(classifier, GridClassifier):
        return _grid_cost(classifier)
    rows = np.zeros((2, classifier.n_features_in_), dtype=np.float32)
    if isinstance(classifier, MLPClassifier | ContinuedClassifier):
        contents = classifier.export_litert()
        networks = [LiteRTNetwork(content) for content in contents]
        seconds = sum(_seconds(lambda n=n: n.predict_proba(rows)) for n in networks)  # type: ignore[misc]
        return seconds, float(sum(map(len, contents)))
    return _seconds(lambda: classifier.predict_proba(rows)), _machine_size(classifier)


def _grid_cost(classifier: GridClassifier) -> tuple[float, float]:
    """Return seconds and bytes of all networks; those of the same channels are alike."""
    seconds, size = 0.0, 0.0
    alike: dict[tuple[Any, ...], tuple[float, float]] = {}
    for part in classifier.parts_:
        kind = (part.channels.start, part.channels.stop)
        if kind not in alike:
            content = convert_network(part.network)
            alike[kind] = (_litert_seconds(content), float(len(content)))
        seconds += alike[kind][0]
        size += alike[kind][1]
    if isinstance(classifier, PictureSVMClassifier):
        rows = np.zeros((1, classifier.machines_.n_features_in_), dtype=np.float32)
        seconds += _seconds(lambda: classifier.machines_.predict_proba(rows))
        size += _machine_size(classifier.machines_)
    return seconds, size


def _machine_size(classifier: OneForEachAU) -> float:
    from skops.io import dumps

    return float(len(dumps(classifier)))


def _litert_seconds(content: bytes) -> float:
    interpreter, inputs, _ = open_network(content, 1)
    frame = np.zeros([int(n) for n in interpreter.get_input_details()[0]["shape"]], np.float32)

    def run() -> None:
        interpreter.set_tensor(inputs[0]["index"], frame)
        interpreter.invoke()

    return _seconds(run)


def _seconds(run: Callable[[], Any]) -> float:
    """Return the median time of a call, the first one not counted."""
    run()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return statistics.median(times)
