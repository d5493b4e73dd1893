"""Commands, results, side-cars, records and models that hold nonsense: one line, exit code 2."""

import json
import shutil

import pytest

from au_detect import sample_sequences
from au_detect.cli.main import main
from au_detect.frames.pictures import select_pictures
from au_detect.paths import packaged_folder

NESTED = "[" * 200_000
DIGITS = "9" * 5000
NUMBERS = [DIGITS, "1e999", "-1", "NaN", '"x"', "null", "[]", "{}", "true"]


@pytest.fixture(scope="module")
def scored(tmp_path_factory):
    """Return a folder with a table and a JSON result of two frames, and their side-cars."""
    root = tmp_path_factory.mktemp("scored")
    frames = select_pictures(sample_sequences()["happiness"].iterdir())
    (root / "clip").mkdir()
    for number in (0, -1):
        shutil.copy(frames[number], root / "clip")
    assert main(["run", str(root / "clip"), "--out", str(root)]) == 0
    assert main(["run", str(root / "clip"), "--out", str(root), "--format", "json"]) == 0
    return root


@pytest.fixture
def place(scored, tmp_path):
    shutil.copytree(scored, tmp_path / "scored")
    return tmp_path / "scored"


def report(result, out, capsys, code=2):
    assert main(["report", str(result), "--out", str(out / "page.html")]) == code
    err = capsys.readouterr().err
    assert err.count("\n") == (1 if code else 0)
    assert len(err) < 2000
    return err


FAULTS = {
    "nested arrays": lambda text: NESTED,
    "nested settings": lambda text: text.replace('"settings": {', f'"settings": {{"x": {NESTED}'),
    "digits": lambda text: text.replace('"settings": {', f'"settings": {{"x": {DIGITS}, '),
    "digits in a threshold": lambda text: text.replace('"AU12": 0.', f'"AU12": {DIGITS}.'),
    "surrogate": lambda text: text.replace('"input": "', '"input": "\\ud800'),
    "surrogate key": lambda text: text.replace('"settings": {', '"settings": {"\\ud800": 1, '),
    "settings a list": lambda text: text.replace('"settings": {', '"settings": [], "more": {'),
    "settings null": lambda text: text.replace('"settings": {', '"settings": null, "more": {'),
    "settings a word": lambda text: text.replace('"settings": {', '"settings": "x", "more": {'),
    "input a number": lambda text: text.replace('"input": "', '"input": 3, "more": "'),
    "neutral a list": lambda text: text.replace('"neutral": {', '"neutral": [], "more": {'),
    "no object": lambda text: "[]",
    "not UTF-8": lambda text: text.replace('"input": "', '"input": "\udcff'),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["clip.json", "clip.csv"])
def test_a_result_with_nonsense_in_it(place, tmp_path, capsys, fault, name):
    damaged = place / (name if name.endswith("json") else "clip.settings.json")
    text = damaged.read_text("utf-8")
    changed = FAULTS[fault](text)
    assert changed != text
    damaged.write_bytes(changed.encode("utf-8", "surrogateescape"))
    assert report(place / name, tmp_path, capsys).startswith("au-detect: ")


@pytest.mark.parametrize("number", NUMBERS)
def test_a_frame_number_that_is_none(place, tmp_path, capsys, number):
    document = json.loads((place / "clip.json").read_text())
    text = (place / "clip.json").read_text()
    row = json.dumps(document["rows"][0][0])
    changed = text.replace(f'"rows": [\n[{row}', f'"rows": [\n[{number}')
    assert changed != text
    (place / "clip.json").write_text(changed)
    report(place / "clip.json", tmp_path, capsys)


@pytest.mark.parametrize("content", [NESTED, f'{{"settings": {DIGITS}}}', "null", '{"input": 1}'])
def test_a_side_car_with_nonsense_belongs_to_nobody(place, capsys, content):
    (place / "clip.settings.json").write_text(content)
    assert main(["run", str(place / "clip"), "--out", str(place)]) == 2
    err = capsys.readouterr().err
    assert "must not be of another input" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize("content", [NESTED, f'{{"batch": {DIGITS}}}', '{"batch": []}'])
def test_a_record_with_nonsense_is_made_anew(place, tmp_path, content):
    out = tmp_path / "out"
    assert main(["batch", str(place / "clip"), "--out", str(out)]) == 0
    whole = (out / "results/clip.csv").read_bytes()
    (out / "settings/clip.json").write_text(content)
    assert main(["batch", str(place / "clip"), "--out", str(out), "--resume"]) == 0
    assert (out / "results/clip.csv").read_bytes() == whole
    assert "batch" in json.loads((out / "settings/clip.json").read_text())


@pytest.mark.parametrize("content", [NESTED, f'{{"format_version": {DIGITS}}}', '{"a": "\\ud800"}'])
def test_a_manifest_with_nonsense(tmp_path, capsys, content):
    model = tmp_path / "model"
    shutil.copytree(packaged_folder("models") / "open", model)
    (model / "manifest.json").write_text(content)
    smile = str(sample_sequences()["happiness"])
    for command in (["info"], ["run", smile, "--out", str(tmp_path / "out")]):
        assert main([*command, "--model", str(model)]) == 2
        err = capsys.readouterr().err
        assert "manifest.json" in err
        assert err.count("\n") == 1
        assert len(err) < 2000


@pytest.mark.parametrize(
    "content", [f"x = {NESTED}", f"[joy]\nrequired = [{DIGITS}]", f"joy = {DIGITS}", "\0"]
)
def test_rules_with_nonsense(place, tmp_path, capsys, content):
    rules = tmp_path / "rules.toml"
    rules.write_text(content)
    arguments = ["report", str(place / "clip.json"), "--out", str(tmp_path / "page.html")]
    assert main([*arguments, "--emotion-rules", str(rules)]) == 2
    err = capsys.readouterr().err
    assert "rules.toml" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "options",
    [
        ["--neutral", DIGITS], ["--neutral", "\udcff"], ["--max-faces", "9" * 400],
        ["--fps", "1e999"], ["--fps", "nan"], ["--landmarks", "\udcff"], ["--model", "\udcff"],
        ["--emotion-rules", "\udcff"],
    ],
)  # fmt: skip
def test_options_with_nonsense(place, monkeypatch, capsys, options):
    monkeypatch.chdir(place)
    code = main(["run", "clip", "--neutral", "none", *options])
    err = capsys.readouterr().err
    if options[0] == "--max-faces":  # more than there are is no error
        assert code == 0
    else:
        assert code == 2
        assert err.count("\n") == 1
        assert len(err) < 6000


@pytest.mark.parametrize("frame", ["9" * 30, "-1", "9" * 400])
def test_a_frame_to_plot_that_is_not_there(place, tmp_path, capsys, frame):
    pytest.importorskip("matplotlib")
    for option in ("--frame", "--face"):
        arguments = ["plot", str(place / "clip.json"), "--out", str(tmp_path / "p.png")]
        assert main([*arguments, option, frame]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_memory_that_is_not_there_is_one_line(place, monkeypatch, capsys):
    from au_detect import AUDetector

    def run(self, source, **options):
        raise MemoryError

    monkeypatch.setattr(AUDetector, "run", run)
    assert main(["run", str(place / "clip"), "--out", str(place)]) == 2
    assert capsys.readouterr().err == "au-detect: the input needs more memory than there is\n"
