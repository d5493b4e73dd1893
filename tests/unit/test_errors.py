import re

import numpy as np
import pytest

from au_detect.errors import (
    AUDetectError,
    InputError,
    ModelFileError,
    NoFaceError,
    check_option,
    check_shape,
)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 68, 2), ("n_frames", 68, 2)),
        ((0, 68, 2), ("n_frames", 68, 2)),
        ((7,), ("n_frames",)),
        ((), ()),
    ],
)
def test_a_fitting_shape_passes(shape, expected):
    check_shape("points", np.zeros(shape), expected)


@pytest.mark.parametrize(
    ("shape", "expected", "message"),
    [
        (
            (68, 2),
            ("n_frames", 68, 2),
            "points must have shape (n_frames, 68, 2), got (68, 2)",
        ),
        (
            (3, 67, 2),
            ("n_frames", 68, 2),
            "points must have shape (n_frames, 68, 2), got (3, 67, 2)",
        ),
        (
            (3, 68, 3),
            ("n_frames", 68, 2),
            "points must have shape (n_frames, 68, 2), got (3, 68, 3)",
        ),
        ((3, 1), ("n_frames",), "points must have shape (n_frames,), got (3, 1)"),
        ((), (2,), "points must have shape (2,), got ()"),
    ],
)
def test_another_shape_is_refused_with_both_shapes(shape, expected, message):
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        check_shape("points", np.zeros(shape), expected)


def test_an_option_outside_the_list_is_refused_with_the_list():
    check_option("order", "rgb", ("bgr", "rgb"))
    with pytest.raises(InputError, match=r"^order must be one of 'bgr', 'rgb', got 'gbr'$"):
        check_option("order", "gbr", ("bgr", "rgb"))
    with pytest.raises(InputError, match=r"^order must be one of 1, 2, got None$"):
        check_option("order", None, (1, 2))


@pytest.mark.parametrize("error", [InputError, NoFaceError, ModelFileError])
def test_one_except_clause_catches_every_error_of_the_package(error):
    assert issubclass(error, AUDetectError)


def test_bad_arguments_are_value_errors():
    assert issubclass(InputError, ValueError)
    assert issubclass(NoFaceError, InputError)
    assert not issubclass(ModelFileError, ValueError)
