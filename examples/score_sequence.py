"""
One video
=========

A video, or a folder of frames: a table with a row for every frame, and when each action unit was
on::

    python score_sequence.py [VIDEO_OR_FOLDER]

Without arguments a sample that comes with the package is scored.
"""

import sys

import pandas as pd

from au_detect import AUDetector, sample_sequences
from au_detect.facs import ACTION_UNITS
from au_detect.plots.timeline import plot_timeline

source = sys.argv[1] if len(sys.argv) > 1 else sample_sequences()["happiness"]

# %%
# The first frame is taken as the person's neutral face here, because the samples begin with one.
# Leave `neutral` away to let the frames at rest be found; ``"median"``, the number of a frame,
# another picture of the person, or None are other choices.
result = AUDetector().run(source, neutral="first")

# %%
# Every frame is a row, also those in which no face was found (``success`` is 0 then). ``_c`` is the
# decision, ``_p`` the probability, ``_side`` says which half of the face moves more.
table = result.to_dataframe()
print(table[["frame", "timestamp", "success", "AU12_c", "AU12_p", "neutral"]].to_string())
result.to_csv("action_units.csv")

# %%
# From onset to offset, with the frame where the action unit was clearest in between:
events = pd.DataFrame(result.events())
if not events.empty:
    events.insert(1, "name", [ACTION_UNITS[au].name for au in events["au"]])
print(events.to_string())

# %%
# And drawn over time:
axes = plot_timeline(result)
