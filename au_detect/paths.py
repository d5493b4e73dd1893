"""Where the folders that travel with the package are: trained models and sample data."""

from __future__ import annotations

from pathlib import Path

from au_detect.errors import AUDetectError, check_option

FOLDERS = ("models", "data")


def packaged_folder(kind: str) -> Path:
    """Return the folder `kind` that came with the package.

    In an installed package it is inside the package (``au_detect/models``); in a clone, or an
    editable install of one, it is beside the source package.

    Parameters
    ----------
    kind : {"models", "data"}
        Trained models, or sample sequences.

    Raises
    ------
    InputError
        If `kind` is another word.
    AUDetectError
        If the installation is damaged: the folder is in neither place.
    """
    check_option("kind", kind, FOLDERS)
    package = Path(__file__).resolve().parent
    inside, beside = package / kind, package.parent / kind
    if inside.is_dir():
        return inside
    # Something else may be called "models" in site-packages: only a clone has a pyproject.toml.
    if beside.is_dir() and (package.parent / "pyproject.toml").is_file():
        return beside
    raise AUDetectError(
        f"the package's folder {kind!r} must be {inside} or {beside}: found neither"
    )
