"""MakeHuman's own mesh is not at hand in tests: the face model itself, bent, takes its place."""

import gzip

import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect.errors import InputError
from au_detect.simulation.face.model import PARTS, read_face_model
from au_detect.simulation.materials.heads import AGES_YEARS, ORIGINS, SEXES, transfer
from au_detect.simulation.materials.makehuman import LANDMARK_VERTICES, N_VERTICES, MakeHumanHead
from au_detect.simulation.materials.registration import OutsideSkin, register
from au_detect.simulation.materials.skins import texel_uvs
from au_detect.simulation.rendering.surface import SKIN, read_surface

pytestmark = pytest.mark.slow

N_OWN = PARTS["head"].stop
"""Vertices of the face model that the stand-in keeps: face, head and neck."""
CANVAS_CM = 60.0
EYEBALL = np.array([[x, y, z] for x in (-1.4, 1.4) for y in (-1.4, 1.4) for z in (-1.4, 1.4)])


def bent(points):
    """Return points of the face model where the stand-in has them: larger, higher, bent."""
    moved = 1.08 * points + [0.0, 70.0, 4.0]
    moved[:, 1] += 0.3 * np.sin(points[:, 0] / 4.0)
    moved[:, 0] += 0.25 * np.sin(points[:, 1] / 5.0)
    return moved


@pytest.fixture(scope="module")
def surface(evaluation_data):
    return read_surface(read_face_model(evaluation_data / "face_model" / "ict_facekit.npz"))


@pytest.fixture(scope="module")
def places(surface):
    """Return where each of the face model's vertices stands in the stand-in's order."""
    model = surface.model
    place = np.full(N_OWN, -1)
    for landmark, vertex in LANDMARK_VERTICES.items():
        place[model.landmark_vertices[landmark]] = vertex
    free = np.setdiff1d(np.arange(13380), list(LANDMARK_VERTICES.values()))
    place[place < 0] = free[: (place < 0).sum()]
    return place


@pytest.fixture(scope="module")
def head(surface, places):
    model = surface.model
    vertices = np.full((N_VERTICES, 3), -90.0, dtype=np.float32)
    vertices[places] = bent(model.neutral[:N_OWN].astype(float))
    for eye, side in ((slice(14670, 14742), "right"), (slice(14598, 14670), "left")):
        middle = model.neutral[PARTS[f"{side}_sclera"]].mean(axis=0).astype(float)
        vertices[eye] = bent(middle[None]) + np.resize(EYEBALL, (72, 3))
    chosen = (surface.material == SKIN) & (surface.triangles.max(axis=1) < N_OWN)
    triangles = surface.triangles[chosen]
    uvs = model.neutral[triangles][..., :2] / CANVAS_CM + 0.5
    return MakeHumanHead(
        vertices=vertices,
        triangles=places[triangles].astype(np.int32),
        corner_uvs=uvs.astype(np.float32),
        eyeballs=np.zeros((0, 3), dtype=np.int32),
        sha256="",
    )


def test_known_landmarks_meet_and_the_rest_lies_where_it_belongs(surface, head):
    model = surface.model
    found = register(surface, head, OutsideSkin(head))
    rows, vertices = list(LANDMARK_VERTICES), list(LANDMARK_VERTICES.values())
    np.testing.assert_allclose(
        found.vertices[model.landmark_vertices[rows]], head.vertices[vertices], atol=1e-3
    )
    expected = bent(model.neutral[: PARTS["narrow_face"].stop].astype(float))
    off_cm = np.linalg.norm(found.vertices[: len(expected)] - expected, axis=1)
    assert np.median(off_cm) < 0.06
    assert np.quantile(off_cm, 0.95) < 0.3
    assert found.scale == pytest.approx(1.08, abs=0.02)


def test_texels_of_the_face_find_their_place_on_the_photograph(surface, head):
    uv, weight = texel_uvs(surface, head)
    place = surface.positions[0]
    face = (place[..., 2] > 5) & (np.abs(place[..., 0]) < 6) & (place[..., 1] > -6)
    face &= place[..., 1] < 8
    found_cm = (uv[0] - 0.5) * CANVAS_CM
    off_cm = np.linalg.norm(found_cm - place[..., :2], axis=-1)[face]
    assert np.median(off_cm) < 0.08
    assert np.quantile(off_cm, 0.97) < 0.4
    assert weight[0][face].min() == 1.0


def test_targets_move_the_face_model_as_they_move_makehuman(tmp_path, surface, head, places):
    model = surface.model
    heads, faces = tmp_path / "heads", tmp_path / "faces"
    for folder in (heads, faces):
        folder.mkdir()
    still = "0 0 0 0\n"
    for sex in SEXES:
        for age in AGES_YEARS:
            wide = still
            if age == "child":
                body = head.vertices[places] / 10
                wide = "".join(
                    f"{p} {0.1 * x} 0 0\n" for p, (x, _, _) in zip(places, body, strict=True)
                )
            name = f"universal-{sex}-{age}-averagemuscle-averageweight.target.gz"
            (heads / name).write_bytes(gzip.compress(wide.encode()))
            for origin in ORIGINS:
                path = heads / f"{origin}-{sex}-{age}.target.gz"
                path.write_bytes(gzip.compress(still.encode()))
    index = model.expression_names.index("mouthSmile_L")
    smile = 1.08 * model.expression[index, :N_OWN].astype(float) / 10
    rows = [f"{p} {x} {y} {z}\n" for p, (x, y, z) in zip(places, smile, strict=True)]
    (faces / "mouthSmileLeft.target").write_text("".join(rows))

    found = transfer((heads, faces), surface, head)

    eyes = model.landmark_vertices[[36, 45]]
    child = found.shapes[found.age_years == AGES_YEARS["child"]]
    grown = found.shapes[found.age_years == AGES_YEARS["young"]]
    np.testing.assert_allclose(grown, 0, atol=1e-3)
    widened = child[0, eyes[1], 0] - child[0, eyes[0], 0]
    heightened = child[0, model.landmark_vertices[27], 1] - child[0, model.landmark_vertices[8], 1]
    assert widened > 0.3, "a head that is a tenth wider is wider than high, at the same size"
    assert heightened < 0
    moved = np.linalg.norm(model.expression[index, model.landmark_vertices], axis=1)
    change = np.linalg.norm(found.expression[index, model.landmark_vertices], axis=1)
    assert change.max() < 0.25 * moved.max(), "a target that is the model's own shape adds little"
    assert not found.expression[model.expression_names.index("jawOpen")].any(), "there is no target"


def test_a_missing_target_is_named(tmp_path, surface, head):
    with pytest.raises(InputError, match=r"makehuman folder must hold universal-female-child-"):
        transfer((tmp_path, tmp_path), surface, head)
