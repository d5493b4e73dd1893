"""Recognise the emotions of real faces that no rule was fitted to.

    python benchmarks/emotions.py FOLDER [--model DIR] [--rules FILE]

FOLDER is the one of ``real_faces.py``. Every Yale picture is compared with the subject's
``normal``, every London smile with the person's neutral picture. Expected: ``happy`` and
``surprised`` ranked first, ``noglasses`` and ``centerlight`` neutral with at most one miss in each
group, and no London smile called contempt. The other Yale groups are shown for their own sake:
``sad`` is posed without FACS, and rules have no answer for a wink.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

import numpy as np

from au_detect.detect import AUDetector
from au_detect.emotions import EmotionRule, read_emotion_rules
from au_detect.emotions.recognition import emotions_from_aus
from au_detect.errors import NoFaceError
from au_detect.samples import read_samples

EXPECTED = {
    "happy": "happiness",
    "surprised": "surprise",
    "noglasses": "neutral",
    "centerlight": "neutral",
}
ALLOWED_MISSES = 1

Ranking = tuple[tuple[str, float], ...]


def ranking(detector: AUDetector, picture: Path, neutral: Path, rules: tuple[EmotionRule, ...]):
    """Return the emotions of a picture, best first, or None where no face was found."""
    try:
        apex = detector.run(picture, neutral=neutral).emotions(rules).at_apex()
    except NoFaceError:
        return None
    return None if apex is None else apex.ranking


def print_group(title: str, rankings: dict[str, Ranking | None], expected: str | None) -> int:
    """Print what a group of pictures was called; return the number of misses."""
    found = {name: ranks for name, ranks in rankings.items() if ranks is not None}
    counted = Counter(ranks[0][0] for ranks in found.values())
    told = ", ".join(f"{name} {n}" for name, n in counted.most_common())
    misses = [name for name, ranks in found.items() if expected and ranks[0][0] != expected]
    verdict = ""
    if expected:
        verdict = f" | expected {expected}: {len(misses)} missed of {len(found)}"
        verdict += " (of 1 allowed)" if title in EXPECTED else ""
    print(f"{title:12s} {told}{verdict}")
    for name in misses:
        best = ", ".join(f"{emotion} {score:.2f}" for emotion, score in found[name][:3])
        print(f"  {name}: {best}")
    return len(misses)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--rules", type=Path)
    options = parser.parse_args()
    inside = options.folder / "real_faces"
    folder = inside if inside.is_dir() else options.folder
    rules, detector = read_emotion_rules(options.rules), AUDetector(options.model)
    groups: dict[str, dict[str, Ranking | None]] = {}
    for neutral in sorted((folder / "yale").glob("*_normal.png")):
        subject = neutral.name.partition("_")[0]
        for picture in sorted((folder / "yale").glob(f"{subject}_*.png")):
            if picture != neutral:
                group = picture.stem.partition("_")[2]
                found = ranking(detector, picture, neutral, rules)
                groups.setdefault(group, {})[subject] = found
    fulfilled = True
    print("Yale, against the normal picture")
    for group in sorted(groups, key=lambda name: (name not in EXPECTED, name)):
        n_missed = print_group(group, groups[group], EXPECTED.get(group))
        fulfilled &= group not in EXPECTED or n_missed <= ALLOWED_MISSES
    smiles = {
        path.stem: ranking(
            detector, path, path.with_name(path.name.replace("smiling", "neutral")), rules
        )
        for path in sorted((folder / "london").glob("*_smiling.jpg"))
    }
    print("\nLondon, smiles against the neutral picture")
    print_group("smiling", smiles, None)
    contempt = [name for name, ranks in smiles.items() if ranks and ranks[0][0] == "contempt"]
    second = [dict(ranks).get("contempt", np.nan) for ranks in smiles.values() if ranks]
    print(f"called contempt: {len(contempt)}; highest score of contempt {np.nanmax(second):.2f}")
    print_samples(detector, rules)
    print(f"\nfulfilled: {'yes' if fulfilled and not contempt else 'no'}")


def print_samples(detector: AUDetector, rules: tuple[EmotionRule, ...]) -> None:
    """Print the packaged samples: from their labels, and as detected at the apex."""
    print("\nSamples (rendered): emotion shown, by its labels, as detected")
    for sample in read_samples():
        result = detector.run(sample.folder)
        labelled = emotions_from_aus(
            [[au in sample.aus for au in result.aus]], result.aus,
            side=[[0.0] * len(result.aus)], rules=rules,
        )  # fmt: skip
        apex = result.emotions(rules).at_apex()
        detected = "no face" if apex is None else f"{apex.emotion} {apex.ranking[0][1]:.2f}"
        print(f"{sample.emotion!s:12s} {labelled.answer[0]:12s} {detected}")


if __name__ == "__main__":
    main()
