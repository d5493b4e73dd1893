"""
A study with many people
========================

Score every sequence or video of a folder, and put the people beside one another::

    python score_study.py [FOLDER]

Without arguments the samples that come with the package are scored: seven people, a sequence each.
"""

import os
import sys

import pandas as pd

from au_detect import read_result, sample_sequences, score_sequences

folder = sys.argv[1] if len(sys.argv) > 1 else sample_sequences()["happiness"].parents[1]

# %%
# One result file for every input and one row in the summary. An input that fails has its reason
# there, and the rest goes on; with ``resume=True`` a second call does only what is left, and
# ``n_jobs=-1`` uses all cores.
#
# The neutral face is what makes people comparable: everyone is measured against his or her own.
# The samples begin at rest; ``neutral="auto"``, the default, looks for rest in every clip, and
# ``neutral="person"`` takes one for all clips of a person.
summary = score_sequences(folder, "scored", neutral="first", format="json", resume=True)
summary.insert(0, "clip", [os.path.relpath(path, folder) for path in summary["input"]])
print(summary[["clip", "frames", "frames_with_face", "faces", "AU12_peak", "error"]].to_string())

# %%
# Which action units did each person show, and in what share of the frames? Shares of frames and
# numbers of events can be compared between people and put into a model; a mean of probabilities
# says little, since a probability is no intensity.
shares = {}
for row in summary[summary["error"].isna() | (summary["error"] == "")].itertuples():
    result = read_result(f"scored/{row.result}")
    found = result.face_found
    shares[row.clip] = dict(zip(result.aus, result.active[found].mean(axis=0), strict=True))
table = pd.DataFrame(shares).T.rename(columns="AU{:02d}".format)
print(table.loc[:, table.max() > 0].round(2).to_string())
