"""Time how fast labelled collections are read: so many coded rows of each kind, as distributed.

    python benchmarks/reader_speed.py [--rows 20000] [--only DISFA,BP4D] [--video-frames all]

Makes files in the documented format of every collection, with pictures of a few bytes, and times
``au-detect dataset FOLDER``: nothing is measured, every picture is looked at.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import cv2
import numpy as np

from au_detect.cli.main import main as command

AUS = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
PER_VIDEO = 500


class Maker:
    """Writes files below a folder; pictures are links to one, so that they are made quickly."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._picture = root.parent / f"{root.name}.jpg"
        self._picture.write_bytes(cv2.imencode(".jpg", np.zeros((8, 8), np.uint8))[1].tobytes())

    def text(self, path: str, lines: Iterable[str]) -> None:
        """Write a text file."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("\n".join(lines))

    def pictures(self, folder: str, names: Iterable[str]) -> None:
        """Write pictures of these names."""
        place = self.root / folder
        place.mkdir(parents=True, exist_ok=True)
        for name in names:
            os.link(self._picture, place / name)


def on(row: int, au: int) -> bool:
    """Return whether an AU is on in a row: each is, for five rows, twice in a hundred."""
    return (row + 3 * au) % 50 < 5


def parts_of(n: int, size: int = PER_VIDEO) -> list[range]:
    """Divide rows into those of each video."""
    return [range(start, min(start + size, n)) for start in range(0, n, size)]


def disfa(make: Maker, n: int) -> None:
    for number, rows in enumerate(parts_of(n, 4 * PER_VIDEO), start=1):
        person = f"SN{number:03}"
        make.text(f"Video_LeftCamera/LeftVideo{person}_comp.avi", ())
        for au in AUS:
            lines = (f"{i},{3 * on(row, au)}" for i, row in enumerate(rows, start=1))
            make.text(f"ActionUnit_Labels/{person}/{person}_au{au}.txt", lines)


def disfa_plus(make: Maker, n: int) -> None:
    for number, rows in enumerate(parts_of(n), start=1):
        place = f"SN{number:03}/A1_AU1_TrailNo_1"
        make.pictures(f"Images/{place}", (f"{row:05}.jpg" for row in rows))
        for au in AUS:
            lines = (f"{row:05}.jpg {3 * on(row, au)}" for row in rows)
            make.text(f"Labels/{place}/AU{au}.txt", ("Labels", f"Image AU{au}", *lines))


def bp4d(make: Maker, n: int) -> None:
    for number, rows in enumerate(parts_of(n), start=1):
        name = f"F{number:03}_T1"
        make.pictures(f"2D+3D/F{number:03}/T1", (f"{row:05}.jpg" for row in rows))
        coded = (",".join(map(str, (row, *(int(on(row, au)) for au in AUS)))) for row in rows)
        make.text(f"AUCoding/AU_OCC/{name}.csv", (",".join(map(str, (0, *AUS))), *coded))
        for au in (6, 12, 17):
            lines = (f"{row},{3 if on(row, au) else 9}" for row in rows)
            make.text(f"AUCoding/AU_INT/AU{au:02}/{name}_AU{au:02}.csv", lines)


def mmi(make: Maker, n: int) -> None:
    for number, rows in enumerate(parts_of(n, 100), start=1):
        place = f"Sessions/{number}"
        make.text(f"{place}/S{number:03}-001.avi", ())
        make.text(f"{place}/session.xml", [f'<session><subject id="{number % 30}"/></session>'])
        moments = zip((10, 20, 30, len(rows)), ("Onset", "Apex", "Offset", "Neutral"), strict=True)
        markers = "".join(f'<Marker Frame="{frame}" Type="{kind}"/>' for frame, kind in moments)
        units = "".join(f'<ActionUnit Number="{au}">{markers}</ActionUnit>' for au in AUS[:4])
        make.text(f"{place}/S{number:03}-001-oao_aucs.xml", [f"<Coding>{units}</Coding>"])


def unbc(make: Maker, n: int) -> None:
    for number, rows in enumerate(parts_of(n), start=1):
        place, name = f"{number:03}-ab{number:03}/ab{number:03}t1", f"ab{number:03}t1"
        make.pictures(f"Images/{place}", (f"{name}{i:04}.png" for i in range(1, len(rows) + 1)))
        for i, row in enumerate(rows, start=1):
            lines = (f" {au:.7e} {3:.7e} {1:.7e} {9:.7e}" for au in AUS if on(row, au))
            make.text(f"Frame_Labels/FACS/{place}/{name}{i:04}_facs.txt", lines)


def casme(make: Maker, n: int) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.append(
        ["Subject", "Filename", None, "OnsetFrame", "ApexFrame", "OffsetFrame", None,
         "Action Units", "Estimated Emotion"]
    )  # fmt: skip
    for row in range(n):
        person = 1 + row % 26
        shown = "+".join(str(au) for au in AUS if on(row, au)) or "4"
        sheet.append([person, f"EP{row:05}", None, 46, 59, 86, None, shown, "disgust"])
        make.pictures(f"CASME2_RAW/sub{person:02}/EP{row:05}", ("img46.jpg", "img59.jpg"))
    book.save(make.root / "CASME2-coding.xlsx")


def raf_au(make: Maker, n: int) -> None:
    make.pictures("original", (f"{row:05}.jpg" for row in range(n)))
    shown = ("+".join(str(au) for au in AUS if on(row, au)) or "null" for row in range(n))
    make.text("RAFAU_label.txt", (f"{row:05}.jpg {aus}" for row, aus in enumerate(shown)))


def emotionet(make: Maker, n: int) -> None:
    make.pictures("images", (f"N_{row:05}.jpg" for row in range(n)))
    aus = range(1, 61)
    head = ",".join(["URL", "orig_url", *(f"'AU {au}'" for au in aus)])
    cells = (
        ",".join("999" if au > 28 else str(int(on(row, au))) for au in aus) for row in range(n)
    )
    lines = (f"http://example.org/N_{row:05}.jpg,x,{values}" for row, values in enumerate(cells))
    make.text("dataFile_0001.csv", (head, *lines))


def feafa(make: Maker, n: int) -> None:
    for number, rows in enumerate(parts_of(n), start=1):
        make.pictures(f"{number:04}", (f"{row:05}.jpg" for row in rows))
        for row in rows:
            units = " ".join(f"{0.6 * on(row, unit):.6f}" for unit in range(24))
            make.text(f"{number:04}/{row:05}.auw", [units])


def affwild2(make: Maker, n: int) -> None:
    for number, rows in enumerate(parts_of(n), start=1):
        names = (f"{i:05}.jpg" for i in range(1, len(rows) + 1))
        make.pictures(f"cropped_aligned/video{number}", names)
        coded = (",".join(str(int(on(row, au))) for au in AUS) for row in rows)
        head = ",".join(f"AU{au}" for au in AUS)
        make.text(f"AU_Detection_Challenge/Train_Set/video{number}.txt", (head, *coded))


def own_table(make: Maker, n: int) -> None:
    lines = []
    for number, rows in enumerate(parts_of(n), start=1):
        folder = f"person{number}"
        make.pictures(folder, (f"{i:05}.jpg" for i in range(len(rows))))
        for i, row in enumerate(rows):
            cells = ",".join("3" if on(row, au) else "" if i % 7 == 0 else "0" for au in AUS)
            lines.append(f"{folder},{folder},auto,{i:05}.jpg,{cells}")
    head = ",".join(["path", "subject", "neutral", "frame", *(f"AU{au}" for au in AUS)])
    make.text("sequences.csv", (head, *lines))


def own_pictures(make: Maker, n: int) -> None:
    make.pictures("faces", (f"{row:05}.jpg" for row in range(n)))
    shown = (" ".join(f"{au}:3" for au in AUS if on(row, au)) for row in range(n))
    lines = (f"faces/{row:05}.jpg,{row % 300},none,{aus}" for row, aus in enumerate(shown))
    make.text("sequences.csv", ("path,subject,neutral,aus", *lines))


COLLECTIONS: dict[str, Callable[[Maker, int], None]] = {
    "DISFA": disfa,
    "DISFA+": disfa_plus,
    "BP4D": bp4d,
    "MMI": mmi,
    "UNBC-McMaster": unbc,
    "CASME II": casme,
    "RAF-AU": raf_au,
    "EmotioNet": emotionet,
    "FEAFA": feafa,
    "Aff-Wild2": affwild2,
    "own table": own_table,
    "own pictures": own_pictures,
}


def seconds_to_read(folder: Path, arguments: list[str]) -> tuple[float, float, str]:
    """Return wall and processor seconds of the command, and its first two lines."""
    told = io.StringIO()
    wall, processor = time.perf_counter(), time.process_time()
    with contextlib.redirect_stdout(told):
        code = command(["dataset", str(folder), *arguments])
    spent = time.perf_counter() - wall, time.process_time() - processor
    if code:
        raise SystemExit(f"au-detect dataset {folder} ended with {code}")
    return *spent, "; ".join(told.getvalue().splitlines()[:2])


def main() -> None:
    """Parse the command line, make the collections one after the other, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--only", default=",".join(COLLECTIONS))
    parser.add_argument("--video-frames", choices=("sampled", "all"), default="sampled")
    options = parser.parse_args()
    arguments = ["--video-frames", options.video_frames]
    with tempfile.TemporaryDirectory() as place:
        for number, name in enumerate(["own table", *options.only.split(",")]):
            make = Maker(Path(place) / str(number))
            make.root.mkdir()
            warming = number == 0  # imports are not counted
            COLLECTIONS[name](make, 10 if warming else options.rows)
            wall, processor, told = seconds_to_read(make.root, arguments)
            if not warming:
                print(f"{name:14} {wall:6.2f} s, processor {processor:6.2f} s: {told}", flush=True)


if __name__ == "__main__":
    main()
