import re
from types import SimpleNamespace

import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.features.columns import check_columns, chosen_rows

COLUMNS = {"place": (np.float32, (2,)), "frame": (np.int64, ())}


@pytest.mark.parametrize("n_rows", [3, "n_rows"])
def test_columns_of_the_right_shape_pass(n_rows):
    check_columns({"place": np.zeros((3, 2)), "frame": np.zeros(3)}, COLUMNS, n_rows)


@pytest.mark.parametrize(
    ("arrays", "n_rows", "message"),
    [
        ({"frame": np.zeros(4)}, 3, "frame must have shape (3,), got (4,)"),
        ({"place": np.zeros((3, 3))}, 3, "place must have shape (3, 2), got (3, 3)"),
        ({"place": np.zeros(3)}, "n_rows", "place must have shape (n_rows, 2), got (3,)"),
    ],
)
def test_a_column_of_another_shape_is_named(arrays, n_rows, message):
    whole = {"place": np.zeros((3, 2)), "frame": np.zeros(3)}
    with pytest.raises(InputError, match=re.escape(message)):
        check_columns(whole | arrays, COLUMNS, n_rows)


@pytest.mark.parametrize(
    "chosen", [np.array([True, False, True]), np.array([0, 2]), slice(0, None, 2)]
)
def test_rows_are_chosen_in_every_column_that_is_named(chosen):
    table = SimpleNamespace(
        frame=np.array([5, 6, 7]), none=None, more={"name": np.array(list("abc"))}, other=1
    )
    rows = chosen_rows(table, ("frame", "none", "more"), chosen)
    assert rows.keys() == {"frame", "none", "more"}
    assert rows["frame"].tolist() == [5, 7]
    assert rows["none"] is None
    assert rows["more"]["name"].tolist() == ["a", "c"]
