"""A trained emotion network as a folder: ``manifest.json``, ``.tflite`` to ask and ``.keras``.

Asking it needs LiteRT alone, as detection does.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from os import PathLike
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.networks import take_convolutions
from au_detect.appearance.pictures import SIDE_PX
from au_detect.appearance.preparation import as_input, equalised
from au_detect.classifiers.manifest import sha256_of
from au_detect.errors import InputError, ModelFileError, check_shape
from au_detect.networks.litert import open_network
from au_detect.results.files import write_atomically

FORMAT = "au_detect emotion network 1"
MANIFEST, LITERT, KERAS = "manifest.json", "network.tflite", "network.keras"


@dataclass(frozen=True)
class EmotionManifest:
    """What an emotion network is.

    Parameters
    ----------
    network : str
        Which layers it has, see `au_detect.appearance.networks`.
    emotions : tuple of str
        Of its outputs, in order.
    equalise : bool
        Whether histograms are equalised before it sees a picture.
    sha256 : dict of str to str
        Of its files.
    training : dict
        How it was made; JSON-able.
    """

    network: str
    emotions: tuple[str, ...]
    equalise: bool
    sha256: dict[str, str]
    training: dict[str, Any] = field(default_factory=dict)


class EmotionNetwork:
    """A network that tells emotions from pictures of faces, run by LiteRT. Threads take turns.

    Parameters
    ----------
    manifest : EmotionManifest
    content : bytes
        Of the ``.tflite`` file.

    Raises
    ------
    ModelFileError
        If `content` is no network from pictures to these emotions.
    """

    def __init__(self, manifest: EmotionManifest, content: bytes) -> None:
        self.manifest = manifest
        self._interpreter, inputs, outputs = open_network(content, 1)
        shapes = [tuple(int(n) for n in tensor["shape"]) for tensor in (*inputs, *outputs)]
        expected = [(1, SIDE_PX, SIDE_PX, 1), (1, len(manifest.emotions))]
        if shapes != expected:
            raise ModelFileError(f"an emotion network must have shapes {expected}, got {shapes}")
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        self._lock = Lock()

    @property
    def emotions(self) -> tuple[str, ...]:
        """Names of the columns of `predict_proba`."""
        return self.manifest.emotions

    def predict_proba(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the probabilities of emotions, shape (n, n_emotions).

        Parameters
        ----------
        images : ndarray of uint8, shape (n, 48, 48)
            Faces as `LabelledPictures` has them.

        Raises
        ------
        InputError
            If the shape differs.
        """
        check_shape("images", images, ("n", SIDE_PX, SIDE_PX))
        given = as_input(equalised(images) if self.manifest.equalise else images)
        found = np.empty((len(images), len(self.emotions)), dtype=np.float32)
        for row in range(len(images)):
            with self._lock:
                self._interpreter.set_tensor(self._input, given[row : row + 1])
                self._interpreter.invoke()
                found[row] = self._interpreter.get_tensor(self._output)[0]
        return found


def save_emotion_network(
    folder: str | PathLike[str], manifest: EmotionManifest, contents: dict[str, bytes]
) -> None:
    """Write a network's folder; `contents` by name of the file, sums are those of the manifest."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        write_atomically(place / name, content)
    text = json.dumps({"format": FORMAT} | asdict(manifest), indent=1, allow_nan=False) + "\n"
    write_atomically(place / MANIFEST, text.encode())


def load_emotion_network(folder: str | PathLike[str]) -> EmotionNetwork:
    """Open the folder of an emotion network.

    Raises
    ------
    ModelFileError
        If a file is missing, damaged, or not the one that was written with the manifest.
    """
    manifest = _read_manifest(Path(folder))
    return EmotionNetwork(manifest, _checked(Path(folder), LITERT, manifest))


def keras_file(folder: str | PathLike[str]) -> Path:
    """Return the checked Keras file of an emotion network: to look into it, or to go on from it.

    Raises
    ------
    ModelFileError
        As `load_emotion_network`.
    """
    manifest = _read_manifest(Path(folder))
    _checked(Path(folder), KERAS, manifest)
    return Path(folder) / KERAS


def begin_from(keras: Any, network: Any, folder: str | PathLike[str], kept_blocks: int) -> None:
    """Start a Keras network's convolutions from those of the emotion network in a folder.

    Parameters
    ----------
    keras : module
    network : keras.Model
    folder : path
    kept_blocks : int
        How many of the blocks training must not change.

    Raises
    ------
    InputError
        If the emotion network has other convolutions.
    ModelFileError
        As `load_emotion_network`.
    """
    given = keras.models.load_model(keras_file(folder))
    if not take_convolutions(network, given, kept_blocks):
        raise InputError(
            f"start must be a network with the same convolutions, got {given.name} in {folder}"
        )


def _read_manifest(folder: Path) -> EmotionManifest:
    path = folder / MANIFEST
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data.pop("format") != FORMAT:
            raise ValueError(f"format must be {FORMAT!r}")
        data["emotions"] = tuple(map(str, data["emotions"]))
        return EmotionManifest(**data)
    except OSError as error:
        raise ModelFileError(f"{path} must be readable: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelFileError(f"{path} must be of an emotion network: {error!r}") from error


def _checked(folder: Path, name: str, manifest: EmotionManifest) -> bytes:
    path = folder / name
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path} must be readable: {error.strerror}") from error
    if sha256_of(content) != manifest.sha256.get(name):
        raise ModelFileError(f"{path} must have the SHA-256 sum of its manifest, has another")
    return content
