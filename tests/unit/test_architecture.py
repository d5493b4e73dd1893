"""Imports run in one direction, and heavy libraries are loaded where they are needed only.

Imports inside functions and for type checking are exempt from the order.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import au_detect
from au_detect.datasets.measurement_cache import MEASURING_MODULES

PACKAGE = Path(au_detect.__file__).parent

# A module may import, when it is loaded, only modules that stand before it.
ORDER = """
    .                                                             # the package: lazy names only

    errors  version  paths  facs                                  # what everybody may use
    landmarks  pose  geometry

    pictures  frames                                              # frames
    face_crop  landmark_models  landmark_fit  tracking            # landmarks
    furrows  measurement                                          # and furrows
    neutral  features                                             # features, against the neutral

    classifiers  classifiers.base  classifiers.mlp_losses         # classifiers
    classifiers.mlp_logs  classifiers.mlp_network  classifiers.mlp
    classifiers.baselines  classifiers.manifest
    classifiers.runtime  classifiers.model  classifiers.storage
    scoring

    face_parts  explanations                                      # why
    tables  events  result_checks  results  blinks                # results
    emotion_rules  emotions                                       # emotions
    detect  batch_inputs  batch_records  batch_workers  batch
    annotation  plot_style  face_crop_view  face_drawing          # plots
    plots_face  plots  plots_overview
    report_script  report_style  report_tables  report_timeline   # reports
    report_viewer  report

    datasets  datasets.frame_files  datasets.collection           # labelled sequences
    datasets.facs_labels  datasets.ckplus  datasets.sequence_table
    datasets.labelled_features  datasets.sequences  datasets.augmentation  datasets.tables
    datasets.frame_choice  datasets.frame_measurement  datasets.measurement_cache
    datasets.measured_frames  datasets.measuring  datasets.loading  datasets.summary
    samples

    evaluation.metrics  evaluation  evaluation.intervals          # training and evaluation
    evaluation.summary  evaluation.curves  evaluation.matrices
    recipe  subject_split  training_monitor  training
    learner_options  learners
    evaluation.protocols  evaluation.cross_validation
    evaluation.comparison  evaluation.worst  evaluation.emotion_accuracy
    evaluation.document  evaluation.judging  evaluation.texts
    evaluation.charts  evaluation.worst_pictures  evaluation.page
    layer_search  model_card  training_report

    simulation  simulation.face_model  simulation.actions         # simulation
    simulation.camera  simulation.landmark_error
    simulation.sequences
    simulation.appearance  simulation.light
    simulation.rasterizer  simulation.surface  simulation.eyes
    simulation.background  simulation.skin  simulation.outline
    simulation.furrow_lines  simulation.props  simulation.shading
    simulation.scene  simulation.rendering
    simulation.render_sequences  simulation.collection
    simulation.landmark_examples
    simulation.predictor_file  simulation.landmark_training  simulation.rebuild

    live  live.session  live.sources  live.messages               # the live page
    live.page  live.access  live.server

    demo  info  cli_options  cli_data  cli_recipe  cli_training   # the command line
    cli_pictures  cli_batch  cli_judging  cli_live  cli
"""
MODULES = [name for line in ORDER.splitlines() for name in line.partition("#")[0].split()]

HEAVY = (
    *("dlib", "cv2", "tensorflow", "keras", "sklearn", "pandas", "matplotlib", "numba"),
    *("fastapi", "uvicorn"),
)
ONLY_IN = {
    "fastapi": {"live.server"},
    "uvicorn": {"live.server"},
    "dlib": {"landmark_fit", "tracking", "simulation.landmark_training"},
    "tensorflow": {"classifiers.mlp"},
    "keras": {"classifiers.mlp"},
}


def sources() -> dict[str, ast.Module]:
    """Return the parsed source of every module, by its name below the package."""
    trees = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts) or "."
        trees[name] = ast.parse(path.read_text(encoding="utf-8"))
    return trees


SOURCES = sources()


def nodes_at_load(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs when a module is loaded: nothing in functions or for type checking."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from nodes_at_load(child)


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


def wrong_way(trees: dict[str, ast.Module], order: list[str]) -> list[str]:
    """Return one sentence for every import that runs against the order."""
    place = {name: i for i, name in enumerate(order)}
    return [
        f"{module} must not import {other}, which comes after it in ORDER"
        for module, tree in trees.items()
        for other in sorted(modules_of_the_package(imported(nodes_at_load(tree), module), trees))
        if other != module and place[other] > place[module]
    ]


def test_every_module_has_its_place():
    unknown = sorted(set(SOURCES) - set(MODULES))
    assert not unknown, f"say in ORDER what {', '.join(unknown)} may import and be imported by"
    assert len(MODULES) == len(set(MODULES)), "a module stands twice in ORDER"


def test_imports_run_in_one_direction():
    known = {name: tree for name, tree in SOURCES.items() if name in MODULES}
    wrong = wrong_way(known, MODULES)
    assert not wrong, "\n".join(wrong)


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
    assert len(wrong_way(trees, [".", "early", "late"])) == n_wrong


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_with_its_places_is_imported_there_only(library):
    users = {
        module
        for module, tree in SOURCES.items()
        for name in imported(ast.walk(tree), module)
        if name.partition(".")[0] == library
    }
    allowed = ONLY_IN[library]
    assert users <= allowed, f"only {', '.join(sorted(allowed))} may import {library}"


def test_only_the_command_line_uses_the_simulation():
    for module, tree in SOURCES.items():
        if module.partition(".")[0] == "simulation":
            continue
        used = modules_of_the_package(imported(ast.walk(tree), module), SOURCES)
        simulation = {name for name in used if name.partition(".")[0] == "simulation"}
        assert not simulation or module == "cli_training", f"{module} must not import {simulation}"


def test_classifiers_know_nothing_of_where_the_features_come_from():
    allowed = {".", "errors", "facs", "features"}
    for module, tree in SOURCES.items():
        if module.partition(".")[0] == "classifiers":
            used = modules_of_the_package(imported(ast.walk(tree), module), SOURCES)
            other = {name for name in used if name.partition(".")[0] != "classifiers"} - allowed
            assert not other, f"{module} must not import {other}"


def test_measurements_are_kept_under_the_hash_of_all_code_that_measures():
    used, waiting = set(), {"datasets.frame_measurement"}
    while waiting:
        used |= waiting
        names = set().union(*(imported(ast.walk(SOURCES[module]), module) for module in waiting))
        waiting = modules_of_the_package(names, SOURCES) - used
    assert set(MEASURING_MODULES) == used, (
        "MEASURING_MODULES must be what datasets.frame_measurement imports, directly or not "
        "(what such a module reads from other files than the landmark model must be hashed too)"
    )


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
    assert loaded <= {"dlib", "cv2", "pandas"}
    assert "dlib" in loaded  # else this test would not see what is loaded
