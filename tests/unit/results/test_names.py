import os
import re

import pytest

from au_detect.results.names import valid_name, valid_path

VALID = re.compile(r'[^<>:"/\\|?*\x00-\x1f\x7f-\x9f]*[^<>:"/\\|?*\x00-\x1f\x7f-\x9f .]')


@pytest.mark.parametrize(
    "name", ["clip", "a b", "Zoë 顔", "x.settings", ".hidden", "=1+1", "nul l"]
)
def test_names_that_every_system_takes_stay(name):
    assert valid_name(name) == name


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a:b", "a_b~"), ('q"<>|?*', "q______~"), ("tab\tnew\nline\x1b[2J", "tab_new_line_[2J~"),
        ("dot.", "dot~"), ("space ", "space~"), ("..", "_~"), ("", "_~"), ("con", "_con~"),
        ("NUL.tar", "_NUL.tar~"), ("lpt¹", "_lpt¹~"), ("com3", "_com3~"), ("\udcff\udcfe", "__~"),
        ("a\\b", "a_b~"), ("c1\x9b31m", "c1_31m~"),
    ],
)  # fmt: skip
def test_other_names_are_made_valid_and_marked(name, begins):
    made = valid_name(name)
    assert re.fullmatch(re.escape(begins) + r"[0-9a-f]{8}", made)
    assert VALID.fullmatch(made)
    assert made == valid_name(name)


def test_different_names_stay_different():
    names = ["a:b", "a?b", "a_b", "a|b", "a_b ", "x" * 250, "x" * 251, "con", "_con"]
    assert len({valid_name(name) for name in names}) == len(names)


@pytest.mark.parametrize("letter", ["x", "ä", "顔", "👩"])
def test_long_names_leave_room_for_endings_in_bytes(letter):
    name = letter * (254 // len(letter.encode()))
    made = valid_name(name)
    assert len(f"{made}.settings.json".encode()) <= 255
    assert made.startswith(letter * 40)
    assert valid_name(name[:-1]) != made


def test_folders_of_a_path_are_made_valid_too():
    path = os.path.join("day: 1", "ok", "aux")
    folder, same, name = valid_path(path).split(os.sep)
    assert folder.startswith("day_ 1~")
    assert same == "ok"
    assert name.startswith("_aux~")
