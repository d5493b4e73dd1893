import numpy as np
import pytest

from au_detect.facs import NETWORK_AUS
from au_detect.simulation.collections.emotion_pictures import CUTS, EMOTION_DISPLAYS
from au_detect.simulation.face.displays import EXCLUDES

WAYS = [(emotion, way) for emotion, ways in EMOTION_DISPLAYS.items() for way in ways]


@pytest.mark.parametrize(
    ("emotion", "one_of"),
    [
        ("anger", {4}),
        ("disgust", {9, 10}),
        ("fear", {1}),
        ("happiness", {12}),
        ("sadness", {1, 4, 15}),
        ("surprise", {1}),
    ],
)
def test_every_way_of_an_emotion_has_its_action_units(emotion, one_of):
    assert all(one_of & {*way.core} for way in EMOTION_DISPLAYS[emotion])


@pytest.mark.parametrize(("emotion", "way"), WAYS, ids=lambda value: getattr(value, "name", value))
def test_what_is_always_there_can_be_shown_together(emotion, way):
    assert {*way.core, *way.optional} <= {*NETWORK_AUS}
    assert not {*way.core} & {*way.optional}
    assert not any({*EXCLUDES.get(au, ())} & {*way.core} for au in way.core)


@pytest.mark.parametrize("emotion", ["anger", "fear", "sadness", "happiness", "surprise"])
def test_an_emotion_is_shown_with_open_and_with_closed_mouths(emotion):
    always = [25 in way.core for way in EMOTION_DISPLAYS[emotion]]
    assert any(always)
    assert not all(always)


@pytest.mark.slow
def test_people_show_all_emotions_alike_and_a_seed_renders_alike(evaluation_data):
    pytest.importorskip("numba", reason="rendering needs numba (extra: simulate)")
    from au_detect.simulation.collections.emotion_pictures import render_emotions

    model = evaluation_data / "face_model" / "ict_facekit.npz"
    pictures, again = (render_emotions(model, 7, random_state=3) for _ in range(2))
    assert pictures.emotions == tuple(EMOTION_DISPLAYS)
    assert set(pictures.shares().values()) == {CUTS}
    assert len(np.unique(pictures.subject)) == 2
    np.testing.assert_array_equal(pictures.images, again.images)
    first, second = pictures.images[:2].astype(int)
    assert np.abs(first - second).mean() > 1  # another crop of the same face
    assert pictures.images.std(axis=(1, 2)).min() > 5
