"""Emotions of real faces, relative to each person's own neutral picture."""

import pytest

from au_detect import AUDetector

pytestmark = pytest.mark.slow
EXPECTED = {"happy": "happiness", "surprised": "surprise", "noglasses": "neutral"}


@pytest.mark.parametrize(("group", "emotion"), EXPECTED.items())
def test_clear_expressions_are_ranked_first(evaluation_data, group, emotion):
    detector, missed = AUDetector(), []
    for neutral in sorted((evaluation_data / "real_faces" / "yale").glob("*_normal.png")):
        picture = neutral.with_name(neutral.name.replace("normal", group))
        apex = detector.run(picture, neutral=neutral).emotions().at_apex()
        if apex is None or apex.emotion != emotion:
            missed.append(neutral.stem)
    assert len(missed) <= 1


@pytest.mark.slow
def test_no_smile_is_called_contempt(evaluation_data):
    detector = AUDetector()
    for neutral in sorted((evaluation_data / "real_faces" / "london").glob("*_neutral.jpg")):
        picture = neutral.with_name(neutral.name.replace("neutral", "smiling"))
        apex = detector.run(picture, neutral=neutral).emotions().at_apex()
        assert apex is not None
        assert apex.emotion != "contempt", picture.name
