"""Another way than the given networks is taken where it is surely better, and not by chance."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.training.fitted import FittedHalf
from au_detect.training.preference import is_better

N_PEOPLE, PER_PERSON, AUS = 30, 6, (1, 2, 4, 5, 6)
SUBJECT = np.repeat(np.arange(N_PEOPLE), PER_PERSON)
LABELS = (np.random.default_rng(0).random((len(SUBJECT), len(AUS))) < 0.3).astype(np.float32)


def half(signal, learnt=AUS):
    """Return a half whose classifiers say `signal` times the truth, (n,), and noise."""
    noise = np.random.default_rng(1).normal(size=LABELS.shape)
    logits = np.asarray(signal)[:, None] * LABELS + noise
    unseen = (1 / (1 + np.exp(-logits))).astype(np.float32)
    part = SUBJECT % 3
    from au_detect.evaluation.curve_rates import roc_auc

    aucs = [roc_auc(LABELS[:, c], unseen[:, c], part) for c in range(len(AUS)) if AUS[c] in learnt]
    return FittedHalf(
        uses_neutral=True, face="upper", aus=AUS, members=(), unseen={"geometry": unseen},
        labels=LABELS, part=part, row=np.arange(len(SUBJECT)), intensity=LABELS, strata=(),
        unseen_aucs=tuple(aucs), alternative="", layers=1, learnt=learnt,
    )  # fmt: skip


def test_what_is_better_for_all_people_is_taken():
    weak, strong = half(np.full(len(SUBJECT), 1.0)), half(np.full(len(SUBJECT), 2.0))
    assert is_better(strong, weak, SUBJECT)
    assert not is_better(weak, strong, SUBJECT)
    assert not is_better(weak, weak, SUBJECT)
    assert is_better(half(np.full(len(SUBJECT), 3.0), (1,)), half(SUBJECT * 0.0, (1,)), SUBJECT)


def test_what_one_person_gains_is_not_enough_beside_given_networks():
    before = half(np.full(len(SUBJECT), 1.0))
    of_one = half(np.where(SUBJECT == 7, 5.0, 1.0))
    assert of_one.unseen_auc > before.unseen_auc + 0.003
    assert not is_better(of_one, before, SUBJECT)
    assert is_better(of_one, before, None)
