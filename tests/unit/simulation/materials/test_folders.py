import cv2
import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect.errors import InputError
from au_detect.simulation.materials.folders import read_materials
from au_detect.simulation.materials.makehuman import read_makehuman_head


def with_files(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        cv2.imwrite(str(folder / name), np.ones((8, 16, 3), dtype=np.float32))
    return folder


def test_each_kind_of_material_is_found_where_it_is(tmp_path):
    with_files(tmp_path / "hdri", "sky.hdr")
    materials = read_materials(tmp_path)
    assert materials.lights == tmp_path / "hdri"
    assert materials.skins is None
    assert materials.brows is None
    assert materials.makehuman is None


def test_a_folder_without_material_says_what_was_expected(tmp_path):
    with pytest.raises(
        InputError, match="must be a folder with one of skins, hdri, brows, portraits"
    ):
        read_materials(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("skins", "skins"), ("hdri", "lights"), ("brows", "brows"), ("portraits", "portraits")],
)
def test_an_empty_folder_is_refused(tmp_path, name, expected):
    (tmp_path / name).mkdir()
    with pytest.raises(InputError, match=rf"{expected} must be a folder of .*{name}"):
        read_materials(tmp_path)


def test_skins_need_the_mesh_that_they_lie_on(tmp_path):
    with_files(tmp_path / "skins", "young.png")
    with pytest.raises(InputError, match="makehuman folder must hold MakeHuman's base mesh"):
        read_materials(tmp_path)
    mesh = tmp_path / "makehuman" / "data" / "mpfb2" / "3dobjs"
    mesh.mkdir(parents=True)
    (mesh / "base.obj").write_text("v 0 0 0\n")
    assert read_materials(tmp_path).makehuman == tmp_path / "makehuman"
    assert read_materials(tmp_path, mesh).makehuman == mesh


def test_another_mesh_is_refused(tmp_path):
    (tmp_path / "base.obj").write_text("v 0 0 0\nvt 0 0\ng body\nf 1/1 1/1 1/1 1/1\n")
    with pytest.raises(InputError, match=r"must have 19158 vertices .* got 1 vertices and 1 faces"):
        read_makehuman_head(tmp_path)
    (tmp_path / "base.obj").write_text("v a b c\n")
    with pytest.raises(InputError, match="must be a Wavefront OBJ file"):
        read_makehuman_head(tmp_path)
