"""Measure an emotion network on posed expressions of the Yale Face Database.

    python benchmarks/appearance_yale.py NETWORK YALE

NETWORK is what ``au-detect appearance train`` wrote; YALE is a folder of pictures called
``subjectNN_happy.png``, ``..._sad``, ``..._surprised`` and ``..._normal``. Printed are the
confusion of the four, and of happy and surprised against normal: how often it has the larger of
both probabilities, and the area under the ROC curve of its probability among all people.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from au_detect.appearance.emotion_frames import emotion_of_face
from au_detect.appearance.emotion_judging import judge_emotions, judged_text
from au_detect.appearance.emotion_network import EmotionNetwork, load_emotion_network
from au_detect.evaluation import roc_auc
from au_detect.frames.pictures import read_picture
from au_detect.landmarks.tracking import FaceTracker

EXPRESSIONS = {
    "happy": "happiness", "sad": "sadness", "surprised": "surprise", "normal": "neutral",
}  # fmt: skip


def ask(network: EmotionNetwork, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities of every picture with a face, and what it shows (index)."""
    tracker, found, labels = FaceTracker(), [], []
    for path in sorted(folder.glob("subject*_*.png")):
        expression = path.stem.partition("_")[2]
        if expression not in EXPRESSIONS:
            continue
        tracker.reset()
        image = read_picture(path)
        faces = tracker.track(image)
        if faces:
            found.append(emotion_of_face(network, image, faces[0].points))
            labels.append(network.emotions.index(EXPRESSIONS[expression]))
    return np.array(found), np.array(labels)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("network", type=Path)
    parser.add_argument("yale", type=Path)
    options = parser.parse_args()
    network = load_emotion_network(options.network)
    found, labels = ask(network, options.yale)
    print(judged_text(judge_emotions(found, labels, network.emotions)))
    neutral = network.emotions.index("neutral")
    for emotion in ("happiness", "surprise"):
        column = network.emotions.index(emotion)
        chosen = np.isin(labels, [column, neutral])
        shown = labels[chosen] == column
        larger = found[chosen, column] > found[chosen, neutral]
        auc = roc_auc(shown.astype(float), found[chosen, column])
        print(f"{emotion} against neutral: right {np.mean(larger == shown):.3f}, AUC {auc:.3f}")


if __name__ == "__main__":
    main()
