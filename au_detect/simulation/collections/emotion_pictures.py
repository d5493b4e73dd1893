"""Pictures of simulated people with one emotion each: what emotion networks may learn from.

Which displays people call by which emotion follows the prototypes of Ekman and Friesen and what
collections of found pictures show under these names: anger is also teeth and shouts, fear is also
screams and worry, sadness is also tears and a lowered head, and neutral is also talking and
looking aside.
"""

from __future__ import annotations

from os import PathLike

import cv2
import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.crops import drawn_change, portrait_crop
from au_detect.appearance.pictures import LabelledPictures
from au_detect.simulation.collections.landmark_sequences import draw_people
from au_detect.simulation.collections.sequence_renderer import SequenceRenderer
from au_detect.simulation.face.displays import Display
from au_detect.simulation.face.model import read_face_model
from au_detect.simulation.materials.folders import Materials
from au_detect.simulation.parallel import Progress, in_parallel
from au_detect.simulation.rendering.coverings import COVERED_HEADS

CUTS = 3
"""Crops of every picture, each with the face larger, turned and aside in another way."""
PER_JOB = 42

EMOTION_DISPLAYS: dict[str, tuple[Display, ...]] = {
    "anger": (
        Display("frown", (4, 7), {23: 0.5, 24: 0.5, 17: 0.4, 5: 0.3, 9: 0.15}, 2, faintest=2.0),
        Display("glare", (4, 5), {7: 0.6, 23: 0.5, 24: 0.4, 17: 0.3, 10: 0.2}, 1, faintest=2.5),
        Display("teeth shown", (4, 7, 10, 25), {5: 0.4, 9: 0.4, 16: 0.5, 20: 0.4, 23: 0.2, 22: 0.2},
                1.5, faintest=2.5),
        Display("shout", (4, 25, 26), {7: 0.7, 5: 0.3, 10: 0.6, 9: 0.4, 16: 0.4, 22: 0.2, 20: 0.2},
                1.5, faintest=2.5),
        Display("roar", (4, 25, 27), {7: 0.8, 10: 0.6, 9: 0.6, 16: 0.4, 20: 0.3, 43: 0.15, 6: 0.2},
                1, faintest=3.0),
        Display("sulk", (4, 17), {15: 0.4, 18: 0.3, 24: 0.3, 23: 0.3, 7: 0.3}, 0.5, nod_deg=4),
    ),
    "disgust": (
        Display("wrinkled nose", (9,), {10: 0.6, 17: 0.5, 4: 0.5, 7: 0.4, 25: 0.4, 6: 0.3}, 2,
                faintest=2.0),
        Display("raised lip", (10,), {9: 0.3, 17: 0.3, 25: 0.5, 4: 0.4, 15: 0.3, 7: 0.4}, 1,
                faintest=2.0),
        Display("retch", (9, 25), {10: 0.6, 16: 0.6, 26: 0.6, 4: 0.6, 7: 0.5, 20: 0.2}, 1,
                faintest=2.5),
    ),
    "fear": (
        Display("fear", (1, 20, 25), {2: 0.6, 4: 0.7, 5: 0.8, 26: 0.5, 7: 0.2}, 1.5, faintest=2.5),
        Display("terror", (1, 4, 5, 20, 25), {2: 0.7, 16: 0.4, 26: 0.5}, 1, faintest=3.0),
        Display("scream", (1, 25, 27), {2: 0.6, 4: 0.7, 5: 0.6, 20: 0.6, 7: 0.2}, 1.2,
                faintest=3.0),
        Display("startled eyes", (1, 4, 5), {2: 0.6, 25: 0.5, 24: 0.2}, 1, faintest=2.0),
        Display("worry", (1, 4), {2: 0.5, 5: 0.4, 20: 0.4, 25: 0.4, 24: 0.2, 7: 0.3}, 1,
                faintest=2.0, manner="gaze"),
    ),
    "happiness": (
        Display("smile", (12,), {6: 0.6, 25: 0.6, 26: 0.1}, 2, faintest=1.5),
        Display("broad smile", (6, 12, 25), {26: 0.3, 7: 0.2, 10: 0.05}, 2, faintest=2.5),
        Display("laughter", (6, 12, 25), {7: 0.2, 43: 0.15}, 1.5, 0.0, 2.5, nod_deg=-6,
                manner="laughter"),
        Display("cheer", (12, 25), {6: 0.6, 26: 0.6, 27: 0.3, 1: 0.3, 2: 0.3, 5: 0.2, 43: 0.1}, 1,
                faintest=3.0),
    ),
    "sadness": (
        Display("sadness", (1, 4, 15), {17: 0.6, 7: 0.1, 43: 0.15, 25: 0.1}, 1.5, faintest=2.0,
                nod_deg=3),
        Display("sorrow", (1, 4), {15: 0.4, 17: 0.4, 25: 0.25, 43: 0.1, 7: 0.2}, 1.5, faintest=2.0,
                nod_deg=4),
        Display("deep pout", (15, 17), {1: 0.4, 4: 0.4, 24: 0.1, 43: 0.1}, 1.2, faintest=2.0,
                nod_deg=5),
        Display("downcast", (15,), {1: 0.5, 4: 0.4, 17: 0.4, 43: 0.4}, 1, nod_deg=9,
                manner="gaze"),
        Display("crying", (4, 6, 15, 25), {1: 0.6, 7: 0.6, 20: 0.5, 43: 0.5, 10: 0.3, 17: 0.4}, 1,
                faintest=2.5),
        Display("wailing", (4, 6, 25), {1: 0.6, 15: 0.5, 20: 0.5, 26: 0.5, 27: 0.4, 43: 0.6}, 0.8,
                faintest=3.0),
    ),
    "surprise": (
        Display("surprise", (1, 2, 5, 25), {26: 0.6, 27: 0.4}, 3, faintest=2.0),
        Display("astonishment", (1, 2, 27, 25), {5: 0.7}, 1.5, faintest=2.5),
        Display("brows up", (1, 2, 5), {25: 0.3}, 0.7, faintest=2.0),
        Display("glad surprise", (1, 2, 25), {5: 0.6, 26: 0.5, 27: 0.4, 12: 0.4}, 0.7,
                faintest=2.5),
    ),
    "neutral": (
        Display("rest", (), {}, 4),
        Display("looking elsewhere", (), {}, 1.5, manner="gaze"),
        Display("speech", (), {1: 0.05, 2: 0.05}, 0.7, manner="speech"),
        Display("lips part", (25,), {}, 0.5),
    ),
}  # fmt: skip
"""Emotion -> how it is shown, each as often as its weight says."""


def render_emotions(
    face_model: str | PathLike[str],
    n: int,
    *,
    random_state: int = 0,
    materials: Materials | None = None,
    n_jobs: int = 1,
    progress: Progress | None = None,
) -> LabelledPictures:
    """Render `n` pictures, of all seven emotions about as many, and cut the faces out.

    Parameters
    ----------
    face_model : path
        See `read_face_model`.
    n : int
        Number of pictures; of each there are `CUTS` crops. Every person shows six.
    random_state : int
        The same value gives the same pictures, whatever `n_jobs` is.
    materials : Materials, optional
        Photographed skins and light probes, see `read_materials`; none by default.
    n_jobs : int
        Processes.
    progress : callable, optional
        ``progress(parts, n_parts)`` returns the parts, for example in a progress bar.
    """
    calls = [
        (str(face_model), n, random_state, materials, start, min(start + PER_JOB, n))
        for start in range(0, n, PER_JOB)
    ]
    parts = in_parallel(_render_part, calls, n_jobs=n_jobs, progress=progress)
    images, labels, subject = (np.concatenate(column) for column in zip(*parts, strict=True))
    return LabelledPictures(images, labels, tuple(EMOTION_DISPLAYS), subject=subject)


def _drawn(n: int, random_state: int) -> tuple[NDArray[np.intp], list[Display]]:
    """Draw which emotion each picture shows, and how."""
    rng = np.random.default_rng([random_state, 3])
    labels = rng.permutation(np.arange(n) % len(EMOTION_DISPLAYS))
    ways = list(EMOTION_DISPLAYS.values())
    displays = []
    for label in labels:
        weights = np.array([display.weight for display in ways[label]])
        displays.append(ways[label][rng.choice(len(weights), p=weights / weights.sum())])
    return labels, displays


def _render_part(
    face_model: str,
    n: int,
    random_state: int,
    materials: Materials | None,
    start: int,
    stop: int,
) -> tuple[NDArray[np.uint8], NDArray[np.intp], NDArray[np.int64]]:
    cv2.setNumThreads(1)
    model = read_face_model(face_model)
    labels, displays = _drawn(n, random_state)
    people = draw_people(model, n, np.random.default_rng(random_state), displays=displays)
    renderer = SequenceRenderer(
        model, people, random_state, materials=materials,
        coverings=COVERED_HEADS if materials else {},
    )  # fmt: skip
    crops = []
    for row in range(start, stop):
        picture = renderer.render_apex(row)
        rng = np.random.default_rng([random_state, 7, row])
        points = picture.landmarks.astype(float)
        crops += [portrait_crop(picture.image, points, drawn_change(rng)) for _ in range(CUTS)]
    rows = np.repeat(np.arange(start, stop), CUTS)
    return np.stack(crops), labels[rows], people.subject[rows]
