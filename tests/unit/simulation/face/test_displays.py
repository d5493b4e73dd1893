import numpy as np
import pytest

from au_detect.facs import NETWORK_AUS
from au_detect.simulation.face.actions import AU_COLUMN
from au_detect.simulation.face.displays import (
    DISPLAYS,
    EXCLUDES,
    PROTOTYPES,
    Display,
    draw_displays,
    draw_strengths,
)

DISPLAYS_BY_NAME = {display.name: display for display in DISPLAYS}


def draw(display, n=300, seed=0):
    return draw_strengths(np.random.default_rng(seed), [display] * n)


def shown(strengths):
    """Return the set of AUs of every face."""
    on = strengths.max(axis=2) > 0
    return [{au for au, present in zip(NETWORK_AUS, row, strict=True) if present} for row in on]


# Displays


def test_displays_are_drawn_as_often_as_their_weights_say():
    drawn = draw_displays(np.random.default_rng(0), 20_000)
    counts = {name: sum(d.name == name for d in drawn) for name in ("happiness", "fear", "yawn")}
    assert counts["happiness"] / counts["fear"] == pytest.approx(4 / 2, rel=0.15)
    assert counts["fear"] / counts["yawn"] == pytest.approx(2 / 0.8, rel=0.2)


def test_only_chosen_kinds_are_drawn():
    kinds = (Display("pout", (17,), {}, 3), Display("kiss", (18,), {}, 1))
    drawn = [display.name for display in draw_displays(np.random.default_rng(0), 4000, kinds)]
    assert set(drawn) == {"pout", "kiss"}
    assert drawn.count("pout") / drawn.count("kiss") == pytest.approx(3, rel=0.15)


def test_every_au_is_also_drawn_alone():
    drawn = draw_displays(np.random.default_rng(0), 5000)
    alone = {display.core for display in drawn if display.name.endswith(" alone")}
    assert alone == {(au,) for au in NETWORK_AUS}


def test_the_same_seed_draws_the_same():
    one, same, other = (draw(DISPLAYS_BY_NAME["fear"], 20, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_people_also_speak_blink_and_look_about_while_they_show_something():
    drawn = draw_displays(np.random.default_rng(0), 20_000)
    strata = [display.stratum for display in drawn]
    share = {name: strata.count(name) / len(strata) for name in set(strata)}
    assert set(share) == {
        "expression", "rest", "speech", "laughter", "chewing", "mouth aside", "gaze", "blink"
    }  # fmt: skip
    assert 0.55 < share["expression"] < 0.7
    assert 0.1 < share["speech"] < 0.2
    for name in ("rest", "laughter", "gaze", "blink"):
        assert 0.02 < share[name] < 0.1
    happy = [display for display in drawn if display.name == "happiness"]
    assert np.mean([d.manner == "speech" for d in happy]) == pytest.approx(0.08, abs=0.025)


def test_nobody_speaks_with_lips_that_do_something_else():
    for display in draw_displays(np.random.default_rng(1), 5000):
        if display.manner == "speech":
            assert not {18, 22, 23, 24, 28} & {*display.core, *display.optional}


# Strengths


@pytest.mark.parametrize("display", DISPLAYS, ids=lambda display: display.name)
def test_strengths_are_facs_intensities_of_the_display(display):
    strengths = draw(display, 100)
    assert strengths.shape == (100, len(NETWORK_AUS), 2)
    assert strengths.dtype == np.float32
    assert 0 <= strengths.min() <= strengths.max() <= 5
    possible = {*display.core, *display.optional}
    for aus in shown(strengths):
        assert aus <= possible
        assert not any(set(EXCLUDES.get(au, ())) & aus for au in aus)


def test_the_core_is_always_there():
    assert all({1, 2} <= aus for aus in shown(draw(DISPLAYS_BY_NAME["brow flash"])))


@pytest.mark.parametrize("name", ["happiness", "disgust"])
def test_optional_aus_are_there_as_often_as_said(name):
    display = DISPLAYS_BY_NAME[name]
    seen = shown(draw(display, 2000))
    for au, probability in display.optional.items():
        free = not any(au in EXCLUDES.get(o, ()) for o in (*display.core, *display.optional))
        if free:
            assert np.mean([au in aus for aus in seen]) == pytest.approx(probability, abs=0.04)


def test_a_face_at_rest_shows_nothing():
    assert not draw(DISPLAYS_BY_NAME["neutral"]).any()


@pytest.mark.parametrize(("one_sided", "share"), [(0.0, 0.0), (1.0, 1.0), (0.5, 0.5)])
def test_one_sided_displays_leave_one_side_nearly_still(one_sided, share):
    strengths = draw(Display("smile", (12,), {}, 1, one_sided), 600)[:, AU_COLUMN[12]]
    still = strengths.min(axis=1) < 0.5 * strengths.max(axis=1)
    assert still.mean() == pytest.approx(share, abs=0.08)
    if one_sided == 1.0:  # either side as often
        assert np.mean(strengths[:, 0] > strengths[:, 1]) == pytest.approx(0.5, abs=0.08)


def test_what_shows_on_one_side_leaves_the_other_at_rest():
    brow = draw(DISPLAYS_BY_NAME["one brow raised"])
    raised, smile = brow[:, AU_COLUMN[2]], brow[:, AU_COLUMN[12]]
    assert ((raised > 0).sum(axis=1) == 1).all()
    assert ((smile > 0).sum(axis=1) != 1).all()  # a smile with it is two-sided


def test_two_sides_are_nearly_alike():
    strengths = draw(Display("smile", (12,), {}, 1, 0.0), 1000)[:, AU_COLUMN[12]]
    difference = np.abs(strengths[:, 0] - strengths[:, 1]) / strengths.mean(axis=1)
    assert difference.max() < 0.3
    assert difference.mean() > 0.03  # nobody is a mirror image


def test_faint_displays_are_commoner_than_strong_ones():
    smiles = draw(Display("smile", (12,), {}, 1, 0.0), 2000)[:, AU_COLUMN[12]].max(axis=1)
    assert np.mean(smiles < 2.5) > 1.2 * np.mean(smiles > 4)
    assert 0.8 * 0.8 < smiles.min() < 1.2
    assert smiles.max() > 4.5


def test_a_jaw_never_drops_on_one_side():
    strengths = draw(Display("yawn", (27,), {}, 1, 1.0))[:, AU_COLUMN[27]]
    assert (strengths.min(axis=1) > 0.3 * strengths.max(axis=1)).all()  # only asymmetric


@pytest.mark.parametrize(("one_sided", "n_eyes"), [(0.0, 2), (1.0, 1)])
def test_eyes_are_closed_or_open(one_sided, n_eyes):
    strengths = draw(Display("eyes", (43,), {}, 1, one_sided))[:, AU_COLUMN[43]]
    assert ((strengths == 0) | (strengths >= 4.5)).all()
    assert np.mean((strengths > 0).sum(axis=1) == n_eyes) > 0.9


def test_what_excludes_each_other_does_not_meet():
    display = Display("all", (), dict.fromkeys(NETWORK_AUS, 1.0), 1)
    for aus in shown(draw(display, 5)):
        assert {27, 26} - aus
        assert {43, 5} - aus
        assert {24, 28} - aus


def test_prototypes_show_their_core_and_nothing_else():
    assert len(PROTOTYPES) == 7
    for name, display in PROTOTYPES.items():
        assert display.name == name
        assert all(aus == set(display.core) for aus in shown(draw(display, 20)))
