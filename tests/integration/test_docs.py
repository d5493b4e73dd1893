"""The pages show every action unit and tutorial, and draw what the card of the models says."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from au_detect.facs import ACTION_UNITS, BLINK, NETWORK_AUS, au_label

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
HAS_SPHINX = importlib.util.find_spec("sphinx_gallery") is not None


@pytest.fixture
def drawing(monkeypatch):
    """What draws the pictures of the pages, importable as the pages' settings make it."""
    pytest.importorskip("docutils")
    monkeypatch.syspath_prepend(str(DOCS))
    yield importlib.import_module
    for name in [name for name in sys.modules if name.split(".")[0] == "drawing"]:
        del sys.modules[name]


def test_every_action_unit_has_a_section():
    text = (DOCS / "action_units.rst").read_text("utf-8")
    titles = re.findall(r"^(AU\d\d .*)\n~+$", text, re.M)
    assert sorted(titles) == [f"{au_label(au)} {unit.name}" for au, unit in ACTION_UNITS.items()]


def test_every_action_unit_is_rendered_and_shown():
    text = (DOCS / "action_units.rst").read_text("utf-8")
    shown = re.findall(r"include:: generated/au(\d\d)\.inc", text)
    assert sorted(map(int, shown)) == sorted(NETWORK_AUS)
    assert BLINK not in NETWORK_AUS  # a blink is a course of time and has no picture
    pictures = {path.stem for path in (DOCS / "action_units").glob("*.jpg")}
    assert pictures == {"neutral", *map(au_label, NETWORK_AUS)}


def test_every_page_is_reached_from_another():
    pages = {path.stem: path.read_text("utf-8") for path in DOCS.glob("*.rst")}
    listed = re.findall(r"^   (?:[\w ]+ <)?(\w+)>?$", pages["index"] + pages["development"], re.M)
    assert sorted([*listed, "index"]) == sorted(pages)


def test_every_module_in_the_api_exists():
    text = (DOCS / "api.rst").read_text("utf-8")
    names = re.findall(r"^   (au_detect\.[\w.]+)$", text, re.M)
    assert len(names) > 30
    for name in names:
        assert _found(name), f"docs/api.rst names {name}, which is not there"


def _found(name):
    try:
        if importlib.util.find_spec(name):
            return True
    except ModuleNotFoundError:
        pass
    module, _, attribute = name.rpartition(".")
    return hasattr(importlib.import_module(module), attribute)


@pytest.mark.skipif(not HAS_SPHINX, reason="needs the extra docs")
def test_every_example_has_its_place_among_the_tutorials(drawing):
    order = drawing("drawing.gallery").ORDER
    assert sorted(order) == sorted(path.name for path in (ROOT / "examples").glob("*.py"))


def test_tables_are_read_from_text(drawing):
    lines = ["===  =========", "Who  TPR", "===  =========", "old  .50 / .75", "===  ========="]
    text = "Rates\n=====\n\nAll together, one / two:\n\n" + "\n".join(lines) + "\n"
    (table,) = drawing("drawing.tables").tables_of(text)
    assert (table.section, table.heads) == ("Rates", ("Who", "TPR"))
    rates = drawing("drawing.accuracy").rates_in(table)
    assert rates == {"one": {"tpr": [0.5]}, "two": {"tpr": [0.75]}}


def test_rates_with_intervals_and_several_in_a_cell(drawing):
    rows = (("1", ".8 [.7, .9] / .05", "7"), ("2", "1.00 / 0", "3"))
    table = drawing("drawing.tables").Table("", "", ("AU", "ours TPR/FPR", "n"), rows)
    rates = drawing("drawing.accuracy").rates_in(table)
    assert rates == {"ours": {"tpr": [0.8, 1.0], "fpr": [0.05, 0.0]}}


def test_the_model_card_has_rates_to_draw(drawing):
    tables = drawing("drawing.tables").tables_of(
        (ROOT / "models" / "MODEL_CARD.rst").read_text("utf-8")
    )
    drawn = [rates for rates in map(drawing("drawing.accuracy").rates_in, tables) if rates]
    assert len(drawn) >= 2
    for rates in drawn:
        for of in rates.values():
            values = [value for values in of.values() for value in values]
            assert not any(value < 0 or value > 1 for value in values)  # NaN: none in the card


def test_the_picture_of_the_architecture_has_every_room(drawing):
    rooms = drawing("drawing.architecture").rooms()
    listed = {name for names, _ in rooms for name in names.split()}
    package = ROOT / "au_detect"
    there = {f"{path.parent.name}/" for path in package.glob("*/__init__.py")}
    assert there <= listed
