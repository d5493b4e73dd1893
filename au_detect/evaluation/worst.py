"""The tested sequences that went most wrong."""

from __future__ import annotations

from typing import Any

import numpy as np

from au_detect.datasets.sequences import LabelledSequences
from au_detect.evaluation.predictions import Predictions
from au_detect.facs import au_label

N_WORST = 12


def find_worst(
    tested: LabelledSequences, predictions: Predictions, n: int = N_WORST
) -> list[dict[str, Any]]:
    """Return the sequences whose wrong decisions were made with the highest certainty.

    They are ordered by the log loss of their wrong decisions, summed.

    Parameters
    ----------
    tested : LabelledSequences
        The tested rows; of the attributes, ``name`` and ``picture`` are told where known.
    predictions : Predictions
        Of the same rows.
    n : int
        How many, at most.

    Returns
    -------
    list of dict
        ``row`` (in the collection), ``subject``, ``name``, ``picture``, and ``missed`` and
        ``false_alarms``: AU label to probability.
    """
    y, p = predictions.y, np.clip(predictions.probabilities.astype(float), 1e-6, 1 - 1e-6)
    decided = predictions.decided
    missed, false_alarm = (y == 1) & (decided == 0), (y == 0) & (decided == 1)
    loss = np.where(missed, -np.log(p), 0) + np.where(false_alarm, -np.log(1 - p), 0)
    total = np.where(missed | false_alarm, loss, 0).sum(axis=1)
    order = [i for i in np.argsort(-total, kind="stable")[:n] if total[i] > 0]

    def listed(row: int, wrong: Any) -> dict[str, float]:
        return {
            au_label(au): float(predictions.probabilities[row, column])
            for column, au in enumerate(predictions.aus)
            if wrong[row, column]
        }

    known = tested.attributes
    return [
        {
            "row": int(predictions.rows[i]),
            "subject": str(tested.subject[i]),
            "name": str(known["name"][i]) if "name" in known else "",
            "picture": str(known["picture"][i]) if "picture" in known else "",
            "missed": listed(i, missed),
            "false_alarms": listed(i, false_alarm),
        }
        for i in order
    ]
