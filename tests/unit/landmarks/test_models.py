from importlib import metadata
from pathlib import Path

import pytest

from au_detect.errors import InputError
from au_detect.landmarks import models as landmark_models
from au_detect.landmarks.models import LandmarkModel, find_landmark_model


@pytest.fixture
def nothing_installed(monkeypatch, tmp_path):
    """A machine without the distribution, the system file and the environment variable."""

    def not_found(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "files", not_found)
    monkeypatch.setattr(landmark_models, "SYSTEM_PATH", tmp_path / "absent.dat")
    monkeypatch.delenv("AU_DETECT_LANDMARKS", raising=False)


def write(path):
    path.write_bytes(b"some predictor")
    return path


def test_the_argument_comes_before_the_environment_variable(monkeypatch, tmp_path):
    argument, variable = write(tmp_path / "argument.dat"), write(tmp_path / "variable.dat")
    monkeypatch.setenv("AU_DETECT_LANDMARKS", str(variable))
    assert find_landmark_model(argument).path == argument
    assert find_landmark_model(str(argument)).path == argument
    assert find_landmark_model().path == variable


def test_the_distribution_comes_before_the_system_file(nothing_installed, monkeypatch, tmp_path):
    system = write(tmp_path / "system.dat")
    monkeypatch.setattr(landmark_models, "SYSTEM_PATH", system)
    assert find_landmark_model("ibug300w").path == system

    installed = write(tmp_path / landmark_models.FILE_NAME)

    class InstalledFile:
        name = installed.name

        def locate(self):
            return installed

    monkeypatch.setattr(metadata, "files", lambda name: [InstalledFile()])
    assert find_landmark_model("ibug300w").path == installed


def test_our_own_is_taken_whatever_is_installed(nothing_installed, monkeypatch, packaged, tmp_path):
    write(packaged)
    assert find_landmark_model() == LandmarkModel("open", packaged)
    monkeypatch.setattr(landmark_models, "SYSTEM_PATH", write(tmp_path / "system.dat"))
    assert find_landmark_model() == LandmarkModel("open", packaged)


def test_nowhere_found_says_how_to_get_it(nothing_installed):
    with pytest.raises(InputError, match=r"pip install 'au-detect\[ibug\]'"):
        find_landmark_model("ibug300w")


def test_a_file_that_cannot_be_read_is_named(monkeypatch, tmp_path):
    with pytest.raises(InputError, match=r"landmark_model must be .*absent\.dat.*No such file"):
        find_landmark_model(tmp_path / "absent.dat")
    with pytest.raises(InputError, match="landmark_model must be a readable"):
        find_landmark_model(tmp_path)
    monkeypatch.setenv("AU_DETECT_LANDMARKS", str(tmp_path / "elsewhere.dat"))
    with pytest.raises(InputError, match=r"AU_DETECT_LANDMARKS must be .*elsewhere\.dat"):
        find_landmark_model()


def test_an_unknown_file_is_named_after_itself(tmp_path):
    assert find_landmark_model(write(tmp_path / "mine.dat")).name == "mine"


def test_the_usual_file_is_known_under_any_file_name(monkeypatch, tmp_path):
    monkeypatch.delenv("AU_DETECT_LANDMARKS", raising=False)
    try:
        usual = find_landmark_model("ibug300w")
    except InputError as error:
        pytest.skip(f"no landmark model installed: {error}")
    assert usual.name == "ibug300w"
    link = tmp_path / "renamed.dat"
    link.symlink_to(Path(usual.path))
    assert find_landmark_model(link).name == "ibug300w"


@pytest.fixture
def packaged(monkeypatch, tmp_path):
    """An installation whose own landmark model is a short file."""
    path = tmp_path / "models" / "landmarks" / "open.tflite"
    path.parent.mkdir(parents=True)
    monkeypatch.setattr(landmark_models, "packaged_folder", lambda kind: tmp_path / kind)
    return path


def test_a_model_is_found_by_its_name(packaged, nothing_installed, monkeypatch, tmp_path):
    write(packaged)
    system = tmp_path / "system.dat"
    system.write_bytes(b"another predictor")
    monkeypatch.setattr(landmark_models, "SYSTEM_PATH", system)
    assert find_landmark_model("open") == LandmarkModel("open", packaged)
    assert find_landmark_model(Path("open")) == LandmarkModel("open", packaged)
    assert find_landmark_model("ibug300w").path == system
    monkeypatch.setenv("AU_DETECT_LANDMARKS", "open")
    assert find_landmark_model() == LandmarkModel("open", packaged)


def test_a_name_does_not_ask_the_environment(packaged, nothing_installed, monkeypatch, tmp_path):
    monkeypatch.setenv("AU_DETECT_LANDMARKS", str(write(tmp_path / "variable.dat")))
    with pytest.raises(InputError, match=r"pip install 'au-detect\[ibug\]'"):
        find_landmark_model("ibug300w")
    with pytest.raises(InputError, match=r"landmark_model must be .*open\.dat.*No such file"):
        find_landmark_model("open")


def test_only_the_packaged_file_is_called_open(packaged, tmp_path):
    write(packaged)
    copy = write(tmp_path / "copy.dat")
    assert find_landmark_model(copy).name == "open"
    other = tmp_path / "open.dat"
    other.write_bytes(b"trained by somebody else")
    assert find_landmark_model(other).name == "another open"


def test_without_a_network_of_ours_our_trees_are_taken(packaged, nothing_installed):
    trees = write(packaged.with_suffix(".dat"))
    assert find_landmark_model("open") == LandmarkModel("open", trees)
    write(packaged)
    assert find_landmark_model("open") == LandmarkModel("open", packaged)


def test_a_landmark_model_is_returned_as_it_is():
    model = LandmarkModel("mine", Path("anywhere.dat"))
    assert find_landmark_model(model) is model


@pytest.mark.parametrize(("name", "is_network"), [("mine.tflite", True), ("mine.dat", False)])
def test_the_file_says_whether_it_is_a_network(tmp_path, name, is_network):
    assert find_landmark_model(write(tmp_path / name)).is_network == is_network


def test_our_own_model_is_whole(tmp_path):
    packaged = find_landmark_model("open")
    network = tmp_path / "copied.tflite"
    network.write_bytes(packaged.path.read_bytes())
    wanted = r"'open' must be \['open.tflite', 'open.eyes.tflite', 'open.mouth.tflite'\], got"
    for file in packaged.files[1:]:
        with pytest.raises(InputError, match=wanted):
            find_landmark_model(network)
        (tmp_path / file.name.replace("open", "copied")).write_bytes(file.read_bytes())
    assert find_landmark_model(network) == LandmarkModel("open", network)


def test_a_network_s_files_are_those_of_its_windows_too(tmp_path):
    network = write(tmp_path / "mine.tflite")
    model = find_landmark_model(network)
    assert model.files == [network]
    alone = model.sha256()
    mouth = write(tmp_path / "mine.mouth.tflite")
    assert model.files == [network, mouth]
    eyes = write(tmp_path / "mine.eyes.tflite")
    assert model.files == [network, eyes, mouth]
    assert model.sha256() != alone
    eyes.write_bytes(b"another")
    other = model.sha256()
    assert other != alone
    assert find_landmark_model(write(tmp_path / "trees.dat")).files == [tmp_path / "trees.dat"]
