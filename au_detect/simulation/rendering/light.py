"""The light on a simulated face, and the camera's sensor that records it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Light:
    """Directional lights and the light of the surroundings, in camera axes.

    Parameters
    ----------
    directions : ndarray of float, shape (n_lights, 3)
        Unit vectors from the face to the lights (x right, y down, z away from the camera).
    strengths : ndarray of float, shape (n_lights,)
    softness : float
        Blur of cast shadows, cm.
    ambient : float
        Strength of the surroundings.
    ambient_axis : ndarray of float, shape (3,)
        Where the surroundings are brightest.
    ambient_contrast : float
        0 (the same from everywhere) to 1.
    harmonics : ndarray of float, shape (9,), optional
        More light of the surroundings: factors of 1, x, y, z, xy, yz, 3z² - 1, xz, x² - y² of a
        surface's normal.
    panorama : ndarray of float32, shape (height, 2 * height), optional
        What stands around, linear luminance: behind the person, and in spectacles. The middle
        column lies ahead of the camera, the first row above.
    """

    directions: NDArray[np.float64]
    strengths: NDArray[np.float64]
    softness: float
    ambient: float
    ambient_axis: NDArray[np.float64]
    ambient_contrast: float
    harmonics: NDArray[np.float64] | None = None
    panorama: NDArray[np.float32] | None = None

    @property
    def surroundings(self) -> NDArray[np.float64]:
        """Light of the surroundings on a surface: factors as in `harmonics`, shape (9,)."""
        factors = np.zeros(9) if self.harmonics is None else self.harmonics.copy()
        factors[0] += self.ambient
        factors[1:4] += self.ambient * self.ambient_contrast * self.ambient_axis
        return factors


@dataclass(frozen=True)
class Sensor:
    """How the camera turns light into a picture.

    Parameters
    ----------
    exposure : float
        Luminance that the middle of the face gets before the tone curve, about 0.1 to 0.7.
    auto_exposure : float
        0 (the same for dark and light skin) to 1 (every face equally bright).
    gamma : float
        Exponent of the tone curve, about 1.8 to 2.6.
    contrast : float
        Steepness of the S-shaped part of the tone curve, 0 for none.
    blur_px, motion_px : float
        Standard deviation of the defocus and length of the motion blur, for pictures 320 px high.
    motion_angle_rad : float
    noise : float
        Standard deviation at mid-grey, in grey levels of 255.
    noise_grain_px : float
        Size of the noise's grains.
    sharpening : float
        Unsharp masking in the camera.
    jpeg_quality : int or None
        Quality of the compression; None for none.
    """

    exposure: float
    auto_exposure: float
    gamma: float
    contrast: float
    blur_px: float
    motion_px: float
    motion_angle_rad: float
    noise: float
    noise_grain_px: float
    sharpening: float
    jpeg_quality: int | None


def draw_light(rng: np.random.Generator) -> Light:
    """Draw the light of a scene: soft or hard, from the front, the sides, above or below."""
    n = int(rng.integers(1, 4))
    strong_side = rng.random() < 0.22
    azimuth = rng.normal(0, 0.65, n)
    azimuth[0] = rng.choice([-1, 1]) * rng.uniform(0.9, 1.6) if strong_side else azimuth[0]
    elevation = np.clip(rng.normal(0.5, 0.37, n), -0.45, 1.2)
    directions = np.column_stack(
        [
            np.sin(azimuth) * np.cos(elevation),
            -np.sin(elevation),
            -np.cos(azimuth) * np.cos(elevation),
        ]
    )
    strengths = rng.dirichlet(np.full(n, 1.2))
    if strong_side:
        strengths[0] += 1.0
    ambient_share = rng.uniform(0.06, 0.35) if strong_side else rng.uniform(0.15, 0.85)
    strengths = strengths / strengths.sum() * (1 - ambient_share)
    axis = rng.normal([0.0, -1.2, -0.6], 1.0)
    return Light(
        directions=directions,
        strengths=strengths,
        softness=float(np.exp(rng.uniform(np.log(0.15), np.log(2.0)))),
        ambient=float(ambient_share),
        ambient_axis=axis / np.linalg.norm(axis),
        ambient_contrast=float(rng.uniform(0.1, 0.8)),
    )


def vary_light(light: Light, rng: np.random.Generator, amount: float = 1.0) -> Light:
    """Return the light a little later: lights moved and dimmed by up to `amount` (1: clearly)."""
    directions = light.directions + rng.normal(0, 0.18 * amount, light.directions.shape)
    strengths = light.strengths * np.exp(rng.normal(0, 0.2 * amount, len(light.strengths)))
    dimmed = float(np.exp(rng.normal(0, 0.15 * amount)))
    return replace(
        light,
        directions=directions / np.linalg.norm(directions, axis=1, keepdims=True),
        strengths=strengths,
        ambient=light.ambient * dimmed,
        harmonics=None if light.harmonics is None else light.harmonics * dimmed,
    )


def draw_sensor(rng: np.random.Generator) -> Sensor:
    """Draw a camera from web cam to studio."""
    return Sensor(
        exposure=float(np.exp(rng.normal(np.log(0.3), 0.3))),
        auto_exposure=float(rng.uniform(0.5, 0.95)),
        gamma=float(rng.uniform(1.9, 2.5)),
        contrast=float(rng.uniform(0.0, 1.0)),
        blur_px=float(min(rng.gamma(1.6, 0.28), 1.4)),
        motion_px=float(rng.exponential(1.2) if rng.random() < 0.2 else 0.0),
        motion_angle_rad=float(rng.uniform(0, np.pi)),
        noise=float(min(rng.gamma(1.3, 1.4), 4.5)),
        noise_grain_px=float(rng.uniform(0.0, 0.9)),
        sharpening=float(rng.beta(1, 2)),
        jpeg_quality=int(rng.integers(35, 99)) if rng.random() < 0.7 else None,
    )


def record(
    luminance: NDArray[np.float32],
    face_luminance: float,
    sensor: Sensor,
    rng: np.random.Generator,
) -> NDArray[np.uint8]:
    """Return the picture that a sensor makes of linear luminances (height, width).

    `face_luminance` is what the face sends out on average; the exposure goes by it.
    """
    scale = luminance.shape[0] / 320
    level = max(face_luminance, 1e-4)
    gain = sensor.exposure / (level**sensor.auto_exposure * 0.3 ** (1 - sensor.auto_exposure))
    light = _blurred(luminance * np.float32(gain), sensor, scale)
    bright = np.clip(light, 0, None)
    bright = np.where(bright > 0.8, 0.8 + 0.2 * np.tanh((bright - 0.8) * 2.5), bright)
    tone = np.power(bright, np.float32(1 / sensor.gamma))
    tone = tone + sensor.contrast * 0.35 * tone * (1 - tone) * (2 * tone - 1) * 2
    if sensor.sharpening > 0.05:
        tone = tone + sensor.sharpening * 0.8 * (tone - cv2.GaussianBlur(tone, (0, 0), 1.2 * scale))
    noise = rng.standard_normal(tone.shape, dtype=np.float32)
    if sensor.noise_grain_px > 0.35:
        sigma = sensor.noise_grain_px
        noise = cv2.GaussianBlur(noise, (0, 0), sigma) * np.float32(2 * np.sqrt(np.pi) * sigma)
    strength = sensor.noise * (0.6 + 0.8 * np.sqrt(np.clip(tone, 0, 1)))
    picture = np.clip(tone * 255 + noise * strength + 0.5, 0, 255).astype(np.uint8)
    if sensor.jpeg_quality is None:
        return picture
    _, packed = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, sensor.jpeg_quality])
    return np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)


def _blurred(light: NDArray[np.float32], sensor: Sensor, scale: float) -> NDArray[np.float32]:
    if sensor.blur_px * scale > 0.25:
        light = cv2.GaussianBlur(light, (0, 0), sensor.blur_px * scale)
    length = sensor.motion_px * scale
    if length > 0.8:
        half = int(np.ceil(length / 2))
        kernel = np.zeros((2 * half + 1,) * 2, dtype=np.float32)
        offset = (
            0.5
            * length
            * np.array([np.cos(sensor.motion_angle_rad), np.sin(sensor.motion_angle_rad)])
        )
        start, stop = (np.rint((half + s * offset) * 16).astype(int) for s in (-1, 1))
        cv2.line(kernel, tuple(start.tolist()), tuple(stop.tolist()), 1.0, 1, cv2.LINE_AA, 4)
        light = cv2.filter2D(light, -1, kernel / kernel.sum())
    return np.asarray(light, dtype=np.float32)
