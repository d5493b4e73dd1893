"""What an emotion network says of the faces in pictures, sequences and videos."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from au_detect.appearance.crops import portrait_crop
from au_detect.appearance.emotion_network import EmotionNetwork
from au_detect.frames import open_frames
from au_detect.landmarks.tracking import FaceTracker

if TYPE_CHECKING:
    import pandas as pd


def emotion_of_face(
    network: EmotionNetwork, image: NDArray[np.uint8], points: NDArray[np.floating]
) -> NDArray[np.float32]:
    """Return the probabilities (n_emotions,) of the face with `points` (68, 2) in a grey picture.

    The mean for the face and for its mirror image.
    """
    crop = portrait_crop(image, points)
    both = np.stack([crop, crop[:, ::-1]])
    probabilities: NDArray[np.float32] = network.predict_proba(both).mean(axis=0)
    return probabilities


def emotion_table(network: EmotionNetwork, inputs: Sequence[Any]) -> pd.DataFrame:
    """Return a row for every frame of all inputs, those without a face among them.

    Parameters
    ----------
    network : EmotionNetwork
    inputs : sequence
        What `au_detect.frames.open_frames` takes.

    Returns
    -------
    DataFrame
        ``input``, ``frame`` (from 0), ``success`` (1 where there is a face; the largest one
        counts), ``emotion`` (the most probable one, "" without a face), and each emotion's
        probability, named ``appearance_<emotion>``: it is learnt from pixels, not told by rules.
    """
    import pandas as pd

    rows = []
    for source in inputs:
        tracker = FaceTracker()
        for frame in open_frames(source):
            faces = tracker.track(frame.image)
            found = np.full(len(network.emotions), np.nan, dtype=np.float32)
            if faces:
                found = emotion_of_face(network, frame.image, faces[0].points)
            answer = network.emotions[int(found.argmax())] if faces else ""
            rows.append([str(source), frame.index, int(bool(faces)), answer, *found.astype(float)])
    names = [f"appearance_{emotion}" for emotion in network.emotions]
    table = pd.DataFrame(rows, columns=["input", "frame", "success", "emotion", *names])
    table[names] = table[names].round(6)
    return table
