"""What a landmark predictor makes of the true landmarks, for training without pictures.

The model is measured on renders, where the truth is known: both the true and the seen landmarks
are brought into the frame of the mean face; a linear map then says how the predictor shrinks and
mixes motions, and the residuals are split into a part that a person's pictures share and a part
that every picture has of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike, fspath

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.augmentation import joined
from au_detect.datasets.sequences import LabelledSequences
from au_detect.errors import InputError, check_shape
from au_detect.landmarks.models import OPEN
from au_detect.landmarks.points import N_LANDMARKS, STABLE_POINTS, apply_affine, fit_similarity
from au_detect.landmarks.pose import read_mean_face
from au_detect.paths import packaged_folder

Array = NDArray[np.float64]

N_COORDINATES = 2 * N_LANDMARKS
RIDGE = 0.1
N_MODES = 40
SCALE_SPREAD = 0.35
"""Residuals have longer tails than a normal distribution: their size varies log-normally."""
IOD_PX = 100.0


@dataclass(frozen=True)
class LandmarkErrorModel:
    """seen = offset + gain @ true + person's residual + picture's residual, in IOD.

    Parameters
    ----------
    landmark_model : str
        Name of the predictor that was measured.
    gain : ndarray, shape (136, 136)
        Of registered coordinates x0, y0, x1, y1 ...
    offset : ndarray, shape (136,)
    person_modes, picture_modes : ndarray, shape (n_modes, 136)
        Residuals are sums of modes with standard normal weights.
    """

    landmark_model: str
    gain: Array
    offset: Array
    person_modes: Array
    picture_modes: Array

    def distort(self, neutral: Array, apex: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Return what the predictor sees of true landmarks (n, 68, 2), 100 px between the eyes."""
        n = len(neutral)
        person = _draw(self.person_modes, n, rng)
        seen = [
            registered(points).reshape(n, N_COORDINATES) @ self.gain.T
            + self.offset
            + person
            + _draw(self.picture_modes, n, rng)
            for points in (neutral, apex)
        ]
        return (
            IOD_PX * seen[0].reshape(n, N_LANDMARKS, 2),
            IOD_PX * seen[1].reshape(n, N_LANDMARKS, 2),
        )

    def shaken(self, seen: NDArray[np.floating], rng: np.random.Generator) -> Array:
        """Return seen landmarks (n, 68, 2) with the error of another picture added, 100 px IOD."""
        n = len(seen)
        error = _draw(self.picture_modes, n, rng).reshape(n, N_LANDMARKS, 2)
        return IOD_PX * (registered(seen) + error)

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model to an ``.npz`` file."""
        with open(fspath(path), "wb") as file:
            np.savez_compressed(
                file,
                landmark_model=np.array(self.landmark_model),
                gain=self.gain.astype(np.float32),
                offset=self.offset.astype(np.float32),
                person_modes=self.person_modes.astype(np.float32),
                picture_modes=self.picture_modes.astype(np.float32),
            )


def load_landmark_error(landmark_model: str = OPEN) -> LandmarkErrorModel:
    """Return the error model of a landmark model, as it is shipped.

    Raises
    ------
    InputError
        If none was measured for this landmark model.
    """
    path = packaged_folder("models") / "landmark_error" / f"{landmark_model}.npz"
    try:
        with np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name].astype(float) for name in data.files if data[name].ndim}
            return LandmarkErrorModel(landmark_model=str(data["landmark_model"]), **arrays)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path} must hold the error model of {landmark_model}") from error


def fit_landmark_error(
    true: tuple[Array, Array], seen: tuple[Array, Array], landmark_model: str
) -> LandmarkErrorModel:
    """Fit the model to pairs of pictures of the same people.

    Parameters
    ----------
    true, seen : tuple of two ndarrays, each of shape (n, 68, 2)
        Landmarks of n neutral pictures, and of n apex pictures of the same people; pixels.
    landmark_model : str
        Name of the predictor that saw them.
    """
    n = len(true[0])
    x = [registered(points).reshape(n, N_COORDINATES) for points in true]
    y = [registered(points).reshape(n, N_COORDINATES) for points in seen]
    x_all, y_all = np.concatenate(x), np.concatenate(y)
    x_mean, y_mean = x_all.mean(axis=0), y_all.mean(axis=0)
    centred = x_all - x_mean
    normal = centred.T @ centred + RIDGE * np.eye(N_COORDINATES)
    gain = np.linalg.solve(normal, centred.T @ (y_all - y_mean)).T
    residual = [part - y_mean - (own - x_mean) @ gain.T for own, part in zip(x, y, strict=True)]
    shared = residual[0].T @ residual[1] / n
    total = (residual[0].T @ residual[0] + residual[1].T @ residual[1]) / (2 * n)
    person = (shared + shared.T) / 2
    return LandmarkErrorModel(
        landmark_model=landmark_model,
        gain=gain,
        offset=y_mean - gain @ x_mean,
        person_modes=_modes(person) / np.exp(SCALE_SPREAD**2),
        picture_modes=_modes(total - person) / np.exp(SCALE_SPREAD**2),
    )


def fit_error_to_renders(sequences: LabelledSequences) -> LandmarkErrorModel:
    """Fit the model to rendered sequences, whose true landmarks are among their attributes.

    Raises
    ------
    InputError
        If they are not.
    """
    known = sequences.attributes
    if not {"neutral_true_points", "true_points"} <= known.keys():
        raise InputError("the error model must be fitted to rendered sequences, got others")
    return fit_landmark_error(
        (known["neutral_true_points"].astype(float), known["true_points"].astype(float)),
        (sequences.neutral_points.astype(float), sequences.points.astype(float)),
        sequences.landmark_model,
    )


def with_shaken_copies(
    sequences: LabelledSequences, error: LandmarkErrorModel, random_state: int = 0
) -> LabelledSequences:
    """Return the sequences twice: as they are, and with the landmark model's error added once more.

    Landmark models are surer of renders than of photographs; networks must not count on it.
    Attributes are kept, but for names: a copy is no frame of a sequence.
    """
    rng = np.random.default_rng(random_state)
    kept = {name: v for name, v in sequences.attributes.items() if name != "name"}
    own = replace(sequences, attributes=kept)
    copy = replace(
        own,
        neutral_points=error.shaken(sequences.neutral_points, rng).astype(np.float32),
        points=error.shaken(sequences.points, rng).astype(np.float32),
    )
    return joined([own, copy])


def registered(points: NDArray[np.floating]) -> Array:
    """Bring shapes (n, 68, 2) into the frame of the mean face, in IOD, by their stable points."""
    check_shape("points", np.asarray(points), ("n", N_LANDMARKS, 2))
    target = read_mean_face()[STABLE_POINTS, :2]
    return np.stack(
        [
            apply_affine(
                fit_similarity(np.asarray(shape, dtype=float)[STABLE_POINTS], target), shape
            )
            for shape in points
        ]
    )


def _modes(covariance: Array) -> Array:
    """Return the strongest modes of a covariance, scaled to their standard deviations."""
    values, vectors = np.linalg.eigh(covariance)
    strongest = np.argsort(values)[::-1][:N_MODES]
    return (vectors[:, strongest] * np.sqrt(np.clip(values[strongest], 0, None))).T


def _draw(modes: Array, n: int, rng: np.random.Generator) -> Array:
    size = rng.lognormal(0, SCALE_SPREAD, (n, 1))
    return size * (rng.normal(size=(n, len(modes))) @ modes)
