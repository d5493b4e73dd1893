"""Templates are filled with text, and Python holds no markup."""

import ast
import base64
import hashlib
import json
import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

import au_detect
from au_detect.report.environment import FOLDER, environment, source, source_hash

PACKAGE = Path(au_detect.__file__).parent
MARKUP = re.compile(r"</?[a-z!][a-z0-9]*(?:[ />]|$)|\{[^{}]*:[^{}]*;\s*\}")


def fill(text, **values):
    return environment().from_string(text).render(values)


def test_values_become_text():
    assert fill("{{ x }}", x="<b a='1' c=\"2\">&</b>") == (
        "&lt;b a=&#39;1&#39; c=&#34;2&#34;&gt;&amp;&lt;/b&gt;"
    )


def test_data_cannot_leave_its_script():
    hostile = "</script><!--&'\u2028\u2029"
    text = fill("{{ x|tojson }}", x={"name": hostile})
    assert not set("<>&'\u2028\u2029") & set(text)
    assert json.loads(text) == {"name": hostile}


def test_numbers_that_json_lacks_are_refused():
    with pytest.raises(ValueError, match="not JSON compliant"):
        fill("{{ x|tojson }}", x=float("nan"))


def test_a_value_that_is_not_given_is_an_error():
    with pytest.raises(UndefinedError, match="'title' is undefined"):
        fill('{% extends "base.html" %}{% block layout %}{% endblock %}'
             "{% block main %}{% endblock %}{% block footer %}{% endblock %}")  # fmt: skip


def test_filters():
    assert fill("{{ x|fixed(2) }} {{ 4|au_label }} {{ 12|facs_name }}", x=0.125) == (
        "0.12 AU04 Lip Corner Puller"
    )


def test_another_room_extends_the_shared_templates(tmp_path):
    (tmp_path / "own.html").write_text(
        '{% extends "document.html" %}{% set title = "<own>" %}{% set scripts = ["report.js"] %}'
        '{% set styles = ["palette.css"] %}{% block main %}here{% endblock %}'
        "{% block footer %}{% endblock %}"
    )
    page = environment(tmp_path).get_template("own.html").render()
    assert page.startswith("<!DOCTYPE html>")
    assert "<h1>&lt;own&gt;</h1>" in page
    assert source("palette.css") in page
    assert f"<script>{source('report.js')}</script>" in page
    digest = hashlib.sha256(source("report.js").encode()).digest()
    assert source_hash("report.js") == f"sha256-{base64.b64encode(digest).decode()}"
    assert f"script-src '{source_hash('report.js')}'" in page


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.[cj]s*")), ids=lambda path: path.name)
def test_what_is_embedded_stays_in_its_element(path):
    assert "</" not in path.read_text("utf-8")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.css")), ids=lambda path: path.name)
def test_colours_stand_in_the_palette_alone(path):
    colours = re.findall(r"#[0-9a-f]{3,8}\b|\brgb\(", path.read_text("utf-8"))
    assert bool(colours) == (path.name == "palette.css")


def test_every_template_is_told_of():
    checkout = Path(__file__).parents[3]  # the wheel leaves the README out
    told = (checkout / "au_detect/report/templates/README.rst").read_text("utf-8")
    names = [path.name for path in FOLDER.iterdir() if path.suffix != ".rst"]
    assert len(names) > 10
    assert [name for name in names if f"``{name}``" not in told] == []


def markup_in(tree):
    """Return the texts of a module, docstrings aside, that hold HTML, SVG or a style."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if id(node) not in docstrings
    ]
    return [text for text in texts if MARKUP.search(text)]


@pytest.mark.parametrize("room", ["report", "evaluation", "web"])
def test_no_markup_stands_in_python(room):
    paths = sorted((PACKAGE / room).rglob("*.py"))
    assert paths
    found = {path.name: markup_in(ast.parse(path.read_text("utf-8"))) for path in paths}
    assert {name: texts for name, texts in found.items() if texts} == {}


@pytest.mark.parametrize(
    "code", ["x = '<p>'", "x = f'<td class=\"{y}\">'", "x = 'a</b>'", "x = 'a { color: red; }'"]
)
def test_markup_would_be_found(code):
    assert markup_in(ast.parse(code))
