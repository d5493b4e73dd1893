"""Real faces that nothing was trained on; needs the evaluation data."""

import importlib.util
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from au_detect import AUDetector

pytestmark = pytest.mark.slow

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "real_faces.py"
EXPECTED = {"happy": "happiness", "surprised": "surprise", "noglasses": "neutral"}


class Remembering(AUDetector):
    """A detector that looks at every picture once: several tests ask about the same."""

    run = cache(AUDetector.run)


@pytest.fixture(scope="module")
def detector():
    return Remembering(experimental=True)


@pytest.fixture(scope="module")
def real_faces(evaluation_data):
    return evaluation_data / "real_faces"


@pytest.fixture(scope="module")
def clips(real_faces):
    return real_faces / "clips"


@pytest.fixture(scope="module")
def smile(clips):
    return AUDetector().run(clips / "single_face.mp4")


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("real_faces", BENCHMARK)
    module = importlib.util.module_from_spec(spec)
    sys.modules["real_faces"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["real_faces"]


@pytest.mark.parametrize("au", [12, 25])
def test_the_smile_in_the_clip(smile, au):
    active = smile.active[:, smile.aus.index(au)]
    assert active[20:70].mean() >= 0.95
    assert not active[:17].any()


def test_the_blink_during_the_smile(smile):
    closed = smile.active[:, smile.aus.index(43)] | smile.active[:, smile.aus.index(45)]
    assert closed[26:29].any()
    assert not closed[:17].any()


def test_no_other_au_in_the_neutral_start(smile):
    assert smile.active[:17].mean(axis=0).max() <= 0.10


def test_several_smiling_people(clips):
    result = AUDetector(max_faces=5).run(clips / "multi_face.jpg")
    assert len(result) in (4, 5)
    assert result.face_found.all()
    assert result.active[:, result.aus.index(12)].mean() > 0.5


def test_one_smiling_person_without_a_neutral(detector, clips):
    result = detector.run(clips / "single_face.jpg")
    assert result.active[0, result.aus.index(12)]


def test_a_picture_with_an_alpha_channel(detector, clips):
    assert detector.run(clips / "Image_with_alpha.png").face_found.all()


def test_people_of_yale_and_london(benchmark, detector, real_faces):
    cases = [c for c in benchmark.read_cases(real_faces) if c.group != "side light"]
    scores = benchmark.score(detector, cases, with_neutral=True)
    yale = benchmark.evaluate(scores, cases, "yale", benchmark.YALE_AUS)
    assert yale.mean_auc(benchmark.MIN_POSITIVES) >= 0.94
    assert yale.pooled_tpr >= 0.75
    assert yale.pooled_fpr <= 0.06
    london = benchmark.evaluate(scores, cases, "london", scores.aus)
    assert london.tpr[london.aus.index(12)] >= 0.9
    assert np.nanmean(london.fpr[london.n_positive == 0]) <= 0.01


def test_fewer_than_one_in_a_hundred_faces_in_plain_sight_is_mistrusted(
    benchmark, detector, smile, real_faces
):
    cases, results = benchmark.read_cases(real_faces), [smile]
    for case in cases:
        neutral = {} if case.group == "side light" else {"neutral": case.neutral}
        results.append(detector.run(case.picture, **neutral))
    results += map(detector.run, {case.neutral for case in cases})
    for half in ("upper", "lower"):
        found = [getattr(result, f"{half}_reliable")[result.face_found] for result in results]
        reliable = np.concatenate(found)
        assert len(reliable) > 200
        assert reliable.mean() > 0.99


@pytest.mark.parametrize(("group", "emotion"), EXPECTED.items())
def test_clear_expressions_are_ranked_first(detector, real_faces, group, emotion):
    """Relative to each person's own neutral picture."""
    missed = []
    for neutral in sorted((real_faces / "yale").glob("*_normal.png")):
        picture = neutral.with_name(neutral.name.replace("normal", group))
        apex = detector.run(picture, neutral=neutral).emotions().at_apex()
        if apex is None or apex.emotion != emotion:
            missed.append(neutral.stem)
    assert len(missed) <= 2


def test_no_smile_is_called_contempt(detector, real_faces):
    for neutral in sorted((real_faces / "london").glob("*_neutral.jpg")):
        picture = neutral.with_name(neutral.name.replace("neutral", "smiling"))
        apex = detector.run(picture, neutral=neutral).emotions().at_apex()
        assert apex is not None
        assert apex.emotion != "contempt", picture.name
