import numpy as np
import pytest

from au_detect.facs import NETWORK_AUS
from au_detect.features.extraction import LOWER_NAMES
from au_detect.landmarks.points import POINTS, REGIONS, interocular_distance_px
from au_detect.landmarks.pose import estimate_pose
from au_detect.simulation.collections.landmark_error import LandmarkErrorModel
from au_detect.simulation.collections.landmark_sequences import (
    FROWN_NEARS,
    FROWN_SINKS,
    draw_people,
    simulate_landmarks,
)
from au_detect.simulation.face import passing
from au_detect.simulation.face.actions import ACTION_SHAPES, AU_COLUMN
from au_detect.simulation.face.coding import coded_intensity
from au_detect.simulation.face.displays import PROTOTYPES, Display
from au_detect.simulation.face.model import FaceModel
from au_detect.simulation.face.rest import lip_gap
from au_detect.simulation.face.speech import VISEMES

IOD_CM = 6.3
ONE_PIECE = (
    "jaw", "mouthClose", "mouthFunnel", "mouthLeft", "mouthPucker", "mouthRight", "mouthRoll",
    "mouthShrug",
)  # fmt: skip
LOWER_LIP = [*range(55, 60), *range(65, 68)]


def shape_names():
    used = {name for shapes in ACTION_SHAPES.values() for name in shapes}
    used |= {"cheekPuff", "jawLeft", "jawRight", "mouthLeft", "mouthRight"}
    used |= {"mouthClose", "jawForward", *(f"eyeLook{way}" for way in ("In", "Out", "Up", "Down"))}
    sided = [name for name in sorted(used) if not name.startswith(ONE_PIECE)]
    whole = [name for name in sorted(used) if name.startswith(ONE_PIECE)]
    return (*whole, *(f"{name}_{side}" for name in sided for side in "LR"))


@pytest.fixture(scope="session")
def model(mean_face):
    """Return a face of 68 vertices: only the jaw, the lip corners and the brows can move."""
    names = shape_names()
    neutral = mean_face * (1, -1, -1) * IOD_CM
    expression = np.zeros((len(names), 68, 3), np.float32)
    lower = [*range(5, 12), *LOWER_LIP]
    expression[names.index("jawOpen"), lower, 1] = -0.3 * IOD_CM
    expression[names.index("mouthClose"), LOWER_LIP, 1] = 0.3 * IOD_CM
    for side, corner, brow in (("R", 48, "right_brow"), ("L", 54, "left_brow")):
        expression[names.index(f"mouthSmile_{side}"), corner, 1] = 0.2 * IOD_CM
        expression[names.index(f"browInnerUp_{side}"), REGIONS[brow], 1] = 0.1 * IOD_CM
    identity = np.random.default_rng(0).normal(0, 0.05, (3, 68, 3))
    return FaceModel(
        neutral=neutral.astype(np.float32),
        identity=identity.astype(np.float32),
        expression=expression,
        expression_names=names,
        faces=np.array([[0, 1, 2, -1]], np.int32),
        face_uvs=np.array([[0, 1, 2, -1]], np.int32),
        uv=np.zeros((3, 2), np.float32),
        landmark_vertices=np.arange(68),
        source_sha256="made up",
    )


def people(model, n=60, seed=0, **options):
    return draw_people(model, n, np.random.default_rng(seed), **options)


# Who and what is drawn


def test_every_person_shows_several_sequences_with_one_face(model):
    drawn = people(model, 20, per_person=6)
    assert len(drawn) == 20
    assert np.bincount(drawn.subject).tolist() == [6, 6, 6, 2]
    for subject in range(4):
        mine = drawn.subject == subject
        assert len(np.unique(drawn.identity[mine], axis=0)) == 1
        assert len(np.unique(drawn.distance_cm[mine])) == 1
    assert len(np.unique(drawn.identity, axis=0)) == 4


def test_neutral_faces_of_a_person_are_alike_but_never_the_same(model):
    drawn = people(model, 600)
    rest = drawn.neutral_weights[:, model.expression_names.index("mouthFrown_L")]
    by_person = rest.reshape(-1, 6)
    within, between = by_person.std(axis=1).mean(), by_person.mean(axis=1).std()
    assert 0 < within < between / 2


def test_without_wide_turns_heads_hardly_move(model):
    still, turning = (
        np.degrees(drawn.apex_angles - drawn.neutral_angles)
        for drawn in (people(model, 600, wide_turns=0.0), people(model, 600, wide_turns=1.0))
    )
    assert np.abs(still).max() < 15
    assert (turning.std(axis=0) > 2 * still.std(axis=0)).all()


def test_given_displays_are_shown(model):
    displays = list(PROTOTYPES.values())
    drawn = people(model, len(displays), displays=displays, per_person=1)
    assert drawn.display == list(PROTOTYPES)
    assert len(np.unique(drawn.subject)) == len(displays)
    for row, display in enumerate(displays):
        on = drawn.strengths[row].max(axis=1) > 0
        assert {NETWORK_AUS[i] for i in np.flatnonzero(on)} == set(display.core)


def test_frowns_near_and_sink_brows_in_every_mixture(model):
    frown = [Display("frown", (4,), {}, 1.0, one_sided=0.0, faintest=4.0)] * 400
    drawn = people(model, 400, displays=frown)
    moved = drawn.apex_weights - drawn.neutral_weights

    def mean_of(shape):
        columns = [model.expression_names.index(f"{shape}_{side}") for side in "LR"]
        return moved[:, columns].mean(axis=1)

    whole = ACTION_SHAPES[4]["browDown"] * drawn.strengths[:, AU_COLUMN[4]].mean(axis=1) / 5
    assert np.mean(mean_of("browDown") / whole) == pytest.approx(np.mean(FROWN_NEARS), abs=0.1)
    sunk = -mean_of("browInnerUp") / whole
    assert np.mean(sunk) == pytest.approx(np.mean(FROWN_SINKS), abs=0.05)
    assert np.std(sunk) == pytest.approx(np.ptp(FROWN_SINKS) / np.sqrt(12), rel=0.25)
    assert abs(np.corrcoef(sunk, mean_of("browDown"))[0, 1]) < 0.2


def test_a_mouth_is_drawn_to_the_side_that_acts(model):
    aside = [Display("aside", (14,), {}, 1.0, one_sided=1.0, faintest=3.0, aside=0.8)] * 40
    drawn = people(model, 40, displays=aside)
    moved = drawn.apex_weights - drawn.neutral_weights
    right, left = drawn.strengths[:, AU_COLUMN[14]].T
    for shape, acts in (("mouthRight", right > left), ("mouthLeft", left > right)):
        weight = moved[:, model.expression_names.index(shape)]
        assert 5 < acts.sum() < 35
        assert weight[acts].min() > 0.35
        assert np.abs(weight[~acts]).max() < 0.2
    assert np.all(drawn.intensity[:, AU_COLUMN[14]] > 1.5)


def manner(name, core=()):
    return Display(name, core, {}, 1, 0.0, manner=name)


def test_lips_meet_for_p_b_and_m_and_nothing_parts_them(model, monkeypatch):
    for sound in ("p b m", "a"):
        moment = VISEMES[sound]
        monkeypatch.setitem(passing._MOMENTS, "speech", lambda rng, moment=moment: moment)
        drawn = people(model, 60, displays=[manner("speech")] * 60)
        gap = lip_gap(model, drawn.identity, drawn.apex_weights)
        part = drawn.intensity[:, AU_COLUMN[25]]
        if sound == "p b m":
            assert gap.max() < 0.01
            assert not part.any()
        else:
            assert gap.min() > 0.05
            assert (part >= 3).all()


@pytest.mark.parametrize("name", ["speech", "chewing", "gaze", "blink", "mouth aside"])
def test_what_is_no_expression_is_coded_as_none(model, name):
    drawn = people(model, 300, displays=[manner(name)] * 300)
    assert set(drawn.stratum) == {name}
    assert not drawn.strengths.any()
    seen = {NETWORK_AUS[i] for i in np.flatnonzero((drawn.intensity > 0).any(axis=0))}
    assert seen <= {25, 26, 43}  # parted lips, dropped jaws and closed eyes are coded in all
    rounded = drawn.intensity[:, [AU_COLUMN[18], AU_COLUMN[22]]]
    assert np.isnan(rounded).any() == (name in ("speech", "mouth aside"))
    if name == "speech":
        assert np.isnan(rounded).mean() < 0.1


def test_speech_does_not_hide_what_is_shown_with_it(model):
    drawn = people(model, 100, displays=[manner("speech", (1, 12))] * 100)
    for au in (1, 12):
        np.testing.assert_array_equal(
            drawn.intensity[:, AU_COLUMN[au]], drawn.strengths[:, AU_COLUMN[au]].max(axis=1)
        )


def test_heads_tip_with_the_display_unless_they_are_held_still(model):
    nod = Display("pout", (17,), {}, 1, 0.0, nod_deg=20.0)
    free, still = (
        people(model, 300, displays=[nod] * 300, wide_turns=turns) for turns in (0.1, 0.0)
    )
    assert np.degrees(free.apex_angles - free.neutral_angles)[:, 0].mean() > 15
    assert abs(np.degrees(still.apex_angles - still.neutral_angles)[:, 0].mean()) < 2


def test_lips_part_with_the_jaw_or_stay_closed_over_it(model):
    drop = Display("jaw", (26,), {}, 1, 0.0)
    drawn = people(model, 300, displays=[drop] * 300)
    moved = drawn.apex_weights - drawn.neutral_weights
    jaw, closing = (moved[:, model.expression_names.index(n)] for n in ("jawOpen", "mouthClose"))
    np.testing.assert_allclose(closing, jaw, atol=1e-6)
    stretch = Display("yawn", (27,), {}, 1, 0.0)
    yawning = people(model, 60, displays=[stretch] * 60)
    assert (yawning.strengths[:, AU_COLUMN[25]].max(axis=1) > 0).all()


# What a coder sees


def strengths_of(**sides):
    strengths = np.zeros((1, len(NETWORK_AUS), 2), np.float32)
    for name, pair in sides.items():
        strengths[0, AU_COLUMN[int(name[2:])]] = pair
    return strengths


def coded(au, gap=0.0, change=0.0, **sides):
    intensity = coded_intensity(strengths_of(**sides), np.array([gap]), np.array([change]))
    return float(intensity[0, AU_COLUMN[au]])


def test_the_stronger_side_counts():
    assert coded(12, au12=(1.0, 4.0)) == 4.0
    assert coded(12) == 0.0


@pytest.mark.parametrize(("on", "hidden"), [(9, 4), (9, 10), (43, 5), (43, 7), (26, 27), (6, 7)])
def test_what_another_au_hides_is_not_coded(on, hidden):
    assert np.isnan(coded(hidden, **{f"au{on}": (3.0, 3.0)}))
    both = {f"au{on}": (3.0, 3.0), f"au{hidden}": (2.0, 2.0)}
    assert coded(hidden, **both) == 2.0


def test_a_wink_is_not_closed_eyes():
    assert coded(43, au43=(5.0, 5.0)) == 5.0
    assert np.isnan(coded(43, au43=(0.0, 5.0)))


@pytest.mark.parametrize(
    ("gap", "change", "expected"),
    [(0.1, 0.1, 3.0), (0.0, 0.0, 0.0), (0.02, 0.02, np.nan), (0.1, 0.0, np.nan)],
)
def test_parted_lips_are_coded_by_their_gap(gap, change, expected):
    np.testing.assert_equal(coded(25, gap, change), expected)


def test_parted_lips_keep_a_greater_strength():
    assert coded(25, 0.2, 0.2, au25=(5.0, 5.0)) == 5.0


@pytest.mark.parametrize(
    ("au", "alike", "expected"),
    [(18, 2.0, 0.0), (18, 3.0, np.nan), (26, 1.0, 0.0), (26, 2.0, np.nan), (26, 3.0, 3.0),
     (43, 1.0, 0.0), (43, 3.0, np.nan), (43, 4.8, 4.8)],
)  # fmt: skip
def test_passing_movements_are_no_action_or_in_doubt(au, alike, expected):
    zero = np.zeros(1)
    intensity = coded_intensity(strengths_of(), zero, zero, {au: np.array([alike])})
    np.testing.assert_allclose(intensity[0, AU_COLUMN[au]], expected)


def test_an_action_that_is_there_is_coded_whatever_passes():
    strengths = strengths_of(au18=(2.0, 2.0))
    intensity = coded_intensity(strengths, np.zeros(1), np.zeros(1), {18: np.array([5.0])})
    assert intensity[0, AU_COLUMN[18]] == 2.0


# Landmarks


def test_simulated_landmarks_are_labelled_sequences(model):
    table = simulate_landmarks(model, 14, random_state=1)
    assert len(table) == 14
    assert table.n_subjects == 3
    assert table.aus == NETWORK_AUS
    assert table.landmark_model == "true"
    assert table.furrows is None
    assert table.attributes["display"].shape == (14,)
    assert table.attributes["strengths"].shape == (14, len(NETWORK_AUS), 2)
    assert table.source == {"face_model_sha256": "made up", "random_state": 1, "n": 14}
    for points in (table.neutral_points, table.points):
        assert points.dtype == np.float32
        assert np.isfinite(points).all()
        np.testing.assert_allclose(interocular_distance_px(points), 100.0, rtol=1e-4)


def test_the_seed_decides(model):
    one, same, other = (simulate_landmarks(model, 12, random_state=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(one.points, same.points)
    np.testing.assert_array_equal(one.intensity, same.intensity)
    assert not np.array_equal(one.points, other.points)


def test_landmarks_are_where_the_head_is_turned(model):
    table, drawn = simulate_landmarks(model, 120, random_state=2), people(model, 120, 2)
    seen = estimate_pose(table.neutral_points).angles
    assert np.corrcoef(seen[:, 1], drawn.neutral_angles[:, 1])[0, 1] > 0.8
    assert np.corrcoef(seen[:, 2], drawn.neutral_angles[:, 2])[0, 1] > 0.9


def test_labels_belong_to_what_the_landmarks_show(model):
    table = simulate_landmarks(model, 1500, random_state=3)
    lower = table.features().lower
    dropped = table.intensity[:, table.aus.index(27)]
    opening = lower[:, LOWER_NAMES.index("lip_opening")]
    assert np.median(opening[dropped > 2]) > 0.1
    assert abs(np.median(opening[np.nan_to_num(table.intensity).max(axis=1) == 0])) < 0.02
    smiles = table.intensity[:, table.aus.index(12)]
    height = -table.points[:, [POINTS["right_lip_corner"], POINTS["left_lip_corner"]], 1].mean(1)
    height += table.neutral_points[:, [48, 54], 1].mean(axis=1)
    assert np.median(height[smiles > 3]) > np.median(height[smiles == 0]) + 5


def test_an_error_model_distorts_the_landmarks_and_names_them(model):
    blind = LandmarkErrorModel(
        "blind", np.zeros((136, 136)), np.full(136, 0.5), np.zeros((1, 136)), np.zeros((1, 136))
    )
    table = simulate_landmarks(model, 12, error=blind)
    assert table.landmark_model == "blind"
    np.testing.assert_allclose(table.points, 50.0, atol=1e-4)
    np.testing.assert_allclose(table.neutral_points, 50.0, atol=1e-4)
    np.testing.assert_array_equal(table.intensity, simulate_landmarks(model, 12).intensity)
