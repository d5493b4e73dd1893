import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.errors import InputError
from au_detect.evaluation.protocols import make_folds

SUBJECT = np.repeat([f"S{i:03d}" for i in range(23)], 4)


@pytest.mark.parametrize(("protocol", "n_folds"), [("subject-kfold", 5), ("loso", 23)])
def test_no_subject_is_in_training_and_test(protocol, n_folds):
    folds = make_folds(protocol, SUBJECT, n_folds=5)
    assert len(folds) == n_folds
    for fold in folds:
        assert not set(SUBJECT[fold.training]) & set(SUBJECT[fold.test])
        assert (fold.training ^ fold.test).all()
    np.testing.assert_array_equal(np.sum([fold.test for fold in folds], axis=0), 1)


def test_folds_are_about_equally_large_and_dealt_by_the_seed():
    sizes = [fold.test.sum() for fold in make_folds("subject-kfold", SUBJECT, n_folds=5)]
    assert max(sizes) - min(sizes) <= 4
    first, again, other = (
        make_folds("subject-kfold", SUBJECT, n_folds=5, random_state=seed)[0].test
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_folds_do_not_depend_on_the_order_of_rows():
    order = np.random.default_rng(0).permutation(len(SUBJECT))
    sorted_folds = make_folds("subject-kfold", SUBJECT)
    for fold, shuffled in zip(
        sorted_folds, make_folds("subject-kfold", SUBJECT[order]), strict=True
    ):
        np.testing.assert_array_equal(shuffled.test, fold.test[order])


def test_random_quarter_is_scikit_learns_with_seed_42():
    from sklearn.model_selection import train_test_split

    (fold,) = make_folds("random-quarter", SUBJECT, random_state=7)
    _, tested = train_test_split(np.arange(len(SUBJECT)), test_size=0.25, random_state=42)
    np.testing.assert_array_equal(np.flatnonzero(fold.test), np.sort(tested))
    assert set(SUBJECT[fold.training]) & set(SUBJECT[fold.test])


@pytest.mark.parametrize(
    ("protocol", "subject", "n_folds", "message"),
    [
        ("5-fold", SUBJECT, 5, "protocol must be one of 'subject-kfold'"),
        ("subject-kfold", SUBJECT, 1, "n_folds must be at least 2, got 1"),
        ("loso", ["a", "b"], 5, "at least 3 subjects, got 2"),
        ("random-quarter", ["a"] * 7, 5, "at least 8 rows, got 7"),
    ],
)
def test_refused(protocol, subject, n_folds, message):
    with pytest.raises(InputError, match=message):
        make_folds(protocol, subject, n_folds=n_folds)


def test_a_random_quarter_keeps_sequences_whole():
    subject, sequence = np.repeat(np.arange(20), 8), np.tile(np.repeat(np.arange(2), 4), 20)
    (fold,) = make_folds("random-quarter", subject, sequence=sequence)
    parts = fold.test.reshape(40, 4)
    np.testing.assert_array_equal(parts.any(axis=1), parts.all(axis=1))
    assert fold.test.sum() == 40
    with pytest.raises(InputError, match="random-quarter needs at least 8 rows, got 4"):
        make_folds("random-quarter", subject[:16], sequence=sequence[:16])
