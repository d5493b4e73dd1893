"""What is installed: versions, landmark model, networks, and how reliable each AU is."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import zip_longest
from os import PathLike
from pathlib import Path

from au_detect.classifiers.storage import NetworkEntry, read_manifest
from au_detect.errors import InputError
from au_detect.facs import ACTION_UNITS, au_label
from au_detect.landmarks.models import OPEN, find_landmark_model, shipped_networks
from au_detect.version import __version__

PACKAGES = ("numpy", "opencv-python-headless", "dlib-bin", "ai-edge-litert", "pandas")
WIDTH = 80
"""Of the screen that the short text fits on, in characters."""
OPTIONAL = ("tensorflow-cpu", "tensorflow", "scikit-learn", "numba", "matplotlib", "pyarrow")


def describe(model: str | PathLike[str] | None = None, *, every: bool = False) -> str:
    """Return a text about the installation and a model folder (by default the shipped one).

    It fits on a screen; with `every`, there is a table for each network instead.

    Raises
    ------
    ModelFileError
        If the model's manifest is missing or damaged.
    """
    name = OPEN
    try:
        landmark_model = find_landmark_model()
        name, landmarks = landmark_model.name, f"{landmark_model.name} ({landmark_model.path})"
    except InputError as error:
        landmarks = str(error)
    folder = shipped_networks(name) if model is None else Path(model)
    manifest = read_manifest(folder)
    lines = [f"au_detect {__version__}, Python {sys.version.split()[0]}"]
    found = [f"{name} {v}" for name in (*PACKAGES, *OPTIONAL) if (v := _version(name))]
    lines += [f"  {name}" for name in found] if every else _wrapped(found)
    lines += ["", f"model: {folder} (made for landmarks {manifest.landmark_model})"]
    lines += [f"landmarks: {landmarks}"]
    if not every:
        return "\n".join([*lines, "", *_overview(manifest.networks)])
    for entry in manifest.networks:
        lines += ["", *_describe_network(entry)]
    lines += ["", "TPR, FPR and AUC were measured on simulated people that training never saw."]
    return "\n".join(lines)


def _wrapped(words: Sequence[str]) -> list[str]:
    return textwrap.wrap(", ".join(words), WIDTH, initial_indent="  ", subsequent_indent="  ")


def _overview(networks: Sequence[NetworkEntry]) -> list[str]:
    """Return how well each AU is found by the networks that know most, in two columns."""
    best: dict[int, tuple[NetworkEntry, float | None]] = {}
    for entry in sorted(networks, key=lambda entry: (entry.uses_neutral, entry.uses_furrows)):
        best |= {au: (entry, entry.metrics.get(au, {}).get("auc")) for au in entry.aus}
    told = [
        f"{au_label(au)} {ACTION_UNITS[au].name:22s}{_number(auc)}"
        f"{' ~' if au in entry.experimental else '  '}"
        for au, (entry, auc) in sorted(best.items())
    ]
    half = (len(told) + 1) // 2
    pairs = zip_longest(told[:half], told[half:], fillvalue="")
    return [
        "How well each action unit is found against a neutral face: AUC in simulated people",
        "whom training never saw. ~ experimental: reported with --experimental only.",
        *(f"  {left}   {right}".rstrip() for left, right in pairs),
        "`au-detect info --all` has the rates of every network.",
    ]


def _describe_network(entry: NetworkEntry) -> list[str]:
    against = "against a neutral face" if entry.uses_neutral else "without a neutral face"
    source = "landmarks and furrows" if entry.uses_furrows else "landmarks alone"
    lines = [f"{entry.face} face, {against}, {source} ({len(entry.files)} networks averaged)"]
    lines += ["  AU    name                       TPR    FPR    AUC"]
    for au in sorted(entry.aus):
        rates = entry.metrics.get(au, {})
        shown = "  ".join(_number(rates.get(name)) for name in ("tpr", "fpr", "auc"))
        mark = "  experimental" if au in entry.experimental else ""
        name = ACTION_UNITS[au].name
        lines.append(f"  {au_label(au)}  {name:24s} {shown}{mark}")
    return lines


def _number(value: float | None) -> str:
    return "    -" if value is None else f"{value:5.3f}"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
