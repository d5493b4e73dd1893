"""Live sessions: rows are those of `AUDetector.stream`, and the neutral can be taken anew."""

import json

import numpy as np
import pytest

from au_detect import AUDetector, sample_sequences
from au_detect.emotions import read_emotion_rules
from au_detect.errors import InputError, NoFaceError
from au_detect.features.neutral import measure_neutral
from au_detect.frames import open_frames
from au_detect.frames.pictures import decode_picture
from au_detect.web.live.messages import appearance_message, jpeg_for_showing, row_message
from au_detect.web.live.session import LiveSession


@pytest.fixture(scope="module")
def detector():
    return AUDetector()


@pytest.fixture(scope="module")
def frames():
    return list(open_frames(sample_sequences()["happiness"]))


@pytest.fixture(scope="module")
def wall(frames):
    return next(iter(open_frames(np.full_like(frames[0].image, 90))))


def assert_same_rows(one, other):
    assert len(one) == len(other)
    for a, b in zip(one, other, strict=True):
        for name in ("aus", "frame", "timestamp_s", "neutral"):
            assert np.array_equal(getattr(a, name), getattr(b, name))
        for name in ("probabilities", "side", "points", "pose", "thresholds", "confidence"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))


@pytest.mark.parametrize("neutral", ["first", None])
def test_rows_are_those_of_a_stream(detector, frames, neutral):
    streamed = list(detector.stream(frames, neutral=neutral))
    session = LiveSession(detector, neutral)
    assert_same_rows([session.detect(frame) for frame in frames], streamed)


def test_a_neutral_taken_live_is_that_of_the_frame_it_was_taken_in(detector, frames):
    session = LiveSession(detector, None)
    for frame in frames[:3]:
        session.detect(frame)
    assert session.take_neutral() == "frame 2"
    rows = [session.detect(frame) for frame in frames[3:]]
    neutral = rows[0].evidence.neutral[0]
    assert neutral.personal
    assert_same_rows(rows, list(detector.stream(frames[3:], neutral=neutral)))
    alone = measure_neutral(frames[2].image, detector.tracker)
    np.testing.assert_allclose(neutral.pose.frontal, alone.pose.frontal, atol=0.03)


def test_a_face_that_is_its_own_neutral_does_nothing(detector, frames):
    session = LiveSession(detector, "first")
    session.detect(frames[0])
    assert session.detect(frames[-1]).active.any()
    session.take_neutral()
    row = session.detect(frames[-1])
    assert not row.active[0, row.aus.index(12)]


def test_no_neutral_without_a_face(detector, frames, wall):
    session = LiveSession(detector, "first")
    with pytest.raises(NoFaceError, match="the neutral frame must show the face"):
        session.take_neutral()
    session.detect(frames[0])
    session.detect(wall)
    with pytest.raises(NoFaceError, match="the neutral frame must show the face"):
        session.take_neutral()
    assert session.detect(frames[1]).neutral == {0: "frame 0"}


def test_a_neutral_of_a_finished_sequence_is_refused(detector):
    with pytest.raises(InputError, match='neutral of a stream must be "auto", "first", None'):
        LiveSession(detector, "median")


def test_messages_hold_what_the_row_holds(detector, frames, wall):
    session, rules = LiveSession(detector), read_emotion_rules()
    result = session.detect(frames[0])
    message = row_message(result, (320, 240), rules)
    assert json.loads(json.dumps(message, allow_nan=False)) == message
    assert message["size"] == [320, 240]
    np.testing.assert_allclose(message["probabilities"], result.probabilities[0], atol=1e-4)
    np.testing.assert_allclose(np.reshape(message["points"], (68, 2)), result.points[0], atol=0.1)
    without = row_message(session.detect(wall), (320, 240), rules)
    assert not without["face_found"]
    assert without["probabilities"] is without["points"] is without["side"] is None
    assert without["emotions"] == []
    assert without["intensity"] is None
    assert set(without["levels"]) == {""}
    json.dumps(without, allow_nan=False)


def test_what_is_on_has_a_letter_for_its_intensity(detector, frames):
    session, rules = LiveSession(detector, "first"), read_emotion_rules()
    session.detect(frames[0])
    result = session.detect(frames[-1])
    message = row_message(result, (320, 240), rules)
    degrees = zip(message["active"], message["intensity"], strict=True)
    letters = [("", *"ABCDE")[int(degree + 0.5)] if on else "" for on, degree in degrees]
    assert message["levels"] == letters
    assert letters[message["aus"].index(12)] in tuple("CDE")  # a broad smile
    assert "" in letters


class AlwaysAngry:
    """Stands in for a network that was trained."""

    emotions = ("fear", "anger", "neutral", "surprise")

    def predict_proba(self, images):
        assert images.shape == (2, 48, 48)  # the face and its mirror image
        return np.tile(np.float32([0.1, 0.6, 0.2, 0.1]), (2, 1))


def test_a_network_of_pixels_says_its_three_likeliest(detector, frames, wall):
    session = LiveSession(detector)
    found = appearance_message(AlwaysAngry(), frames[0].image, session.detect(frames[0]))
    assert found == {"appearance": [["anger", 0.6], ["neutral", 0.2], ["fear", 0.1]]}
    assert appearance_message(AlwaysAngry(), wall.image, session.detect(wall)) == {"appearance": []}


@pytest.mark.parametrize(
    ("size", "shown"), [((300, 200, 3), (300, 200)), ((100, 1920), (50, 960)), ((40, 50), (40, 50))]
)
def test_pictures_are_shrunk_for_showing(size, shown):
    jpeg = jpeg_for_showing(np.full(size, 120, np.uint8))
    assert jpeg.startswith(b"\xff\xd8\xff")
    assert decode_picture(jpeg).shape[:2] == shown
