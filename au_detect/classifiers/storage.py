"""Model folders: ``manifest.json`` and its ``.tflite`` files. Never a pickle.

Baselines, which only training knows, are ``.skops`` files.

The manifest holds the SHA-256 sum of every file. A file is read once, its sum is checked, and
only then do those same bytes reach the interpreter: altered files would load and run.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from au_detect.classifiers.manifest import (
    MANIFEST_NAME,
    Manifest,
    NetworkEntry,
    NetworkKind,
    manifest_text,
    read_manifest,
    sha256_of,
)
from au_detect.classifiers.model import AUModel
from au_detect.errors import InputError, ModelFileError

if TYPE_CHECKING:
    from au_detect.classifiers.baselines import OneForEachAU

__all__ = [
    "AUModel",
    "Manifest",
    "NetworkEntry",
    "NetworkKind",
    "load_baseline",
    "load_model",
    "network_file",
    "read_manifest",
    "save_baseline",
    "save_model",
    "sha256_of",
]

TRUSTED_TYPES = (
    "au_detect.classifiers.baselines.AdaBoostAUClassifier",
    "au_detect.classifiers.baselines.LinearSVMClassifier",
    "au_detect.classifiers.baselines.LogisticRegressionClassifier",
    "au_detect.classifiers.baselines.RBFSVMClassifier",
    "sklearn.tree._tree.Tree",
)
"""What a ``.skops`` file may hold beside what skops trusts by itself."""


def load_model(folder: str | Path) -> AUModel:
    """Open a model folder.

    Raises
    ------
    ModelFileError
        If the manifest is missing, damaged or of another format version, if a file is missing
        or has another SHA-256 sum than the manifest says, or if a network does not have the
        inputs and outputs that it should.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    contents = {}
    for file in _files(manifest):
        try:
            contents[file] = (folder / file).read_bytes()
        except OSError as error:
            raise ModelFileError(f"{folder / file} must be readable: {error.strerror}") from error
    try:
        return AUModel(manifest, contents, folder)
    except ModelFileError as error:
        raise ModelFileError(f"model folder {folder}: {error}") from error


def save_model(folder: str | Path, manifest: Manifest, contents: Mapping[str, bytes]) -> None:
    """Write a model folder, so that it is the old model or the new one at every moment.

    Network files are written under names that no other content has (see `network_file`), then
    the manifest is exchanged in one step, then the old model's files are removed. Other files
    in the folder, such as a model card, stay.

    Raises
    ------
    ModelFileError
        If `contents` and `manifest` do not fit each other; nothing is written then.
    """
    folder = Path(folder)
    AUModel(manifest, contents)
    text = manifest_text(manifest)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        old_files = _files(read_manifest(folder))
    except ModelFileError:  # no older model here, or none that can be read
        old_files = set()
    for file in sorted(_files(manifest)):
        _write_whole(folder / file, contents[file])
    _write_whole(folder / MANIFEST_NAME, text.encode())
    for file in old_files - _files(manifest):
        (folder / file).unlink(missing_ok=True)


def save_baseline(path: str | Path, classifier: OneForEachAU) -> None:
    """Write a fitted support vector machine, AdaBoost or logistic regression to a skops file.

    Raises
    ------
    InputError
        If `classifier` is none of `au_detect.classifiers.baselines`, or is not fitted.
    """
    from skops.io import dumps

    from au_detect.classifiers.baselines import OneForEachAU

    if not isinstance(classifier, OneForEachAU) or not hasattr(classifier, "estimators_"):
        raise InputError(f"classifier must be a fitted baseline, got {classifier!r}")
    _write_whole(Path(path), dumps(classifier))


def load_baseline(path: str | Path) -> OneForEachAU:
    """Read what `save_baseline` wrote; nothing but `TRUSTED_TYPES` is made of it.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, or holds anything else.
    """
    from skops.io import get_untrusted_types, loads
    from skops.io.exceptions import UntrustedTypesFoundException

    from au_detect.classifiers.baselines import OneForEachAU

    try:
        content = Path(path).read_bytes()
        strangers = sorted(set(get_untrusted_types(data=content)) - set(TRUSTED_TYPES))
        if strangers:
            raise ModelFileError(f"{path} must hold a baseline alone, got {', '.join(strangers)}")
        classifier = loads(content, trusted=list(TRUSTED_TYPES))
    except OSError as error:
        raise ModelFileError(f"{path} must be readable: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, BadZipFile, UntrustedTypesFoundException) as error:
        raise ModelFileError(f"{path} must be a skops file of a baseline: {error}") from error
    if not isinstance(classifier, OneForEachAU):
        raise ModelFileError(f"{path} must hold a baseline, got {type(classifier).__name__}")
    return classifier


def network_file(name: str, content: bytes) -> str:
    """Return a file name for a network that no other content has: ``upper-0-1f2e3d4c.tflite``."""
    return f"{name}-{sha256_of(content)[:8]}.tflite"


def _files(manifest: Manifest) -> set[str]:
    return {file for entry in manifest.networks for file in entry.files}


def _write_whole(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    os.replace(partial, path)
