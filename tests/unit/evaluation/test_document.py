"""The document of an evaluation, and the page and the card that are made of it."""

import dataclasses
import json
import re
from html.parser import HTMLParser

import cv2
import numpy as np
import pytest

pytest.importorskip("sklearn")

from au_detect.classifiers.manifest import Manifest, NetworkEntry
from au_detect.datasets.labelled_features import PRESENT
from au_detect.evaluation import evaluate_aus
from au_detect.evaluation.document import evaluation_document, write_document
from au_detect.evaluation.page import write_evaluation_page
from au_detect.evaluation.predictions import Predictions
from au_detect.evaluation.texts import evaluation_text
from au_detect.evaluation.worst import find_worst
from au_detect.training.model_card import model_card

AUS = (1, 12, 25)


@pytest.fixture(scope="module")
def sequences(make_labelled, tmp_path_factory):
    picture = tmp_path_factory.mktemp("pictures") / "face.png"
    cv2.imwrite(str(picture), np.full((400, 400), 120, np.uint8))
    n = 60
    attributes = {
        "name": np.array([f"clip {i}" for i in range(n)]),
        "picture": np.array([str(picture), "missing.png"] * (n // 2)),
        "emotion": np.array(["happiness", "surprise", ""] * (n // 3)),
    }
    made = make_labelled(n_subjects=12, attributes=attributes)
    made.intensity[:, 2] = 0  # nobody parts the lips
    return made


@pytest.fixture(scope="module")
def predictions(sequences):
    rng = np.random.default_rng(0)
    y = (sequences.intensity > 0).astype(np.float32)
    p = np.clip(0.2 + 0.5 * y + rng.normal(0, 0.15, y.shape), 0.01, 0.99)
    p[0] = [0.99, 0.5, 0.98]
    y[0] = 0
    return Predictions(
        AUS, np.arange(60), y, p.astype(np.float32), np.full((60, 3), 0.5), sequences.subject,
        sequences.subject % 4, [{"upper": [{"loss": [1.0, 0.5], "val_loss": [1.1, 0.7]}]}],
    )  # fmt: skip


@pytest.fixture(scope="module")
def document(predictions, sequences):
    return evaluation_document(
        predictions, sequences, protocol={"name": "subject-kfold", "n_folds": 4},
        classifier={"model": "<b>"}, dropped={"AU02": 3}, n_resamples=50,
    )  # fmt: skip


def test_numbers_are_those_of_the_evaluation(document, predictions):
    known = (predictions.y, predictions.probabilities, predictions.thresholds, AUS)
    evaluation = evaluate_aus(*known, predictions.fold)
    for column, au in enumerate(document["aus"].values()):
        assert au["n_positive"] == evaluation.n_positive[column]
        for name in ("tpr", "fpr", "auc", "brier"):
            value, low, high = au["rates"][name]
            expected = getattr(evaluation, name)[column]
            assert value == pytest.approx(expected) if np.isfinite(expected) else value is None
            assert value is None or low <= value <= high
    assert document["aus"]["AU25"]["rates"]["tpr"] == [None, None, None]
    assert document["data"]["dropped_aus"] == {"AU02": 3}


def test_the_file_is_strict_json(document, tmp_path):
    write_document(document, tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_text(), parse_constant=pytest.fail) == document


def test_emotions_from_coded_and_detected_aus(document):
    emotions = document["emotions"]
    assert emotions["n"] == 40
    assert emotions["emotions"] == ["happiness", "surprise"]
    for kind in ("coded", "detected"):
        value, low, high = emotions[kind]["accuracy"]
        assert 0 <= low <= value <= high <= 1
        assert np.sum(emotions[kind]["confusion"]) == 40


def test_the_surest_mistake_is_the_worst(predictions, sequences):
    worst = find_worst(sequences, predictions, n=3)
    assert worst[0]["row"] == 0
    assert worst[0]["false_alarms"].keys() == {"AU01", "AU12", "AU25"}
    assert worst[0]["missed"] == {}
    assert worst[0]["name"] == "clip 0"
    assert len(worst) == 3


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.tags = [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_needs_nothing_else(document, sequences, tmp_path):
    write_evaluation_page(tmp_path / "report.html", sequences, document)
    text = (tmp_path / "report.html").read_text()
    page = Page(text)
    assert "&lt;b&gt;" in text
    assert not re.search(r"(?:href|src)=\"(?!data:)", text)
    assert sum(tag == "image" for tag, _ in page.tags) >= 1  # every second picture can be read
    charts = [attrs for tag, attrs in page.tags if tag == "svg"]
    assert any("AU12" in attrs["aria-label"] for attrs in charts)
    for words in ("What went most wrong", "Emotions", "Training", "no subject is in training"):
        assert words in text
    assert f"{document['aus']['AU12']['rates']['auc'][0]:.3f}" in text


def test_the_terminal_gets_the_same_numbers(document):
    text = evaluation_text(document)
    assert f"{document['summary']['mean_tpr'][0]:.3f}" in text
    assert "AU02 (3)" in text
    assert "accuracy" in text


def test_the_card_has_the_same_numbers(document):
    entry = NetworkEntry(
        name="upper_neutral", face="upper", uses_neutral=True, uses_furrows=False,
        files=("a.tflite",), sha256=("0" * 64,), feature_names=("x",), aus=(1,),
        thresholds=(0.5,), experimental=(1,),
    )  # fmt: skip
    own = {"role": "own", "has_furrows": True, "n_rows": 60, "n_subjects": 12}
    extra = own | {"role": "extra", "has_furrows": False, "n_rows": 7}
    started = {"model": "default", "sha256": "ab" * 32, "au_detect_version": "1.2"}
    training = {
        "recipe": {"units": 7}, "collections": [own, extra], "dropped_aus": {"AU02": 3},
        "started_from": started, "chosen": {"upper": {"start": "head"}},
    }  # fmt: skip
    card = model_card(Manifest("made-up", (entry,), training), document)
    low, high = document["aus"]["AU12"]["rates"]["auc"][1:]
    assert f"{document['aus']['AU12']['rates']['auc'][0]:.3f} [{low:.3f}, {high:.3f}]" in card
    assert "AU01 (experimental)" in card
    assert "* 60 rows of 12 subjects, landmarks and furrows;" in card
    assert "* 7 rows of 12 subjects, landmarks alone, extra: they trained" in card
    assert "began from the networks of the model ``default`` (au_detect 1.2" in card
    assert "upper face: head" in card
    assert "from intensity 1; fainter ones count neither way" in card
    assert "* ``units``: 7" in card
    assert "AU02 (3)" in card
    core = pytest.importorskip("docutils.core")
    core.publish_string(card, settings_overrides={"halt_level": 2, "report_level": 5})


def test_all_means_are_over_the_aus_that_are_named(document, predictions):
    known = (predictions.y, predictions.probabilities, predictions.thresholds, AUS)
    evaluation = evaluate_aus(*known, predictions.fold)
    assert document["mean_over"] == ["AU01", "AU12"]  # AU25 has no positives
    for name in ("tpr", "fpr", "precision", "auc", "pr_auc", "kappa"):
        expected = getattr(evaluation, name)[:2].mean()
        assert document["summary"][f"mean_{name}"][0] == pytest.approx(expected)


def test_the_page_opens_with_dots_and_its_tables_are_narrow(document, sequences, tmp_path):
    write_evaluation_page(tmp_path / "report.html", sequences, document)
    text = (tmp_path / "report.html").read_text()
    assert text.index('class="rates"') < text.index("<table>")
    assert text.count('class="model model-0"') == 2 * 2 + 1  # AU25 has a false-positive rate alone
    assert "AU12: TPR " in text
    for table in text.split("<table>")[1:]:
        body = table.partition("</tr></thead>")[2]
        rows = [re.findall(r"<t[hd][^>]*>([^<]*)</t", row) for row in body.split("<tr>")[1:]]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        assert sum(widths) <= 115  # characters of 8 px, in a page of 984 px


def test_few_people_widen_intervals(predictions, sequences):
    y = np.zeros_like(predictions.y)
    y[:3, 0] = 1  # one person
    few = dataclasses.replace(predictions, y=y)
    told = evaluation_document(few, sequences, protocol={"name": "x"}, classifier={})
    _, low, high = told["aus"]["AU01"]["rates"]["tpr"]
    assert high - low > 0.7
    assert "Wilson's where fewer than 10" in told["interval"]


def test_one_person_alone_gives_no_interval_of_means(predictions, sequences):
    y = np.zeros_like(predictions.y)
    y[3, 0] = 1  # one positive, which the classifier puts first
    p = np.where(y == 1, 0.9, 0.1).astype(np.float32)
    lone = dataclasses.replace(predictions, y=y, probabilities=p)
    document = evaluation_document(
        lone, sequences, protocol={"name": "subject-kfold", "n_folds": 4},
        classifier={"model": "x"}, dropped={}, n_resamples=50,
    )  # fmt: skip
    value, low, high = document["summary"]["mean_auc"]
    assert value == 1.0
    assert low is None
    assert high is None


def test_intensities_have_tables_on_page_and_card(predictions, sequences, document, tmp_path):
    assert document["intensity"] is None
    said = dataclasses.replace(predictions, intensity=np.clip(sequences.intensity + 0.5, 0, 5))
    told = evaluation_document(
        said, sequences, protocol={"name": "x"}, classifier={}, n_resamples=20
    )
    assert told["intensity"]["aus"]["AU12"]["icc"][0] > 0.9
    assert told["intensity"]["aus"]["AU25"]["icc"] == [None, None, None]  # nobody shows it
    assert told["intensity"]["mean_over"] == ["AU01", "AU12"]
    unknown = dataclasses.replace(sequences, intensity=sequences.intensity.copy())
    unknown.intensity[:7, 1] = PRESENT
    told = evaluation_document(said, unknown, protocol={"name": "x"}, classifier={}, n_resamples=2)
    assert told["intensity"]["aus"]["AU12"]["n"] == len(sequences) - 7
    for name, of in (("with", told), ("without", document)):
        write_evaluation_page(tmp_path / f"{name}.html", sequences, of)
    assert "ICC(3,1)" in (tmp_path / "with.html").read_text()
    assert "ICC(3,1)" not in (tmp_path / "without.html").read_text()
    said.write_csv(tmp_path / "predictions.csv", sequences)
    head = (tmp_path / "predictions.csv").read_text().partition("\n")[0]
    assert "AU12_coded,AU12_r" in head
