"""``train``, ``compare`` and ``evaluate`` as a user types them."""

import json
from importlib.util import find_spec

import pytest

if not (find_spec("tensorflow") and find_spec("sklearn")):
    pytest.skip("training needs tensorflow and scikit-learn", allow_module_level=True)

from au_detect.classifiers.storage import load_model
from au_detect.cli.main import main
from au_detect.evaluation.protocols import SHARED_SUBJECTS_WARNING

pytestmark = pytest.mark.slow

QUICK = ("--epochs", "2", "--units", "16", "--upper-layers", "1", "--lower-layers", "1")
ONE_PART = ("--calibration-folds", "1")


@pytest.fixture(scope="module")
def table(make_labelled, tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "made_up.npz"
    make_labelled(n_subjects=30).save(path)
    return str(path)


@pytest.fixture(scope="module")
def landmarks(make_labelled, tmp_path_factory):
    path = tmp_path_factory.mktemp("tables") / "landmarks.npz"
    make_labelled(n_subjects=30, furrows=None, neutral_furrows=None).save(path)
    return str(path)


@pytest.fixture(scope="module")
def trained(landmarks, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "mine"
    command = ["train", landmarks, "--out", str(folder), *ONE_PART, *QUICK]
    logs = ["--test-fraction", "0.1", "--logdir", str(folder.parent / "logs")]
    assert main([*command, *logs]) == 0
    return folder


def test_train_writes_model_card_report_and_logs(trained):
    model = load_model(trained)
    assert {entry.face for entry in model.manifest.networks} == {"upper", "lower"}
    assert {"MODEL_CARD.rst", "evaluation.json", "report.html"} <= {
        path.name for path in trained.iterdir()
    }
    document = json.loads((trained / "evaluation.json").read_text())
    assert document["data"]["n_subjects"] == 3  # a tenth
    card = (trained / "MODEL_CARD.rst").read_text()
    assert "* 150 rows of 30 subjects, landmarks alone;" in card
    assert "fainter ones count neither way" in card
    networks = {path.name for path in (trained.parent / "logs").iterdir()}
    assert networks == {entry.name for entry in model.manifest.networks}


def test_evaluate_a_model_folder(table, trained, tmp_path, capsys):
    assert main(["evaluate", table, "--model", str(trained), "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "The model mine as it is" in out
    document = json.loads((tmp_path / "evaluation.json").read_text())
    assert document["data"]["n_sequences"] == 150
    assert set(document["aus"]) == {"AU01", "AU12", "AU25"}


def test_evaluate_by_folds(table, tmp_path, capsys):
    command = ["evaluate", table, "--classifier", "linear-svm", "--folds", "3", "--max-fpr", "0.05"]
    assert main([*command, "--out", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert "3 folds; no subject is in training and test of a fold" in out
    assert "warning" not in err
    document = json.loads((tmp_path / "evaluation.json").read_text())
    assert document["summary"]["mean_auc"][0] > 0.9
    assert f"{document['summary']['mean_tpr'][0]:.3f}" in out
    assert (tmp_path / "predictions.csv").read_text().count("\n") == 151


def test_random_quarter_warns(table, tmp_path, capsys):
    command = ["evaluate", table, "--classifier", "logistic", "--protocol", "random-quarter"]
    assert main([*command, "--out", str(tmp_path)]) == 0
    assert SHARED_SUBJECTS_WARNING in capsys.readouterr().err
    assert SHARED_SUBJECTS_WARNING in (tmp_path / "report.html").read_text()


def test_compare_answers_what_furrows_add(table, tmp_path, capsys):
    command = ["compare", table, "--models", "linear-svm,logistic", "--folds", "2", *ONE_PART]
    assert main([*command, "--ablate", "furrows,networks", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    document = json.loads((tmp_path / "comparison.json").read_text())
    assert list(document["summary"]) == [
        "linear-svm", "logistic", "linear-svm, geometry only", "linear-svm, one network",
    ]  # fmt: skip
    assert len(document["answers"]) == 2
    assert document["answers"][0].startswith("Furrows beside landmarks: mean AUC ")
    assert document["answers"][0] in out
    assert "Comparison" in (tmp_path / "report.html").read_text()


def test_compare_answers_what_extra_collections_add(table, landmarks, tmp_path, capsys):
    command = ["compare", table, "--extra", landmarks, "--models", "logistic", "--folds", "2"]
    assert main([*command, *ONE_PART, "--ablate", "extra", "--out", str(tmp_path)]) == 0
    assert "The extra collections: mean AUC " in capsys.readouterr().out
    document = json.loads((tmp_path / "comparison.json").read_text())
    assert list(document["summary"]) == ["logistic", "logistic, without extra"]
    assert document["data"]["n_sequences"] == 150
    for name in document["summary"]:
        lines = (tmp_path / f"predictions {name}.csv").read_text().splitlines()
        assert lines[0].startswith("repeat,subject,fold")
        assert len(lines) == 1 + 150 * document["n_repeats"]
        assert lines[-1].startswith(f"{document['n_repeats'] - 1},")


def test_search_uses_what_it_chooses(make_labelled, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("au_detect.training.engine.LAYERS", (3,))
    brows = make_labelled(n_subjects=30, furrows=None, neutral_furrows=None)
    brows.intensity[:, 1:] = 0  # AU1 alone is learnt
    brows.save(tmp_path / "brows.npz")
    options = ["--search", *ONE_PART, *QUICK, "--epochs", "1", "--out", str(tmp_path / "model")]
    assert main(["train", str(tmp_path / "brows.npz"), *options]) == 0
    assert "upper face: start scratch, 3 hidden layers" in capsys.readouterr().out
    chosen = load_model(tmp_path / "model").manifest.training["chosen"]
    assert {part["layers"] for part in chosen.values()} == {3}


def test_faint_displays_may_count_as_absent(table, tmp_path, capsys):
    for faint in ("ignore", "absent"):
        command = ["evaluate", table, "--classifier", "logistic", "--folds", "2", *ONE_PART]
        command, out = [*command, "--faint", faint], tmp_path / faint
        assert main([*command, "--minimum-intensity", "3", "--out", str(out)]) == 0
    assert "from intensity 3; fainter ones count as absent" in capsys.readouterr().out
    negatives = [
        json.loads((tmp_path / faint / "evaluation.json").read_text())["aus"]["AU12"]["n_negative"]
        for faint in ("ignore", "absent")
    ]
    assert negatives[0] < negatives[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "{table}", "--out", "{out}", "--min-positive-subjects", "99"],
         "shown by 99 people"),
        (["evaluate", "{table}", "--classifier", "forest"], "model must be one of 'mlp'"),
        (["evaluate", "{table}", "--model", "{out}"], "manifest"),
        (["compare", "{table}", "--models", ","], "at least one classifier"),
        (["compare", "{table}", "--ablate", "ears"], "ablate must be one of 'furrows'"),
        (["evaluate", "{table}", "--folds", "1"], "n_folds must be at least 2, got 1"),
        (["evaluate", "missing.npz"], "missing.npz"),
    ],
)  # fmt: skip
def test_bad_input_is_exit_code_2_and_one_line(table, tmp_path, arguments, message, capsys):
    filled = [argument.format(table=table, out=tmp_path / "none") for argument in arguments]
    assert main(filled) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert message in err
