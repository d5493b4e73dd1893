"""Every command says what it does, shows examples, and every option says what it is for."""

import argparse

import pytest

from au_detect.cli.main import main, make_parser


def commands():
    """Return the parser of every command, by name."""
    (choices,) = [
        action.choices
        for action in make_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    ]
    return choices


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_option_has_help(name):
    actions = commands()[name]._actions
    assert [action.option_strings or action.dest for action in actions if not action.help] == []


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_has_a_paragraph_and_examples(name):
    parser = commands()[name]
    assert len(parser.description.split()) > 12
    examples = [line.strip() for line in parser.epilog.splitlines()[1:]]
    assert examples
    for line in examples:
        words = line.partition("#")[0].split()
        assert words[:2] == ["au-detect", name]


@pytest.mark.parametrize("name", sorted(commands()))
def test_defaults_are_told(name):
    """Options say what their value is where they are not given, if it is any."""
    untold = [
        action.option_strings[0]
        for action in commands()[name]._actions
        if action.option_strings
        and action.nargs != 0
        and action.default not in (None, [], ())
        and "default" not in action.help
    ]
    assert untold == []


def test_nothing_but_the_name_shows_help(capsys):
    assert main([]) == 0
    out, err = capsys.readouterr()
    assert "au-detect demo" in out
    assert "positional arguments" in out
    assert err == ""


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("3=0.5", "an action unit must be one of 1, 2, 4"),
        ("12", "must be like 12=0.4, got '12'"),
        ("12=high", "must be like 12=0.4"),
    ],
)
def test_thresholds_that_make_no_sense_are_refused_before_work(option, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["run", "clip.mp4", "--threshold", option])
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err
