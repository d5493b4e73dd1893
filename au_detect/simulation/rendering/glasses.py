"""Spectacle frames."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from au_detect.landmarks import REGIONS
from au_detect.simulation.rendering.appearance import Appearance
from au_detect.simulation.rendering.meshes import Props, add_tube
from au_detect.simulation.rendering.surface import FRAME, Surface


def add_glasses(
    props: Props,
    surface: Surface,
    person: Appearance,
    neutral: NDArray[np.float32],
    rng: np.random.Generator,
) -> None:
    """Add two rims, a bridge and two temples made of tubes; they keep still when the face moves."""
    marks = neutral[surface.model.landmark_vertices].astype(float)
    radius = rng.uniform(0.07, 0.1) if person.glasses == "thin" else rng.uniform(0.12, 0.24)
    eyes = [marks[REGIONS[side]].mean(axis=0) for side in ("right_eye", "left_eye")]
    half_width = rng.uniform(2.3, 2.75)
    half_height = 0.5 * person.lens_height_cm
    power = rng.uniform(2.0, 4.5)
    front = float(marks[27:29, 2].mean()) + 0.15
    drop = rng.uniform(0.1, 0.7)
    turn = np.linspace(0, 2 * np.pi, 36, endpoint=False)
    round_x = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** (2 / power) * half_width
    round_y = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** (2 / power) * half_height
    for eye, sign in zip(eyes, (-1, 1), strict=True):
        middle = sign * max(abs(eye[0]), half_width + 0.75)
        x, y = middle + sign * round_x, eye[1] - drop + round_y
        y -= 0.12 * half_height * (round_x / half_width) * (round_y < 0)
        rim = np.column_stack([x, y, front - 0.028 * x**2])
        props.lenses.append(np.arange(36) + len(props.points))
        props.add(rim, np.zeros((0, 3), dtype=np.int32), FRAME)
        add_tube(props, np.concatenate([rim, rim[:1]]), radius)
        hinge = np.array([middle + sign * half_width, eye[1] - drop + 0.5 * half_height * 0.6, 0.0])
        hinge[2] = front - 0.028 * hinge[0] ** 2
        ear = np.array([sign * (np.abs(neutral[:9409, 0]).max() - 1.3), hinge[1] + 0.3, -1.5])
        add_tube(props, np.linspace(hinge, ear, 6), max(radius, 0.08))
    level = 0.5 * (eyes[0][1] + eyes[1][1]) - drop + 0.25 * half_height
    gap = max(abs(eyes[0][0]), half_width + 0.75) - half_width
    bridge_x = np.linspace(-gap, gap, 7)
    bridge = np.column_stack(
        [bridge_x, level + 0.25 * np.cos(bridge_x / gap * 1.5), np.full(7, front + 0.1)]
    )
    add_tube(props, bridge, radius)
