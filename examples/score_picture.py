"""
One picture
===========

Score the action units of a picture against a neutral picture of the same person::

    python score_picture.py [PICTURE NEUTRAL_PICTURE]

Without arguments a sample that comes with the package is scored.
"""

import sys

import cv2

from au_detect import detect_aus, sample_sequences
from au_detect.plots.face import plot_landmarks

if len(sys.argv) > 2:
    picture, neutral = sys.argv[1:3]
else:
    frames = sorted(sample_sequences()["happiness"].glob("*.png"))
    picture, neutral = frames[-1], frames[0]

# %%
# Geometry says how a face differs from itself at rest, so that the neutral picture matters as much
# as the picture. Without one (``neutral=None``) other networks answer, which are less certain.
result = detect_aus(picture, neutral=neutral)

# %%
# The summary has a row for every action unit. ``peak`` is its probability: from 0.5 on it is on.
summary = result.summary()
print(summary[summary["active"]].to_string())

# %%
# Which parts of the face carried each decision, with what was measured there in inter-ocular
# distances, and how far faces at rest wander:
print(*result.explain(0), sep="\n")

# %%
# The 68 landmarks that all of this stands on:
axes = plot_landmarks(cv2.imread(str(picture)), result.points[0])
