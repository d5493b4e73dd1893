"""
Landmarks that you already have
===============================

Landmarks are in pixels, x right, y down, in iBUG's order; a frame without a face is all NaN.
There are no pictures then, so that the furrows are left out and networks answer that know
landmarks alone. They know how the shipped landmark models see a face: other trackers' landmarks
may need thresholds of their own (``thresholds={12: 0.7}``).
"""

import numpy as np

from au_detect import detect_aus, sample_sequences
from au_detect.plots.face import plot_displacements

# %%
# The samples come with landmarks, one text file a frame, as CK+ has them.
frames = sample_sequences()["surprise"]
subject, number = frames.parts[-2:]
files = sorted((frames.parents[2] / "Landmarks" / subject / number).glob("*_landmarks.txt"))
landmarks = np.stack([np.loadtxt(file) for file in files])
landmarks[2] = np.nan  # a frame in which the face was lost

# %%
# `landmarks` takes the place of the source; `neutral` is a frame of it, or landmarks too.
result = detect_aus(landmarks=landmarks, neutral="first", fps=30)

print(result.to_dataframe()[["frame", "success", "AU25_c", "AU25_p", "AU25_side"]].to_string())
summary = result.summary()
print(summary[summary["active"]].to_string())

# %%
# How the face moved from the neutral frame to the last one, seen from the front:
axes = plot_displacements(result, frame=len(landmarks) - 1)
