"""Score the action units of a picture against a neutral picture of the same person.

    python score_picture.py [PICTURE NEUTRAL_PICTURE]

Without arguments a sample that comes with the package is scored.
"""

import sys

from au_detect import detect_aus, sample_sequences

if len(sys.argv) > 1:
    picture, neutral = sys.argv[1:3]
else:
    frames = sorted(sample_sequences()["happiness"].glob("*.png"))
    picture, neutral = frames[-1], frames[0]

result = detect_aus(picture, neutral=neutral)

# One row for every action unit: its probability, the threshold, and whether it is on.
summary = result.summary()
print(summary[summary["active"]].to_string())
