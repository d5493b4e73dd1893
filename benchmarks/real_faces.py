"""Measure the detector on real faces that it was never trained on.

    python benchmarks/real_faces.py FOLDER [--model DIR] [--peer-python PYTHON --peer-model FILE]

FOLDER holds ``yale/`` (subjects of the Yale Face Database, Belhumeur et al. 1997), ``london/``
(Face Research Lab London Set, DeBruine & Jones 2017, CC BY 4.0) and ``clips/``, each with a
``labels.csv`` coded by eye. An AU is present or absent; what the coder was not sure of is not
scored. 26 stands for 26 or 27; pictures with a wink (46) are left out for AU43.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from au_detect.detect import AUDetector
from au_detect.errors import NoFaceError
from au_detect.evaluation import AUEvaluation, evaluate_aus

YALE_AUS = (1, 2, 4, 5, 6, 12, 15, 17, 25, 26, 43)
SIDE_LIGHT = ("leftlight", "rightlight")
MIN_POSITIVES = 5
BLENDSHAPE_THRESHOLD = 0.25


@dataclass(frozen=True)
class Case:
    """A picture, the neutral picture of the same person, and the labels."""

    group: str
    picture: Path
    neutral: Path
    present: frozenset[int]
    unsure: frozenset[int]

    def label(self, au: int) -> float:
        """Return 1, 0, or NaN where the AU is not to be scored."""
        same = {26, 27} if au in (26, 27) else {au}
        if same & self.present:
            return 1.0
        if same & self.unsure or (au == 43 and 46 in self.present):
            return np.nan
        return 0.0


@dataclass(frozen=True)
class Scores:
    """Probabilities (n, n_aus) of `aus`, and the decisions' thresholds; NaN without a face."""

    aus: tuple[int, ...]
    probabilities: NDArray[np.float64]
    thresholds: NDArray[np.float64]


def read_cases(folder: Path) -> list[Case]:
    """Return all labelled pictures of the folder."""
    cases = []
    with open(folder / "yale" / "labels.csv", newline="") as file:
        for row in csv.DictReader(file):
            stem = folder / "yale" / f"subject{row['subject']}"
            picture, neutral = Path(f"{stem}_{row['expression']}.png"), Path(f"{stem}_normal.png")
            cases.append(_case("yale", picture, neutral, row))
    for neutral in sorted((folder / "yale").glob("*_normal.png")):
        for light in SIDE_LIGHT:
            picture = neutral.with_name(neutral.name.replace("normal", light))
            cases.append(Case("side light", picture, neutral, frozenset(), frozenset()))
    with open(folder / "london" / "labels.csv", newline="") as file:
        for row in csv.DictReader(file):
            stem = folder / "london" / row["subject"]
            picture, neutral = Path(f"{stem}_smiling.jpg"), Path(f"{stem}_neutral.jpg")
            cases.append(_case("london", picture, neutral, row))
    return cases


def _case(group: str, picture: Path, neutral: Path, row: dict[str, str]) -> Case:
    present, unsure = (frozenset(map(int, row[name].split())) for name in ("present", "unsure"))
    return Case(group, picture, neutral, present, unsure)


def score(detector: AUDetector, cases: list[Case], *, with_neutral: bool) -> Scores:
    """Run the detector on every picture."""
    rows, result = [], None
    for case in cases:
        try:
            result = detector.run(case.picture, neutral=case.neutral if with_neutral else None)
            rows.append(result.probabilities[0])
        except NoFaceError:
            rows.append(None)
    assert result is not None
    missing = np.full(len(result.aus), np.nan)
    found = [missing if row is None else row for row in rows]
    return Scores(result.aus, np.array(found, dtype=float), result.thresholds)


def score_peer(python: str, model: str, cases: list[Case]) -> Scores:
    """Run MediaPipe's blendshapes in an environment of its own: change against the neutral."""
    pictures = sorted({str(p) for case in cases for p in (case.picture, case.neutral)})
    script = Path(__file__).with_name("peer_mediapipe.py")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "scores.json"
        command = [python, str(script), model, str(out)]
        subprocess.run(command, input="\n".join(pictures), text=True, check=True)
        answer = json.loads(out.read_text())
    aus = tuple(answer["aus"])
    values = {
        name: np.array(row if row else [np.nan] * len(aus), dtype=float)
        for name, row in answer["scores"].items()
    }
    change = [values[str(case.picture)] - values[str(case.neutral)] for case in cases]
    scaled = np.clip((np.array(change) + 1) / 2, 0, 1)
    return Scores(aus, scaled, np.full(len(aus), (BLENDSHAPE_THRESHOLD + 1) / 2))


def jaw_joined(scores: Scores) -> Scores:
    """Let the larger margin of AU26 and AU27 stand for both, as AU26."""
    if 27 not in scores.aus or 26 not in scores.aus:
        return scores
    drop, stretch = scores.aus.index(26), scores.aus.index(27)
    probabilities = scores.probabilities.copy()
    margin = probabilities - scores.thresholds
    larger = np.maximum(margin[:, drop], margin[:, stretch])
    probabilities[:, drop] = np.clip(larger + scores.thresholds[drop], 0, 1)
    keep = [i for i in range(len(scores.aus)) if i != stretch]
    aus = tuple(scores.aus[i] for i in keep)
    return Scores(aus, probabilities[:, keep], scores.thresholds[keep])


def evaluate(scores: Scores, cases: list[Case], group: str, aus: tuple[int, ...]) -> AUEvaluation:
    """Return the rates of one group of pictures; those without a face are left out."""
    joined = jaw_joined(scores)
    known = tuple(au for au in aus if au in joined.aus)
    columns = [joined.aus.index(au) for au in known]
    rows = [
        i
        for i, case in enumerate(cases)
        if case.group == group and np.isfinite(joined.probabilities[i]).any()
    ]
    y = np.array([[cases[i].label(au) for au in known] for i in rows])
    return evaluate_aus(
        y, joined.probabilities[rows][:, columns], joined.thresholds[columns], known
    )


def report(title: str, scores: Scores, cases: list[Case]) -> None:
    """Print the tables of one detector."""
    all_aus = tuple(au for au in scores.aus if au != 27)
    n_missing = int(np.isnan(scores.probabilities).all(axis=1).sum())
    print(f"\n=== {title} ({len(cases)} pictures, no face in {n_missing}) ===")
    yale = evaluate(scores, cases, "yale", YALE_AUS)
    _print_table("Yale", yale)
    print(
        f"Yale: mean AUC {yale.mean_auc(MIN_POSITIVES):.3f} over AUs with {MIN_POSITIVES}+ "
        f"positives; TPR {yale.pooled_tpr:.3f} at FPR {yale.pooled_fpr:.3f} over all cells"
    )
    light = evaluate(scores, cases, "side light", all_aus)
    print(f"Yale, side light on a neutral face: mean FPR {np.nanmean(light.fpr):.3f}")
    london = evaluate(scores, cases, "london", all_aus)
    _print_table("London", london)
    absent = london.fpr[london.n_positive == 0]
    smile = {au: london.tpr[london.aus.index(au)] for au in (12, 25)}
    print(
        f"London: TPR AU12 {smile[12]:.3f}, AU25 {smile[25]:.3f}; "
        f"mean FPR over the absent AUs {np.nanmean(absent):.4f}"
    )


def report_without_neutral(detector: AUDetector, cases: list[Case]) -> None:
    """Print what the pictures alone give: expressions against the neutral pictures."""
    neutral = sorted({(case.group, case.neutral) for case in cases if case.group != "side light"})
    plain = [Case(group, path, path, frozenset(), frozenset()) for group, path in neutral]
    everything = [case for case in cases if case.group != "side light"] + plain
    scores = score(detector, everything, with_neutral=False)
    print("\n=== without a neutral face (neutral pictures are negatives) ===")
    _print_table("Yale", evaluate(scores, everything, "yale", YALE_AUS))
    _print_table("London", evaluate(scores, everything, "london", (12, 25)))


def report_clip(detector: AUDetector, folder: Path) -> None:
    """Print what happens in the clip of a person who smiles and blinks."""
    result = detector.run(folder / "clips" / "single_face.mp4")
    active = {au: result.active[:, i] for i, au in enumerate(result.aus)}
    print("\n=== clip single_face.mp4: neutral 0-16, smile 20-69, blink 26-28 ===")
    for au in (12, 25):
        smile, before = active[au][20:70].mean(), active[au][:17].mean()
        print(f"AU{au}: on in {smile:.0%} of 20-69, {before:.0%} of 0-16")
    print(f"AU43 or AU45 on in frames {np.flatnonzero(active[43] | active[45]).tolist()}")
    false = {au: on[:17].mean() for au, on in active.items() if on[:17].any()}
    print("AUs on in 0-16:", {f"AU{au}": f"{share:.0%}" for au, share in false.items()} or "none")


def _print_table(title: str, evaluation: AUEvaluation) -> None:
    columns = ["n_positive", "n_negative", "tpr", "fpr", "auc"]
    print(f"\n{title}\n{evaluation.to_dataframe()[columns].round(3).to_string()}")


def main() -> None:
    """Parse the command line and print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--landmarks", type=Path)
    parser.add_argument("--peer-python", help="Python of an environment with mediapipe")
    parser.add_argument("--peer-model", help="face_landmarker.task")
    options = parser.parse_args()
    folder = (
        options.folder / "real_faces"
        if (options.folder / "real_faces").is_dir()
        else options.folder
    )
    cases = read_cases(folder)
    detector = AUDetector(options.model, landmark_model=options.landmarks, experimental=True)
    report(
        "au_detect, against the neutral picture", score(detector, cases, with_neutral=True), cases
    )
    if options.peer_python:
        peer = score_peer(options.peer_python, options.peer_model, cases)
        report("MediaPipe blendshapes, change against the neutral picture", peer, cases)
    report_without_neutral(detector, cases)
    report_clip(detector, folder)


if __name__ == "__main__":
    main()
