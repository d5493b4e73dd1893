"""Faces that are drawn: a mouth that bends up is happiness, one that bends down sadness."""

import cv2
import numpy as np
import pytest

from au_detect.appearance.networks import NETWORKS, Layers
from au_detect.appearance.pictures import LabelledPictures

EMOTIONS = ("happiness", "sadness", "neutral")


@pytest.fixture(scope="session", autouse=True)
def small_network():
    """Add a network that learns drawn faces in seconds, and one of other convolutions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(NETWORKS, "small", Layers(((8,), (16,)), (32,)))
        patch.setitem(NETWORKS, "other", Layers(((4,),), ()))
        yield


@pytest.fixture(scope="session")
def drawn_pictures():
    """Return a function that draws `n` labelled pictures."""

    def draw(n=120, seed=0, **changes):
        rng = np.random.default_rng(seed)
        labels = np.arange(n) % 3
        images = np.empty((n, 48, 48), dtype=np.uint8)
        for number, label in enumerate(labels):
            face = np.full((48, 48), 110, dtype=np.uint8)
            for x in (16, 32):
                cv2.circle(face, (x, 18), 3, 20, -1)
            y, bend = 34 + rng.integers(-1, 2), (6, -6, 0)[label]
            curve = [(x, y - bend * ((x - 24) / 10) ** 2 + bend / 2) for x in range(14, 35)]
            cv2.polylines(face, [np.array(curve, dtype=np.int32)], False, 230, 2)
            noise = rng.normal(0, 8, face.shape)
            images[number] = np.clip(face + noise, 0, 255)
        return LabelledPictures(images, labels, EMOTIONS, **changes)

    return draw
