"""Imports run in one direction, and heavy libraries are loaded where they are needed only.

Imports inside functions are exempt; those for type checking only from the order of the list.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import au_detect
from au_detect.datasets.measurement_cache import MEASURING_MODULES

PACKAGE = Path(au_detect.__file__).parent
ARCHITECTURE = Path(__file__).parents[2] / "docs" / "architecture.rst"

PLACE_NAMES = re.compile(r"^    ((?:[a-z_]+(?:/|\.py) *)+)", re.MULTILINE)


def stages() -> list[list[str]]:
    """Return the lines of the list in docs/architecture.rst, each as the names that it places."""
    text = ARCHITECTURE.read_text(encoding="utf-8")
    text = text.partition("never from one above::")[2]
    lines = [match.group(1).split() for match in PLACE_NAMES.finditer(text)]
    return [[name.removesuffix(".py").removesuffix("/") for name in line] for line in lines]


STAGES = stages()

HEAVY = (
    *("dlib", "cv2", "tensorflow", "keras", "sklearn", "pandas", "matplotlib", "numba"),
    *("fastapi", "uvicorn", "sqlalchemy", "httpx", "jinja2", "av"),
)
SERVING = {
    *("web.server.app", "web.server.forms", "web.server.uploads"),
    *(f"web.server.routes.{name}" for name in ("about", "analyses", "pages", "results")),
}
ONLY_IN = {
    "av": {
        "frames.deinterlacing",
        "frames.encoding",
        "frames.luma",
        "frames.video",
        "frames.video_reader",
    },
    "jinja2": {"report.environment"},
    "fastapi": {"web.live.server", *SERVING},
    "uvicorn": {"web.live.server", "web.server.app"},
    "sqlalchemy": {"web.server.store"},
    "httpx": {"web.client"},
    "dlib": {"landmarks.detection", "landmarks.frontal_detector", "landmarks.trees"},
    "ai_edge_litert": {"networks.litert"},
    "tensorflow": {"classifiers.mlp", "simulation.landmarks.network"},
    "keras": {"classifiers.mlp", "simulation.landmarks.network"},
}


@cache
def sources() -> dict[str, ast.Module]:
    """Return the parsed source of every module, by its name below the package."""
    trees = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "."
        trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


def nodes_at_load(node: ast.AST, *, type_checking: bool = False) -> Iterator[ast.AST]:
    """Yield what runs when a module is loaded, or also what type checkers see: no functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        is_for_types = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
        if is_for_types and not type_checking:
            continue
        yield child
        yield from nodes_at_load(child, type_checking=type_checking)


def imported(nodes: Iterator[ast.AST], module: str) -> set[str]:
    """Return the full names of the imported modules (and names, of ``from x import name``)."""
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} must name the package in imports, not dots"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@cache
def imported_anywhere(module: str) -> set[str]:
    """Return the full names of all that a module imports, inside functions too."""
    return imported(ast.walk(sources()[module]), module)


def modules_of_the_package(names: set[str], trees: dict[str, ast.Module]) -> set[str]:
    """Return which modules of the package are among imported names."""
    found = set()
    for name in names:
        if name.partition(".")[0] == "au_detect":
            inside = name.removeprefix("au_detect").removeprefix(".")
            while inside and inside not in trees:
                inside = inside.rpartition(".")[0]
            found.add(inside or ".")
    return found


def loads(trees: dict[str, ast.Module], *, type_checking: bool = False) -> dict[str, set[str]]:
    """Return which modules of the package each imports when it is loaded, or for its types too."""
    names = {
        module: imported(nodes_at_load(tree, type_checking=type_checking), module)
        for module, tree in trees.items()
    }
    return {module: modules_of_the_package(names[module], trees) - {module} for module in trees}


def stage_of(module: str) -> str:
    """Return the room of a module, or the module itself where it stands in none."""
    return module.partition(".")[0] or "."


def wrong_way(trees: dict[str, ast.Module], order: list[list[str]]) -> list[str]:
    """Return one sentence for every import from a line of `order` above the module's own."""
    place = {name: i for i, line in enumerate(order) for name in line}
    return [
        f"{module} must not import {other}, which stands above it in docs/architecture.rst"
        for module, others in loads(trees).items()
        for other in sorted(others)
        if place[stage_of(other)] < place[stage_of(module)]
    ]


def circles(trees: dict[str, ast.Module]) -> list[str]:
    """Return the modules that import each other, when they are loaded or for type checking.

    The package itself may name everything: it loads its names when they are asked for.
    """
    imports = loads(trees, type_checking=True)
    imports.pop(".", None)
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_every_module_has_its_place():
    places = [name for line in STAGES for name in line]
    unknown = sorted({stage_of(module) for module in sources()} - {".", *places})
    assert not unknown, f"say in docs/architecture.rst where {', '.join(unknown)} stands"
    missing = sorted(set(places) - {stage_of(module) for module in sources()})
    assert not missing, f"docs/architecture.rst places {', '.join(missing)}, which are not there"
    assert len(places) == len(set(places)), "a name stands twice in docs/architecture.rst"


def test_imports_run_in_one_direction():
    wrong = wrong_way(sources(), [*STAGES, ["."]])
    assert not wrong, "\n".join(wrong)


def test_no_modules_import_each_other():
    assert not circles(sources())


@pytest.mark.parametrize(
    ("source", "is_circle"),
    [
        ("import au_detect.room.a", True),
        ("if TYPE_CHECKING:\n    from au_detect.room.a import thing", True),
        ("def f():\n    from au_detect.room.a import thing", False),
        ("class A:\n    def f(self):\n        from au_detect.room.a import thing", False),
    ],
)
def test_a_circle_would_be_found(source, is_circle):
    trees = {
        "room.a": ast.parse("from au_detect.room.b import thing"),
        "room.b": ast.parse(source),
    }
    assert set(circles(trees)) == ({"room.a", "room.b"} if is_circle else set())


@pytest.mark.parametrize(
    ("source", "n_wrong"),
    [
        ("from au_detect.late import thing", 1),
        ("from au_detect import late", 1),
        ("import au_detect.late as other", 1),
        ("class A:\n    from au_detect.late import thing", 1),
        ("try:\n    import au_detect.late\nexcept ImportError:\n    pass", 1),
        ("def f():\n    from au_detect.late import thing", 0),
        ("if TYPE_CHECKING:\n    from au_detect.late import thing", 0),
        ("from au_detect import __version__\nimport numpy", 0),
    ],
)
def test_the_wrong_direction_would_be_found(source, n_wrong):
    trees = {".": ast.parse(""), "early": ast.parse(source), "late": ast.parse("")}
    assert len(wrong_way(trees, [["late"], ["early"], ["."]])) == n_wrong


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_with_its_places_is_imported_there_only(library):
    users = {
        module
        for module in sources()
        for name in imported_anywhere(module)
        if name.partition(".")[0] == library
    }
    allowed = ONLY_IN[library]
    assert users <= allowed, f"only {', '.join(sorted(allowed))} may import {library}"


def test_only_the_command_line_uses_the_simulation():
    for module in sources():
        if module.partition(".")[0] == "simulation":
            continue
        used = modules_of_the_package(imported_anywhere(module), sources())
        simulation = {name for name in used if name.partition(".")[0] == "simulation"}
        by_command = module in ("cli.training", "cli.train_networks")
        assert not simulation or by_command, f"{module} must not import {simulation}"


def test_classifiers_know_nothing_of_where_the_features_come_from():
    allowed = {".", "errors", "facs", "features.extraction"}
    allowed |= {"networks", "networks.litert", "networks.network_file"}
    for module in sources():
        if module.partition(".")[0] == "classifiers":
            used = modules_of_the_package(imported_anywhere(module), sources())
            other = {name for name in used if name.partition(".")[0] != "classifiers"} - allowed
            assert not other, f"{module} must not import {other}"


def test_measurements_are_kept_under_the_hash_of_all_code_that_measures():
    used, waiting = set(), {"datasets.frame_measurement"}
    while waiting:
        used |= waiting
        names = set().union(*(imported_anywhere(module) for module in waiting))
        waiting = modules_of_the_package(names, sources()) - used
    assert set(MEASURING_MODULES) == used, (
        "MEASURING_MODULES must be what datasets.frame_measurement imports, directly or not "
        "(what such a module reads from other files than the landmark model must be hashed too)"
    )


def test_tensorflow_waits_until_a_network_is_made():
    """Two modules load it when they are loaded: functions alone may import those."""
    loading = {"simulation.landmarks.network", "simulation.looks.network"}
    assert not {module for module, others in loads(sources()).items() if others & loading}


def loaded_by(statement: str) -> set[str]:
    """Return which heavy libraries a fresh Python has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*({set(HEAVY)} & set(sys.modules)))"
    run = [sys.executable, "-c", code]
    return set(subprocess.run(run, check=True, capture_output=True, text=True).stdout.split())


@pytest.mark.parametrize("module", ["au_detect", "au_detect.cli.main", "au_detect.facs"])
def test_a_light_import_loads_no_heavy_library(module):
    assert loaded_by(f"import {module}") == set()


def test_detection_loads_nothing_that_only_training_needs():
    loaded = loaded_by("from au_detect import AUDetector, detect_aus")
    assert loaded <= {"dlib", "cv2"}
    assert "dlib" in loaded  # else this test would not see what is loaded
