import pytest

import au_detect.paths
from au_detect.errors import AUDetectError, InputError
from au_detect.paths import packaged_folder


def place(monkeypatch, tmp_path, *folders, clone):
    """Put the package into a made-up place."""
    for folder in ("au_detect", *folders):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    if clone:
        (tmp_path / "pyproject.toml").touch()
    monkeypatch.setattr(au_detect.paths, "__file__", str(tmp_path / "au_detect" / "paths.py"))


@pytest.mark.parametrize("kind", ["models", "data"])
def test_finds_the_folders_of_this_installation(kind):
    assert packaged_folder(kind).is_dir()


def test_inside_an_installed_package(monkeypatch, tmp_path):
    place(monkeypatch, tmp_path, "au_detect/models", "models", clone=False)
    assert packaged_folder("models") == tmp_path / "au_detect" / "models"


def test_beside_the_package_in_a_clone(monkeypatch, tmp_path):
    place(monkeypatch, tmp_path, "models", clone=True)
    assert packaged_folder("models") == tmp_path / "models"


def test_a_stranger_s_folder_in_site_packages_is_not_ours(monkeypatch, tmp_path):
    place(monkeypatch, tmp_path, "models", clone=False)
    with pytest.raises(AUDetectError, match=r"folder 'models' must be .* found neither"):
        packaged_folder("models")


def test_other_folders():
    with pytest.raises(InputError, match="kind must be one of 'models', 'data', got 'pictures'"):
        packaged_folder("pictures")
