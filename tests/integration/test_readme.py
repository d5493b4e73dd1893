"""What the README says to type does what it says."""

import re
import shlex
from pathlib import Path

import cv2
import pytest

from au_detect import sample_sequences
from au_detect.cli.main import main, make_parser
from au_detect.frames.encoding import VideoEncoder

README = (Path(__file__).parents[2] / "README.rst").read_text(encoding="utf-8")
BLOCK = re.compile(r"^\.\. code-block:: (\w+)\n\n((?:    .*\n|\n)+)", re.MULTILINE)


def blocks(kind):
    """Return the code blocks of this kind, without their indentation."""
    return [re.sub(r"(?m)^    ", "", text) for name, text in BLOCK.findall(README) if name == kind]


def commands(block):
    """Return the arguments of every line that calls au-detect."""
    lines = [line[2:] for line in block.splitlines() if line.startswith("$ au-detect")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


USE = commands(blocks("console")[0])
ALL = [line for block in blocks("console") for line in commands(block)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with the clips and pictures that the README names."""
    folder = tmp_path_factory.mktemp("readme")
    pictures = [cv2.imread(str(p)) for p in sorted(sample_sequences()["happiness"].glob("*.png"))]
    for name, frames in {"frames": pictures, "album": pictures[:2]}.items():
        (folder / name).mkdir()
        for number, picture in enumerate(frames):
            cv2.imwrite(str(folder / name / f"{number}.png"), picture)
    cv2.imwrite(str(folder / "smile.png"), pictures[-1])
    cv2.imwrite(str(folder / "rest.png"), pictures[0])
    (folder / "videos").mkdir()
    height, width = pictures[0].shape[:2]
    for file in ("clip.mp4", "videos/one.mp4"):
        with VideoEncoder(folder / file, 10.0, (width, height)) as encoder:
            for picture in pictures:
                encoder.write(picture)
    return folder


@pytest.mark.parametrize("line", ALL, ids=" ".join)
def test_every_command_can_be_parsed(line):
    assert make_parser().parse_args(line).command


@pytest.mark.slow
@pytest.mark.parametrize("line", USE, ids=" ".join)
def test_commands_run_as_they_stand(line, folder, monkeypatch, capsys):
    monkeypatch.chdir(folder)
    assert main(line) == 0
    assert "error" not in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("block", blocks("python")[:1])  # the next asks a running server
def test_python_runs_as_pasted(block, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    exec(compile(block, "README.rst", "exec"), {})
    assert "Lip Corner Puller" in capsys.readouterr().out
    assert (tmp_path / "events.eaf").is_file()
