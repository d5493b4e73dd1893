"""Write coded frames of real clips as a table that ``train``, ``evaluate`` and ``compare`` read.

    python benchmarks/wild_table.py WILD TABLE.csv [--most 15]
    au-detect compare TABLE.csv --models mlp,cnn --folds 5 --min-positive-subjects 5

WILD holds clips, stills and ``labels.json``, see `real_video_labels`. Of every clip at most so many
coded frames are taken, evenly spread; the neutral face is the coder's first neutral frame. AU26
stands for 26 or 27, AU43 for 43 or 45; what the coder was not sure of is not coded.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

from own_few_people import wild_records

from au_detect.datasets.coded_frames import spread
from au_detect.datasets.collection import Collection
from au_detect.datasets.table_writing import write_sequence_table


def main() -> None:
    """Parse the command line and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wild", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--most", type=int, default=15, help="frames of a clip")
    options = parser.parse_args()
    of_person = defaultdict(list)
    for record in wild_records(options.wild):
        of_person[record.subject].append(record)
    records = tuple(
        found[place] for found in of_person.values() for place in spread(len(found), options.most)
    )
    write_sequence_table(options.table, Collection("wild", records))
    print(f"{len(records)} frames of {len(of_person)} people -> {options.table}")


if __name__ == "__main__":
    main()
