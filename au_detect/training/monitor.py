"""What a training shows of itself after every epoch: rates per AU, and the confusion picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.classifiers.calibration import choose_thresholds
from au_detect.classifiers.mlp_logs import Monitor
from au_detect.evaluation.matrices import confusion
from au_detect.evaluation.metrics import evaluate_aus
from au_detect.facs import au_label

CELL_PX, MARGIN_PX = 40, 56
INK, PAPER, FULL = (40, 40, 40), (255, 255, 255), (178, 114, 0)  # BGR, as OpenCV draws


def training_monitor(aus: tuple[int, ...], max_fpr: float = 0.05) -> Monitor:
    """Return what `MLPClassifier` calls after every epoch with labels and probabilities.

    It gives TPR, FPR and AUC per AU and their means, at thresholds for a false-positive rate of
    `max_fpr` on those same rows, and a picture of the confusion between AUs.
    """

    def monitor(
        labels: NDArray[np.float32], probabilities: NDArray[np.float32]
    ) -> tuple[dict[str, float], dict[str, NDArray[np.uint8]]]:
        thresholds = choose_thresholds(labels, probabilities, max_fpr)
        evaluation = evaluate_aus(labels, probabilities, thresholds, aus)
        numbers = {}
        for name in ("tpr", "fpr", "auc"):
            rates = getattr(evaluation, name)
            defined = rates[np.isfinite(rates)]
            numbers[f"mean/{name}"] = float(defined.mean()) if len(defined) else float("nan")
            pairs = zip(aus, rates, strict=True)
            numbers |= {f"{name}/{au_label(au)}": float(rate) for au, rate in pairs}
        matrix = confusion(labels, probabilities >= thresholds)
        return numbers, {"confusion": confusion_picture(matrix, aus)}

    return monitor


def confusion_picture(matrix: NDArray[np.float64], aus: tuple[int, ...]) -> NDArray[np.uint8]:
    """Draw a matrix with values in [0, 1] as an RGB picture (height, width, 3).

    A row says what is present, a column what is detected; NaN is left grey.
    """
    side = MARGIN_PX + CELL_PX * len(aus)
    picture = np.full((side, side, 3), PAPER, dtype=np.uint8)
    for i, au in enumerate(aus):
        place = MARGIN_PX + CELL_PX * i + CELL_PX // 2 + 4
        _write(picture, au_label(au), (4, place))
        _write(picture, au_label(au)[2:], (place - 14, MARGIN_PX - 8))
        for j in range(len(aus)):
            corner = (MARGIN_PX + CELL_PX * j, MARGIN_PX + CELL_PX * i)
            _cell(picture, corner, float(matrix[i, j]))
    return np.ascontiguousarray(picture[:, :, ::-1])


def _cell(picture: NDArray[np.uint8], corner: tuple[int, int], value: float) -> None:
    end = (corner[0] + CELL_PX - 2, corner[1] + CELL_PX - 2)
    if not np.isfinite(value):
        cv2.rectangle(picture, corner, end, (225, 225, 225), cv2.FILLED)
        return
    colour = np.array(PAPER) + value * (np.array(FULL) - PAPER)
    cv2.rectangle(picture, corner, end, colour.tolist(), cv2.FILLED)
    if value >= 0.005:
        ink = PAPER if value > 0.6 else INK
        _write(picture, f"{100 * value:.0f}", (corner[0] + 8, corner[1] + 25), ink)


def _write(
    picture: NDArray[np.uint8],
    text: str,
    place: tuple[int, int],
    ink: tuple[int, int, int] = INK,
) -> None:
    cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, ink, 1, cv2.LINE_AA)
