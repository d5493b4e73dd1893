import math

import pytest

from au_detect.datasets.facs_labels import read_au, read_facs_codes, read_facs_lines, read_intensity
from au_detect.errors import InputError

PRESENT = math.nan


def same(aus, expected):
    """Return whether both hold the same AUs and intensities; NaN is equal to NaN."""
    return aus.keys() == expected.keys() and all(
        value == expected[au] or (math.isnan(value) and math.isnan(expected[au]))
        for au, value in aus.items()
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("12", {12: PRESENT}),
        ("12 25", {12: PRESENT, 25: PRESENT}),
        ("12:3 25:2.5", {12: 3.0, 25: 2.5}),
        ("12:0, 25", {12: 0.0, 25: PRESENT}),
        ("AU12;au04:1", {12: PRESENT, 4: 1.0}),
        ("1+2+5B+26c", {1: PRESENT, 2: PRESENT, 5: 2.0, 26: 3.0}),
        ("12:D", {12: 4.0}),
        ("L14 R12:2", {14: PRESENT, 12: 2.0}),
        ("R12:1 L12", {12: 1.0}),
        ("R12:0 L12", {12: PRESENT}),
    ],
)
def test_cells(text, expected):
    assert same(read_facs_codes(text).aus, expected)


@pytest.mark.parametrize("text", ["smile", "12:", "12:6", "12:-1", "12F", "12:3:4", "0", "A", "-"])
def test_cells_that_cannot_be_read(text):
    with pytest.raises(InputError, match="must be"):
        read_facs_codes(text)


def test_lines_in_scientific_notation():
    text = "   1.2000000e+01   3.0000000e+00\r\n   2.5000000e+01   0.0000000e+00\r\n"
    assert same(read_facs_lines(text).aus, {12: 3.0, 25: PRESENT})


@pytest.mark.parametrize(
    ("word", "expected"),
    [("12", ("", 12)), ("1.2e+01", ("", 12)), ("12.0", ("", 12)), ("L4", ("L", 4)),
     ("rAU10", ("R", 10)), ("AU01", ("", 1))],
)  # fmt: skip
def test_numbers_of_aus(word, expected):
    assert read_au(word) == expected


@pytest.mark.parametrize("word", ["12.5", "0", "-4", "1e9", "LR4", "4L", "", "1.2.3"])
def test_no_numbers_of_aus(word):
    with pytest.raises(InputError, match="an action unit must be a whole number above 0, got"):
        read_au(word)


def test_letters_are_the_five_intensities():
    assert [read_intensity(letter) for letter in "ABCDE"] == [1, 2, 3, 4, 5]
    assert [read_intensity(letter) for letter in "abcde"] == [1, 2, 3, 4, 5]


def test_both_sides_are_one_au_and_one_side_twice_is_a_repetition():
    coded = read_facs_codes("L12:2 R12:4 L14 L15 L15")
    assert coded.aus[12] == 4
    assert coded.one_sided == (14, 15)
    assert coded.sides[12] == (4, 2)
    right, left = coded.sides[14]
    assert right == 0
    assert math.isnan(left)
    assert coded.repeated == (15,)


def test_one_half_is_added_to_what_the_whole_face_shows():
    assert read_facs_codes("12:2 L12:4 R14C").sides == {12: (2, 4), 14: (3, 0)}
    assert read_facs_codes("12:2 14").sides == {}


@pytest.mark.parametrize("letter", "ATBV")
def test_other_letters_of_facs_say_nothing_of_sides(letter):
    coded = read_facs_codes(f"{letter}23C+{letter}AU10:1")
    assert coded.aus == {23: 3, 10: 1}
    assert coded.sides == {}
    assert coded.one_sided == ()
