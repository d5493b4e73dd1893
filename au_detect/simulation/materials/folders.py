"""Which folders of free material a user gives; checked here, read where they are used."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from au_detect.errors import InputError
from au_detect.simulation.materials.brow_maps import find_brow_maps
from au_detect.simulation.materials.makehuman import find_base_mesh
from au_detect.simulation.materials.portraits import find_portraits
from au_detect.simulation.materials.probes import find_probes
from au_detect.simulation.materials.skins import find_skins

FOLDERS = ("skins", "hdri", "brows", "portraits")
MAKEHUMAN = "makehuman"


@dataclass(frozen=True)
class Materials:
    """Folders of free material, all checked.

    Parameters
    ----------
    skins : Path or None
        Photographed skins on MakeHuman's canvas.
    makehuman : Path or None
        Folder of MakeHuman's base mesh; there if `skins` is. With its targets beside it, people
        get its heads and expressions too.
    lights : Path or None
        Light probes.
    brows : Path or None
        Pictures of brows' hairs.
    portraits : Path or None
        Photographs of people, which the landmark network is trained on after the renders.
    """

    skins: Path | None = None
    makehuman: Path | None = None
    lights: Path | None = None
    brows: Path | None = None
    portraits: Path | None = None


def read_materials(
    folder: str | PathLike[str], makehuman: str | PathLike[str] | None = None
) -> Materials:
    """Check a folder of material and return what is in it.

    Parameters
    ----------
    folder : path
        Holds at least one of the folders ``skins`` (pictures on MakeHuman's canvas), ``hdri``
        (equirectangular ``.hdr`` files), ``brows`` (pictures of hairs, with transparency) and
        ``portraits`` (photographs of faces).
    makehuman : path, optional
        Folder with MakeHuman's base mesh, ``base.obj`` or ``data/mpfb2/3dobjs/base.obj``; by
        default the folder ``makehuman`` beside ``skins``. Needed with skins.

    Returns
    -------
    Materials

    Raises
    ------
    InputError
        If the folder holds none of them, a folder is empty, or skins come without a mesh.
    """
    root = Path(folder)
    found = [root / name if (root / name).is_dir() else None for name in FOLDERS]
    skins, lights, brows, portraits = found
    if not any(found):
        raise InputError(
            f"materials must be a folder with one of {', '.join(FOLDERS)} in it, got {root}"
        )
    mesh = None if makehuman is None else Path(makehuman)
    if skins is not None:
        find_skins(skins)
        mesh = mesh or root / MAKEHUMAN
    if mesh is not None:
        find_base_mesh(mesh)
    if lights is not None:
        find_probes(lights)
    if brows is not None:
        find_brow_maps(brows)
    if portraits is not None:
        find_portraits(portraits)
    return Materials(skins, mesh, lights, brows, portraits)
