"""Which folders of free material a user gives; checked here, read where they are used."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from au_detect.errors import InputError
from au_detect.simulation.materials.makehuman import find_base_mesh
from au_detect.simulation.materials.probes import find_probes
from au_detect.simulation.materials.skins import find_skins

MAKEHUMAN = "makehuman"


@dataclass(frozen=True)
class Materials:
    """Folders of free material, all checked.

    Parameters
    ----------
    skins : Path or None
        Photographed skins on MakeHuman's canvas.
    makehuman : Path or None
        Folder of MakeHuman's base mesh; there if `skins` is.
    lights : Path or None
        Light probes.
    """

    skins: Path | None = None
    makehuman: Path | None = None
    lights: Path | None = None


def read_materials(
    folder: str | PathLike[str], makehuman: str | PathLike[str] | None = None
) -> Materials:
    """Check a folder of material and return what is in it.

    Parameters
    ----------
    folder : path
        Holds at least one of the folders ``skins`` (pictures on MakeHuman's canvas) and ``hdri``
        (equirectangular ``.hdr`` files).
    makehuman : path, optional
        Folder with MakeHuman's base mesh, ``base.obj`` or ``data/mpfb2/3dobjs/base.obj``; by
        default the folder ``makehuman`` beside ``skins``. Needed with skins.

    Returns
    -------
    Materials

    Raises
    ------
    InputError
        If the folder holds neither, a folder is empty, or skins come without a mesh.
    """
    root = Path(folder)
    skins, lights = (root / name if (root / name).is_dir() else None for name in ("skins", "hdri"))
    if skins is None and lights is None:
        raise InputError(f"materials must be a folder with skins/ or hdri/ in it, got {root}")
    mesh = None
    if skins is not None:
        find_skins(skins)
        mesh = root / MAKEHUMAN if makehuman is None else Path(makehuman)
        find_base_mesh(mesh)
    if lights is not None:
        find_probes(lights)
    return Materials(skins, mesh, lights)
