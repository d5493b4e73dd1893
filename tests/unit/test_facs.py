import numpy as np
import pytest

from au_detect.errors import InputError
from au_detect.facs import (
    ACTION_UNITS,
    BLINK,
    LOWER_AUS,
    NETWORK_AUS,
    UPPER_AUS,
    au_label,
    facs_code,
    intensity_letter,
    parse_au,
)


def test_upper_and_lower_action_units():
    assert [*UPPER_AUS] == [1, 2, 4, 5, 6, 7, 43]
    assert [*LOWER_AUS] == [9, 10, 12, 14, 15, 16, 17, 18, 20, 22, 23, 24, 25, 26, 27, 28]


def test_the_networks_know_every_action_unit_but_the_blink():
    assert [*NETWORK_AUS] == sorted({*ACTION_UNITS} - {BLINK})
    assert ACTION_UNITS[BLINK].name == "Blink"


def test_numbers_are_those_of_the_entries_and_names_are_unique():
    assert all(unit.number == number for number, unit in ACTION_UNITS.items())
    assert len({unit.name for unit in ACTION_UNITS.values()}) == len(ACTION_UNITS)
    assert ACTION_UNITS[12].name == "Lip Corner Puller"


@pytest.mark.parametrize(
    ("text", "number"),
    [(12, 12), ("12", 12), ("AU12", 12), ("au01", 1), ("AU1", 1), (" au45 ", 45), ("002", 2)],
)
def test_parse_au(text, number):
    assert parse_au(text) == number


@pytest.mark.parametrize("number", ACTION_UNITS)
def test_labels_are_read_back(number):
    assert parse_au(au_label(number)) == number
    assert len(au_label(number)) == 4


@pytest.mark.parametrize(
    "text", ["AU3", 0, -1, 12.0, "", "AU", "AU12_side", "1 2", "smile", None, True]
)
def test_no_action_unit_is_refused(text):
    with pytest.raises(InputError, match=r"an action unit must be one of 1, 2, 4, .*45, got"):
        parse_au(text)


@pytest.mark.parametrize(
    ("intensity", "letter"),
    [(0, ""), (0.49, ""), (0.5, "A"), (1.5, "B"), (3, "C"), (4.49, "D"), (5, "E"), (np.nan, "")],
)
def test_letters_of_intensities(intensity, letter):
    assert intensity_letter(intensity) == letter


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((12,), "12"), ((12, 3.2), "12C"), ((12, 3.2, 0.5), "L12C"), ((14, None, -0.9), "R14"),
        ((4, 0.2, 0.4), "4"),
    ],
)  # fmt: skip
def test_codes_are_those_of_facs(arguments, code):
    assert facs_code(*arguments) == code
