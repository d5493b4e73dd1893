"""Light probes (equirectangular .hdr pictures) as light for the renderer.

A probe becomes nine spherical harmonics of the light that surfaces receive (Ramamoorthi &
Hanrahan 2001), and a few suns for its brightest spots, which harmonics would smear.
"""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, check_shape
from au_detect.simulation.rendering.light import Light

ENDING = ".hdr"
LUMA = (0.0722, 0.7152, 0.2126)
"""Weights of blue, green and red in the luminance (ITU-R BT.709)."""
LIGHT_SIZE = (64, 128)
"""Rows and columns of the panorama that light is computed from."""
N_SUNS = 3
SUN_RADIUS_RAD = 0.2
SUN_SHARE = 0.06
"""Of the light of a probe that a spot must give to become a sun."""
LEVEL = 0.75
"""What white paper receives on average over horizontal directions, after scaling."""
_BANDS = np.array([1.0, *[2 / 3] * 3, *[0.25] * 5])
_NORMS = np.array([0.282095, *[0.488603] * 3, 1.092548, 1.092548, 0.315392, 1.092548, 0.546274])

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LightProbe:
    """The light of a place.

    Parameters
    ----------
    name : str
    panorama : ndarray of float32, shape (height, 2 * height)
        Linear luminance from every direction: the middle column lies ahead, the first row above.

    Raises
    ------
    InputError
        If the shape is another, or the panorama is dark all over.
    """

    name: str
    panorama: NDArray[np.float32]

    def __post_init__(self) -> None:
        check_shape("panorama", self.panorama, ("height", 2 * len(self.panorama)))
        if not self.panorama.max() > 0:
            raise InputError(f"panorama of {self.name} must hold light, got none")

    def light(self, yaw_rad: float = 0.0, softness: float = 0.3) -> Light:
        """Return the light on a face in this place.

        Parameters
        ----------
        yaw_rad : float
            Turn of the place about the vertical axis, to the right.
        softness : float
            Blur of the shadows that suns cast, cm.
        """
        shift = round(yaw_rad / (2 * np.pi) * self.panorama.shape[1])
        panorama = np.roll(self.panorama, shift, axis=1)
        small = cv2.resize(panorama, LIGHT_SIZE[::-1], interpolation=cv2.INTER_AREA)
        rest, directions, strengths = _take_suns(small.astype(float))
        harmonics = irradiance_harmonics(rest)
        scale = LEVEL / (_level(harmonics) + 0.3 * strengths.sum())
        return Light(
            directions=directions,
            strengths=strengths * scale,
            softness=softness,
            ambient=0.0,
            ambient_axis=np.array([0.0, -1.0, 0.0]),
            ambient_contrast=0.0,
            harmonics=harmonics * scale,
            panorama=panorama * np.float32(scale),
        )


def read_probes(folder: str | PathLike[str]) -> tuple[LightProbe, ...]:
    """Read the light probes of a folder, in order of their names.

    Raises
    ------
    InputError
        If there are none, or one cannot be read or is not twice as wide as high.
    """
    return tuple(_read_probe(path) for path in find_probes(folder))


def find_probes(folder: str | PathLike[str]) -> list[Path]:
    """Return the probes' files.

    Raises
    ------
    InputError
        If there are none.
    """
    files = sorted(Path(folder).glob(f"*{ENDING}"))
    if not files:
        raise InputError(f"lights must be a folder of equirectangular {ENDING} files, got {folder}")
    return files


def irradiance_harmonics(panorama: NDArray[np.floating]) -> Array:
    """Return the light that white paper sends back, as harmonics of its normal.

    Parameters
    ----------
    panorama : ndarray, shape (height, 2 * height)
        Linear luminance from every direction, as in `LightProbe`.

    Returns
    -------
    ndarray of float, shape (9,)
        Factors of `harmonic_terms`.
    """
    directions, solid_angle = sphere_grid(panorama.shape)
    terms = harmonic_terms(directions)
    moments = (terms * (panorama * solid_angle)[..., None]).sum(axis=(0, 1))
    return np.asarray(_BANDS * _NORMS**2 * moments)


def harmonic_terms(normals: Array) -> Array:
    """Return 1, x, y, z, xy, yz, 3z² - 1, xz, x² - y² of unit vectors (..., 3): (..., 9)."""
    x, y, z = np.moveaxis(normals, -1, 0)
    terms = [np.ones_like(x), x, y, z, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y]
    return np.stack(terms, axis=-1)


def sphere_grid(shape: tuple[int, ...]) -> tuple[Array, Array]:
    """Return the directions (height, width, 3) in camera axes and the solid angles of pixels."""
    height, width = shape
    azimuth = 2 * np.pi * ((np.arange(width) + 0.5) / width - 0.5)
    rise = np.pi * (0.5 - (np.arange(height) + 0.5) / height)[:, None]
    directions = np.stack(
        [
            np.sin(azimuth) * np.cos(rise),
            np.broadcast_to(-np.sin(rise), (height, width)),
            np.cos(azimuth) * np.cos(rise),
        ],
        axis=-1,
    )
    solid_angle = np.cos(rise) * (np.pi / height) * (2 * np.pi / width)
    return directions, np.broadcast_to(solid_angle, (height, width))


def _take_suns(panorama: Array) -> tuple[Array, Array, Array]:
    """Return the panorama without its brightest spots, and their directions and strengths."""
    directions, solid_angle = sphere_grid(panorama.shape)
    rest = panorama.copy()
    total = (panorama * solid_angle).sum()
    toward, strengths = [], []
    for _ in range(N_SUNS):
        soft = cv2.GaussianBlur(np.pad(rest, ((0, 0), (8, 8)), mode="wrap"), (0, 0), 2.0)[:, 8:-8]
        peak = directions[np.unravel_index(np.argmax(soft), rest.shape)]
        angle = np.arccos(np.clip(directions @ peak, -1, 1))
        spot, ring = angle < SUN_RADIUS_RAD, (angle >= SUN_RADIUS_RAD) & (angle < 0.4)
        surplus = np.where(spot, np.clip(rest - rest[ring].mean(), 0, None), 0.0)
        power = surplus * solid_angle
        if power.sum() < SUN_SHARE * total:
            break
        middle = (directions * power[..., None]).sum(axis=(0, 1))
        toward.append(middle / np.linalg.norm(middle))
        strengths.append(power.sum() / np.pi)
        rest -= surplus
    return rest, np.array(toward).reshape(-1, 3), np.array(strengths)


def _level(harmonics: Array) -> float:
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    around = np.column_stack([np.sin(turn), np.zeros(16), np.cos(turn)])
    return float(np.clip(harmonic_terms(around) @ harmonics, 0, None).mean())


def _read_probe(path: Path) -> LightProbe:
    picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 3 or picture.shape[1] != 2 * picture.shape[0]:
        got = "no picture" if picture is None else f"shape {picture.shape}"
        raise InputError(f"light probe {path} must be a colour picture 2 : 1, got {got}")
    luminance = picture[..., :3].astype(np.float32) @ np.array(LUMA, dtype=np.float32)
    return LightProbe(path.stem, np.nan_to_num(luminance, nan=0.0, posinf=0.0))
