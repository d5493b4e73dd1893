import operator

import pytest

from au_detect.simulation.parallel import in_parallel


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_answers_come_in_the_order_of_the_calls(n_jobs):
    calls = [(number, 10) for number in range(5)]
    assert list(in_parallel(operator.mul, calls, n_jobs=n_jobs)) == [0, 10, 20, 30, 40]


def test_the_progress_bar_sees_every_part_and_their_number():
    seen = []

    def bar(parts, n_parts):
        for part in parts:
            seen.append((part, n_parts))
            yield part

    assert list(in_parallel(operator.neg, [(1,), (2,)], progress=bar)) == [-1, -2]
    assert seen == [(-1, 2), (-2, 2)]
