"""The networks of a model folder, ready to detect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.classifiers.manifest import (
    Manifest,
    NetworkEntry,
    NetworkKind,
    manifest_text,
    sha256_of,
)
from au_detect.classifiers.runtime import LiteRTNetwork
from au_detect.errors import InputError, ModelFileError, check_shape
from au_detect.features.extraction import mirror_columns


class AUModel:
    """The networks of a model folder, ready to detect.

    A `NetworkKind` says which of them answer. Where furrows were measured but the model has no
    networks that read them, those for landmarks alone answer: their features come first.

    Parameters
    ----------
    manifest : Manifest
    contents : mapping of str to bytes
        Content of every file that the manifest names.
    folder : Path, optional
        Where it came from.

    Raises
    ------
    ModelFileError
        If a content is missing, has another SHA-256 sum than the manifest says, or is a
        network with other inputs or outputs.
    """

    def __init__(
        self, manifest: Manifest, contents: Mapping[str, bytes], folder: Path | None = None
    ) -> None:
        self.manifest = manifest
        self.folder = folder
        self._networks = {
            entry.name: _open_networks(entry, contents) for entry in manifest.networks
        }

    @property
    def name(self) -> str:
        """Name of the model: that of its folder."""
        return "unnamed" if self.folder is None else self.folder.resolve().name

    @cached_property
    def sha256(self) -> str:
        """SHA-256 sum of the manifest, and with it of every network."""
        return sha256_of(manifest_text(self.manifest).encode())

    def entries(self, kind: NetworkKind) -> tuple[NetworkEntry, ...]:
        """Return the networks that answer.

        Raises
        ------
        InputError
            If the model has none for such features.
        """
        for furrows in (True, False) if kind.uses_furrows else (False,):
            wanted = NetworkKind(uses_neutral=kind.uses_neutral, uses_furrows=furrows)
            found = tuple(entry for entry in self.manifest.networks if entry.kind == wanted)
            if found:
                return found
        neutral = "with" if kind.uses_neutral else "without"
        furrows_text = "" if kind.uses_furrows else " and landmarks alone"
        raise InputError(
            f"the model {self.name} has no networks for faces {neutral} a neutral{furrows_text}"
        )

    def aus(self, kind: NetworkKind, *, experimental: bool = False) -> tuple[int, ...]:
        """Return the AUs that the model detects, sorted by number.

        Without `experimental`, those that the manifest marks as not reliable are left out.
        """
        return tuple(
            sorted(
                au
                for entry in self.entries(kind)
                for au in entry.aus
                if experimental or au not in entry.experimental
            )
        )

    def thresholds(self, kind: NetworkKind, aus: Sequence[int]) -> dict[int, float]:
        """Return the threshold of each of `aus`, in their order; all are in (0, 1)."""
        entries = self._answering(kind, aus)
        stored = {au: t for e in entries for au, t in zip(e.aus, e.thresholds, strict=True)}
        return {au: stored[au] for au in aus}

    def intensity_scale(self, kind: NetworkKind, aus: Sequence[int]) -> NDArray[np.float64] | None:
        """Return what makes intensities of probabilities, shape (n_aus, 5, 2).

        See `au_detect.classifiers.intensity`; None if the networks have not learnt intensities.
        """
        entries = self._answering(kind, aus)
        if not all(entry.intensity_scale for entry in entries):
            return None
        stored = {
            au: steps for e in entries for au, steps in zip(e.aus, e.intensity_scale, strict=True)
        }
        return np.array([stored[au] for au in aus], dtype=float)

    def predict(
        self,
        upper: ArrayLike,
        lower: ArrayLike,
        kind: NetworkKind,
        aus: Sequence[int],
        *,
        is_symmetric: bool = False,
    ) -> NDArray[np.float32]:
        """Return the probabilities of `aus`.

        Parameters
        ----------
        upper, lower : array_like, shape (n, n_upper), (n, n_lower)
            Features in the order that `check_features` accepts. A row with a NaN gives NaN for
            the AUs of that half of the face.
        kind : NetworkKind
            Which networks answer.
        aus : sequence of int
            The columns that are wanted.
        is_symmetric : bool
            Whether the faces are their own mirror images: then these need not be asked about.

        Returns
        -------
        ndarray, float32, shape (n, n_aus)
            In [0, 1].

        Raises
        ------
        InputError
            If a shape differs, or the model has no such networks or AUs.
        """
        halves = {
            "upper": np.asarray(upper, dtype=np.float32),
            "lower": np.asarray(lower, dtype=np.float32),
        }
        n = len(halves["upper"])
        probabilities = np.empty((n, len(aus)), dtype=np.float32)
        for entry in self._answering(kind, aus):
            features = halves[entry.face]
            if kind.uses_furrows and not entry.uses_furrows:
                features = features[:, : len(entry.feature_names)]
            check_shape(entry.face, features, (n, len(entry.feature_names)))
            names = () if is_symmetric else entry.feature_names
            answer = mean_of_networks(self._networks[entry.name], features, names)
            answers = dict(zip(entry.aus, answer.T, strict=True))
            for column, au in enumerate(aus):
                if au in answers:
                    probabilities[:, column] = answers[au]
        return probabilities

    def check_features(
        self, upper_names: Sequence[str], lower_names: Sequence[str], kind: NetworkKind
    ) -> None:
        """Raise unless the networks were trained on exactly these features, in this order.

        Raises
        ------
        ModelFileError
            If not; the message names the first difference.
        """
        for entry in self.entries(kind):
            names = tuple(upper_names if entry.face == "upper" else lower_names)
            if kind.uses_furrows and not entry.uses_furrows:
                names = names[: len(entry.feature_names)]
            if names != entry.feature_names:
                raise ModelFileError(
                    f"the network {entry.name} of the model {self.name} was trained on other "
                    f"features: {_first_difference(entry.feature_names, names)}"
                )

    def check_landmark_model(self, name: str) -> None:
        """Raise unless the networks were trained for landmarks of the model `name`.

        Raises
        ------
        ModelFileError
            If not: every landmark model has its own bias.
        """
        if name != self.manifest.landmark_model:
            raise ModelFileError(
                f"the model {self.name} must be given landmarks of "
                f"{self.manifest.landmark_model!r}, got {name!r}"
            )

    def is_within_pose_range(self, angles: ArrayLike) -> NDArray[np.bool_]:
        """Say for each head pose whether training covered it.

        Parameters
        ----------
        angles : array_like, shape (n, 3)
            Rx, Ry, Rz in radians; NaN where there is no face.

        Returns
        -------
        ndarray of bool, shape (n,)
            False for NaN. Without a range in the manifest, every pose is within it.
        """
        poses = np.asarray(angles, dtype=float)
        check_shape("angles", poses, ("n", 3))
        limits = self.manifest.pose_range_deg or (np.inf,) * 3
        within: NDArray[np.bool_] = (np.abs(np.rad2deg(poses)) <= limits).all(axis=1)
        return within

    def _answering(self, kind: NetworkKind, aus: Sequence[int]) -> list[NetworkEntry]:
        """Return the networks that answer at least one of `aus`."""
        entries = self.entries(kind)
        known = {au for entry in entries for au in entry.aus}
        if not known.issuperset(aus):
            raise InputError(
                f"aus must be among {sorted(known)}, the AUs of the model {self.name}, "
                f"got {list(aus)}"
            )
        return [entry for entry in entries if not set(entry.aus).isdisjoint(aus)]


def mean_of_networks(
    networks: Sequence[LiteRTNetwork],
    features: NDArray[np.float32],
    names: tuple[str, ...],
) -> NDArray[np.float32]:
    """Return the mean answer of networks to faces and to their mirror images, (n, n_aus).

    A face and its mirror image show the same AUs, so that the mean is steadier than one answer,
    and left and right count alike. Every network reads as many leading columns as it has inputs.
    Without `names` the mirror images are left out.
    """
    views = [features]
    if names:
        order, signs = mirror_columns(names)
        views.append(signs * features[:, order])
    rows = np.concatenate(views)
    answers = [net.predict_proba(rows[:, : net.n_features]) for net in networks]
    by_view = [part for answer in answers for part in np.split(answer, len(views))]
    mean: NDArray[np.float32] = np.mean(by_view, axis=0, dtype=np.float32)
    return mean


def _open_networks(entry: NetworkEntry, contents: Mapping[str, bytes]) -> tuple[LiteRTNetwork, ...]:
    networks = []
    for file, expected, n_inputs in zip(entry.files, entry.sha256, entry.inputs, strict=True):
        if file not in contents:
            raise ModelFileError(f"{entry.name}: the content of {file} must be given, got none")
        if sha256_of(contents[file]) != expected:
            raise ModelFileError(
                f"{file} must have SHA-256 {expected}, got {sha256_of(contents[file])}"
            )
        network = LiteRTNetwork(contents[file])
        sizes = (n_inputs, len(entry.aus))
        if (network.n_features, network.n_aus) != sizes:
            raise ModelFileError(
                f"{file} must have {sizes[0]} inputs and {sizes[1]} outputs, "
                f"got {network.n_features} and {network.n_aus}"
            )
        networks.append(network)
    return tuple(networks)


def _first_difference(expected: tuple[str, ...], got: tuple[str, ...]) -> str:
    if len(expected) != len(got):
        return f"expected {len(expected)} features, got {len(got)}"
    pairs = zip(expected, got, strict=True)
    return next(f"expected {a!r}, got {b!r}" for a, b in pairs if a != b)
