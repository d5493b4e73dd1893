from dataclasses import replace

import cv2
import numpy as np
import pytest

pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")

from au_detect.errors import InputError
from au_detect.simulation.collections.landmark_sequences import draw_people
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.model import read_face_model
from au_detect.simulation.materials import stock
from au_detect.simulation.materials.folders import read_materials
from au_detect.simulation.materials.probes import sphere_grid
from au_detect.simulation.materials.skins import PhotographedSkins
from au_detect.simulation.materials.stock import MaterialStock
from au_detect.simulation.rendering.appearance import as_child, draw_appearance
from au_detect.simulation.rendering.coverings import COVERED_FACES, COVERINGS

N, SIZE_PX = 4, 200


@pytest.fixture(scope="module")
def model(evaluation_data):
    return read_face_model(evaluation_data / "face_model" / "ict_facekit.npz")


@pytest.fixture(scope="module")
def people(model):
    return draw_people(model, N, np.random.default_rng(8), per_person=1, wide_turns=0.0)


@pytest.fixture(scope="module")
def materials(tmp_path_factory):
    """Return a place lit from its left half alone, and a brow that covers all it can."""
    folder = tmp_path_factory.mktemp("materials")
    for name in ("hdri", "brows"):
        (folder / name).mkdir()
    toward, _ = sphere_grid((32, 64))
    lit = np.where(toward[..., 0] < 0, 4.0, 0.05)
    cv2.imwrite(str(folder / "hdri" / "left.hdr"), np.repeat(lit[..., None], 3, 2).astype("f4"))
    brow = np.zeros((128, 128, 4), dtype=np.uint8)
    brow[20:50, 4:124, 3] = brow[80:110, 4:124, 3] = 255
    cv2.imwrite(str(folder / "brows" / "full.png"), brow)
    return read_materials(folder)


def pictures(model, people, n=N, **options):
    renderer = SequenceRenderer(model, people, 3, SIZE_PX, **options)
    return [renderer.render_apex(row) for row in range(n)]


@pytest.fixture(scope="module")
def plain(model, people):
    return pictures(model, people)


@pytest.mark.slow
def test_the_same_seed_and_material_give_the_same_pictures(model, people, materials, plain):
    once = pictures(model, people, materials=materials)
    again = pictures(model, people, 1, materials=materials)
    np.testing.assert_array_equal(once[0].image, again[0].image)
    for first, painted in zip(once, plain, strict=True):
        np.testing.assert_array_equal(first.landmarks, painted.landmarks)
    changed = [(a.image != b.image).mean() for a, b in zip(once, plain, strict=True)]
    assert max(changed) > 0.3, "someone is lit by the probe"


@pytest.mark.slow
def test_a_probe_that_is_bright_on_one_side_lights_that_side(model, people, materials, monkeypatch):
    monkeypatch.setattr(stock, "PROBE_SHARE", 1.0)
    renderer = SequenceRenderer(model, people, 3, SIZE_PX, materials=materials)
    probe = renderer.stock.probes[0]
    difference = {}
    for name, yaw in (("left", 0.0), ("right", np.pi)):
        monkeypatch.setattr(MaterialStock, "draw_light", lambda *_, yaw=yaw: probe.light(yaw))
        picture = renderer.render_pair(0)[0]
        cheeks = np.rint(0.5 * (picture.landmarks[[2, 14]] + picture.landmarks[[31, 35]]))
        levels = [
            picture.image[int(y) - 4 : int(y) + 5, int(x) - 4 : int(x) + 5] for x, y in cheeks
        ]
        difference[name] = float(levels[0].mean() - levels[1].mean())
    assert difference["left"] > 15, "the subject's right cheek is on the left of the picture"
    assert difference["right"] < -15


@pytest.mark.slow
@pytest.mark.parametrize("kind", COVERINGS[1:])
def test_coverings_hide_skin_and_leave_the_landmarks(model, people, plain, kind):
    plain = plain[:2]
    covered = pictures(model, people, len(plain), coverings={kind: 1.0})
    for picture, bare in zip(covered, plain, strict=True):
        np.testing.assert_array_equal(picture.landmarks, bare.landmarks)
    changed = [
        np.abs(a.image.astype(int) - b.image) > 20 for a, b in zip(covered, plain, strict=True)
    ]
    assert np.mean([share.mean() for share in changed]) > 0.004


@pytest.mark.slow
def test_masks_hide_the_mouth_and_show_the_eyes(model, people, plain):
    covered = pictures(model, people, coverings={"mask": 1.0})
    hidden, seen = [], []
    for picture, bare in zip(covered, plain, strict=True):
        off = np.abs(picture.image.astype(int) - bare.image)
        for points, found in ((slice(48, 68), hidden), (slice(36, 48), seen)):
            x, y = np.rint(bare.landmarks[points]).astype(int).T.clip(0, SIZE_PX - 1)
            found.append(off[y, x].mean())
    assert np.mean(hidden) > 3 * np.mean(seen)


@pytest.mark.slow
def test_an_unknown_covering_is_refused(model, people):
    with pytest.raises(InputError, match="covering must be one of 'none', 'cap'"):
        pictures(model, people, coverings={"curtain": 1.0})
    assert set(COVERED_FACES) == set(COVERINGS) - {"none"}


def test_people_get_photographs_like_their_skin_and_age():
    names = ("young_dark", "old_dark", "young_light", "old_light")
    tone = np.stack([np.full((2, 8, 8), 1 + 0.1 * k, dtype=np.float16) for k in range(4)])
    skins = PhotographedSkins(names, np.array([0.05, 0.05, 0.5, 0.5], dtype=np.float32), tone)
    rng = np.random.default_rng(0)
    person = replace(draw_appearance(rng), age_years=70.0, skin_reflectance=0.5)
    drawn = [MaterialStock(skins).draw_photograph(person, rng) for _ in range(60)]
    likely = np.array([0.6 <= np.log(d.mean()) / np.log(1.3) <= 1.2 for d in drawn])
    assert likely.mean() > 0.7, "most wear the old and light skin, or a mixture near it"
    assert MaterialStock().draw_photograph(person, rng) is None


def test_children_are_smooth_and_beardless():
    people = [draw_appearance(np.random.default_rng(seed)) for seed in range(40)]
    for person in people:
        child = as_child(person, 8.0)
        assert child.age_years == 8.0
        assert child.beard == "none"
        assert child.age_lines == 0.0
        assert child.hair not in ("bald", "receding")
        assert child.skin_reflectance == person.skin_reflectance
