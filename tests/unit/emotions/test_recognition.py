import numpy as np
import pytest

from au_detect.emotions import EmotionRule, read_emotion_rules
from au_detect.emotions.recognition import emotions_from_aus
from au_detect.emotions.scores import ANSWERED_FROM
from au_detect.errors import InputError
from au_detect.facs import NETWORK_AUS

PROTOTYPES = {
    "happiness": (6, 12),
    "sadness": (1, 4, 15),
    "surprise": (1, 2, 5, 26),
    "fear": (1, 2, 4, 5, 7, 20, 26),
    "anger": (4, 5, 7, 23),
    "disgust": (9, 15, 16),
}
VARIANTS = [
    ("happiness", (12, 25)),
    ("sadness", (6, 15)),
    ("sadness", (1, 4, 15, 17)),
    ("surprise", (1, 2, 5, 25, 27)),
    ("surprise", (5, 26)),
    ("fear", (1, 2, 4, 5, 25)),
    ("fear", (1, 4, 5, 20, 25)),
    ("anger", (4, 7, 17, 24)),
    ("disgust", (10, 17, 25)),
    ("disgust", (4, 7, 9, 17)),
    ("neutral", ()),
    ("neutral", (25, 26)),
    ("neutral", (17,)),
    ("neutral", (4,)),
]


def coded(*aus, **options):
    """Return the emotions of one face on which exactly these AUs are on."""
    row = [au in aus for au in NETWORK_AUS]
    return emotions_from_aus([row], NETWORK_AUS, **options)


def score(emotions, name, row=0):
    return emotions.scores[row, emotions.emotions.index(name)]


def sides(**of):
    return [[of.get(f"au{au}", 0.0) for au in NETWORK_AUS]]


@pytest.mark.parametrize(("name", "aus"), PROTOTYPES.items())
def test_a_prototype_matches_its_rule_wholly(name, aus):
    emotions = coded(*aus)
    assert emotions.answer.tolist() == [name]
    assert score(emotions, name) == pytest.approx(1.0)
    match = emotions.match(0, name)
    assert (match.matched, match.missing, match.against) == (aus, (), ())


@pytest.mark.parametrize(("name", "aus"), VARIANTS)
def test_variants_and_what_is_no_emotion(name, aus):
    assert coded(*aus).answer.tolist() == [name]


def test_contempt_needs_one_side_and_no_raised_cheek():
    assert coded(14, side=sides(au14=1.0)).answer == ["contempt"]
    assert coded(12, side=sides(au12=-1.0)).answer == ["contempt"]
    assert coded(12, 14, side=sides(au12=0.3, au14=0.3)).answer != ["contempt"]
    assert coded(14, side=sides(au14=0.0)).answer == ["neutral"]
    assert score(coded(6, 14, side=sides(au14=1.0)), "contempt") == 0
    assert np.isnan(score(coded(14), "contempt"))


def test_a_mirrored_face_shows_the_same_emotions():
    left, right = (coded(12, 14, side=sides(au12=s, au14=s)) for s in (0.8, -0.8))
    np.testing.assert_array_equal(left.scores, right.scores)


def test_a_match_says_what_is_missing_and_what_speaks_against_it():
    match = coded(1, 4, 26).match(0, "surprise")
    assert match.matched == (1, 26)
    assert match.missing == ("2", "5")
    assert match.against == (4,)
    with pytest.raises(InputError, match="emotion must be one of 'happiness'"):
        coded(1).match(0, "neutral")


def test_support_is_a_half_at_the_threshold_and_grows_with_the_probability():
    rule = (EmotionRule("smile", required=(((12,),),)),)
    probabilities = np.array([[0.0], [0.1], [0.2], [0.3], [1.0]])
    emotions = emotions_from_aus(
        probabilities >= 0.2, [12], probabilities=probabilities, thresholds=[0.2], rules=rule
    )
    smile = emotions.scores[:, 1]
    np.testing.assert_allclose(smile[[0, 2, 4]], [0, 0.5, 1], atol=1e-6)
    assert (np.diff(smile) > 0).all()
    neutral = np.clip(2 * ANSWERED_FROM - smile, 0, 1)
    np.testing.assert_allclose(emotions.scores[:, 0], neutral, atol=1e-6)


STRONG_SMILE = """[smile]
required = ["12"]
at_least = { 12 = "D" }
"""


def test_a_rule_may_ask_for_an_intensity(tmp_path):
    (tmp_path / "rules.toml").write_text(STRONG_SMILE)
    rules = read_emotion_rules(tmp_path / "rules.toml")
    assert rules[0].at_least == ((12, 4.0),)
    intensity = [[0.0], [1.0], [2.0], [4.0], [5.0], [np.nan]]
    emotions = emotions_from_aus([[1]] * 6, [12], intensity=intensity, rules=rules)
    np.testing.assert_allclose(emotions.scores[:, 1], [0, 0.25, 0.5, 1, 1, 1])
    assert emotions.match(2, "smile").missing == ("12",)
    assert emotions.match(3, "smile").matched == (12,)
    alone = emotions_from_aus([[1]], [12], rules=rules)
    assert alone.scores[0, 1] == 1


def test_rows_without_a_face_are_not_judged():
    emotions = emotions_from_aus(np.full((2, 2), np.nan), [6, 12], side=np.zeros((2, 2)))
    assert np.isnan(emotions.scores).all()
    assert emotions.answer.tolist() == ["", ""]
    assert emotions.at_apex() is None


def test_unknown_aus_are_left_out_and_named():
    emotions = emotions_from_aus([[1, 1, 0]], [1, 4, 12])
    assert emotions.unknown["sadness"] == (6, 9, 15)
    assert score(emotions, "sadness") == pytest.approx(1.0)
    assert emotions.match(0, "sadness").missing == ()
    assert np.isnan(score(emotions, "anger")), "AU4 alone is no anger where the lips are unknown"
    assert np.isnan(score(emotions, "disgust"))


def test_the_apex_is_where_an_emotion_is_seen_best_not_one_odd_frame():
    smile, frown = [au in (6, 12) for au in NETWORK_AUS], [au in (9, 17) for au in NETWORK_AUS]
    rest = [False] * len(NETWORK_AUS)
    rows = [rest] * 4 + [frown] + [rest] * 5 + [smile] * 7 + [rest] * 3
    apex = emotions_from_aus(rows, NETWORK_AUS, frame=np.arange(20) + 100).at_apex()
    assert apex is not None
    assert (apex.emotion, apex.row, apex.frame) == ("happiness", 12, 112)
    assert [s for _, s in apex.ranking] == sorted((s for _, s in apex.ranking), reverse=True)


def test_bad_arguments_are_named():
    with pytest.raises(InputError, match=r"active must have shape \(n_rows, 2\), got \(1, 3\)"):
        emotions_from_aus([[1, 0, 0]], [1, 2])
    with pytest.raises(InputError, match="probabilities and thresholds must be given together"):
        emotions_from_aus([[1]], [12], probabilities=[[0.5]])
    with pytest.raises(InputError, match=r"thresholds must be in \(0, 1\), got \[1.0\]"):
        emotions_from_aus([[1]], [12], probabilities=[[0.5]], thresholds=[1.0])


def test_own_rules_are_read(tmp_path):
    file = tmp_path / "pain.toml"
    file.write_text('[pain]\nrequired = ["4+6|7"]\noptional = ["9|10", 43]\nexcluded = ["AU12"]\n')
    (rule,) = read_emotion_rules(file)
    assert rule.required == (((4,), (6, 7)),)
    assert rule.aus == (4, 6, 7, 9, 10, 12, 43)
    assert coded(4, 7, 10, 43, rules=[rule]).answer == ["pain"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[joy", "must be TOML"),
        ("", "must hold at least one emotion, got none"),
        ("[neutral]\nrequired = [1]", "neutral must not be a rule"),
        ('["=joy"]\nrequired = [1]', "an emotion's name must be a word or words, got '=joy'"),
        ("[joy]\nneeded = [1]", "joy must be a section with .*, got .'needed'."),
        ("[joy]\nrequired = []", "joy: required must hold at least one combination"),
        ('[joy]\nrequired = ["6+99"]', "joy: required '6.99': an action unit must be one of"),
        ("[joy]\nrequired = 12", "joy: required must be a list of AUs like .*, got 12"),
        ("[joy]\nrequired = [12]\none_sided = 1", "one_sided must be true or false, got 1"),
        ("[joy]\nrequired = [12]\nat_least = 3", "at_least must be a table .* got 3"),
        ("[joy]\nrequired = [12]\nat_least = {12 = 'F'}", "12 must be a letter from A to E .* 'F'"),
        ("[joy]\nrequired = [12]\nat_least = {12 = 0}", "12 must be a letter .* got 0"),
        ("[joy]\nrequired = [12]\nat_least = {13 = 1}", "at_least: an action unit must be"),
    ],
)
def test_bad_rules_are_named(tmp_path, text, message):
    file = tmp_path / "rules.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=message):
        read_emotion_rules(file)


def test_a_missing_rule_file_is_named(tmp_path):
    with pytest.raises(
        InputError, match=r"cannot read the emotion rules .*none.toml: No such file"
    ):
        read_emotion_rules(tmp_path / "none.toml")
