"""What a built wheel holds, and that it works where it is unpacked."""

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SETUPTOOLS_MAJOR = int(version("setuptools").split(".")[0]) if find_spec("setuptools") else 0
SOURCES = ("au_detect", "models", "data")
SCRIPT = """
from au_detect import detect_aus, sample_sequences
import au_detect
folder = sample_sequences()["happiness"]
result = detect_aus(sorted(folder.iterdir())[-1], neutral=sorted(folder.iterdir())[0])
print(au_detect.__file__, folder, result.active[0, result.aus.index(12)], sep="\\n")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Build a wheel from a copy: building leaves traces in the folder it is done in."""
    if not all(find_spec(name) for name in ("pip", "setuptools")):
        pytest.skip("pip or setuptools is not installed")
    if not find_spec("wheel") and SETUPTOOLS_MAJOR < 71:
        pytest.skip("setuptools is too old to build a wheel by itself")
    source = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "tests" / "unit", source / "tests" / "unit")
    for path in ROOT.glob("*.*"):
        if path.is_file():
            shutil.copy(path, source)
    shutil.copy(ROOT / "LICENSE", source)
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--no-index", "--wheel-dir", "dist"]
    command = [sys.executable, "-m", "pip", "wheel", ".", *options]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = (source / "dist").glob("au_detect-*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_rules_and_ranges_travel_in_the_wheel(names):
    assert {"au_detect/emotions/rules.toml", "au_detect/models/rest_ranges.json"} <= set(names)


def test_the_live_page_travels_in_the_wheel(names):
    assert {f"au_detect/web/live/page.{ending}" for ending in ("html", "css", "js")} <= set(names)


def test_the_page_templates_travel_in_the_wheel(names):
    folder = ROOT / "au_detect" / "report" / "templates"
    templates = {path for path in folder.iterdir() if path.suffix != ".rst"}
    assert len(templates) > 10
    assert {path.relative_to(ROOT).as_posix() for path in templates} <= set(names)


def test_models_travel_in_the_wheel(names):
    for landmarks in ("open", "ibug300w"):
        folder = f"au_detect/models/{landmarks}/"
        assert f"{folder}manifest.json" in names
        assert any(name.startswith(folder) and name.endswith(".tflite") for name in names)
    for network in ("open", "open.eyes", "open.mouth"):
        assert f"au_detect/models/landmarks/{network}.tflite" in names


def test_samples_travel_in_the_wheel_with_their_labels(names):
    for folder, ending in (
        ("cohn-kanade-images", ".png"),
        ("FACS", "_facs.txt"),
        ("Emotion", "_emotion.txt"),
    ):
        start = f"au_detect/data/{folder}/"
        assert any(name.startswith(start) and name.endswith(ending) for name in names)


def test_every_module_is_in_the_wheel(names):
    modules = {str(p.relative_to(ROOT)) for p in (ROOT / "au_detect").rglob("*.py")}
    assert {Path(name).as_posix() for name in modules} <= set(names)
    assert "au_detect/py.typed" in names


def test_nothing_else_is_in_the_wheel(names):
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"au_detect"}
    assert not [name for name in names if "test" in name.lower() or name.endswith(".pyc")]


def test_the_command_is_an_entry_point(wheel, names):
    (place,) = (name for name in names if name.endswith("entry_points.txt"))
    with zipfile.ZipFile(wheel) as archive:
        assert "au-detect = au_detect.cli.main:main" in archive.read(place).decode()


def test_the_unpacked_wheel_detects(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    module, folder, smiles = done.stdout.split("\n")[:3]
    assert Path(module).is_relative_to(tmp_path)
    assert Path(folder).is_relative_to(tmp_path / "site" / "au_detect" / "data")
    assert smiles == "True"
