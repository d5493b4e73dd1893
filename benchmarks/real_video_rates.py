"""Rates of frames and events on coded clips, with intervals over people."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from real_video_labels import BOTH, SAME_AS, Clip

from au_detect.evaluation.intervals import N_RESAMPLES, percentile_interval, resample_subjects
from au_detect.evaluation.metrics import AUEvaluation, evaluate_aus, ratio
from au_detect.facs import au_label
from au_detect.results import AUResult

MIN_POSITIVES = 5
LARGE_SIDE = 0.3
MEANS = ("tpr", "fpr", "auc", "event_recall", "event_precision")


@dataclass(frozen=True)
class Timeline:
    """Decisions in every frame of a clip, how far over the threshold, and sides.

    `margin` is in [-1, 1]; the arrays have shape (n_frames, n_aus), NaN or False without a face.
    """

    aus: tuple[int, ...]
    margin: NDArray[np.float64]
    active: NDArray[np.bool_]
    side: NDArray[np.float64]

    @classmethod
    def of_result(cls, result: AUResult) -> Timeline:
        """Join what the labels do not tell apart: the larger margin counts."""
        margin = result.probabilities - result.thresholds
        aus = tuple(au for au in result.aus if au not in SAME_AS)
        joined = [[i for i, b in enumerate(result.aus) if SAME_AS.get(b, b) == au] for au in aus]
        return cls(
            aus,
            np.stack([margin[:, columns].max(axis=1) for columns in joined], axis=1),
            np.stack([result.active[:, columns].any(axis=1) for columns in joined], axis=1),
            np.stack([result.side[:, columns[0]] for columns in joined], axis=1),
        )

    def rows(self, chosen: NDArray) -> Timeline:
        """Return the chosen frames."""
        return Timeline(self.aus, self.margin[chosen], self.active[chosen], self.side[chosen])


@dataclass(frozen=True)
class Scored:
    """What is judged of one clip of a person: its codes, and the timeline of all its frames."""

    person: str
    clip: Clip
    timeline: Timeline

    @property
    def aus(self) -> tuple[int, ...]:
        """The columns of everything here."""
        return self.timeline.aus

    @property
    def labels(self) -> NDArray[np.float64]:
        """The coded cells, shape (n_coded, n_aus)."""
        return self.clip.cells(self.aus)

    @property
    def coded(self) -> Timeline:
        """The timeline at the coded frames."""
        return self.timeline.rows(self.clip.frames)


def event_counts(scored: Scored) -> NDArray[np.float64]:
    """Return found, coded, right and judged events of a clip, shape (4, n_aus)."""
    labels, clip, on = scored.labels, scored.clip, scored.coded.active
    counts = np.zeros((4, len(scored.aus)))
    for column, au in enumerate(scored.aus):
        for event in (e for e in clip.present if e.au == au):
            rows = clip.within(event.first, event.last) & (labels[:, column] == 1)
            if rows.any():
                counts[:2, column] += on[rows, column].any(), 1
        for first, last in _runs(scored.timeline.active[:, column]):
            touched = labels[clip.within(first, last), column]
            if (touched == 1).any():
                counts[2:, column] += 1, 1
            elif len(touched) and (touched == 0).all() and not clip.is_unsure(au, first, last):
                counts[3, column] += 1
    return counts


def _runs(active: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(int)))
    return [(int(start), int(stop) - 1) for start, stop in edges.reshape(-1, 2)]


def rates(scored: list[Scored]) -> pd.DataFrame:
    """Return counts and rates per AU."""
    labels, margin, active = _stacked(scored)
    by_margin, by_decision = _evaluated(labels, margin, scored), _evaluated(labels, active, scored)
    found, coded, right, judged = sum(event_counts(s) for s in scored)
    table = pd.DataFrame(
        {
            "frames": by_decision.n_positive,
            "people": _people(scored, labels),
            "tpr": by_decision.tpr,
            "fpr": by_decision.fpr,
            "auc": by_margin.auc,
            "events": coded.astype(int),
            "event_recall": ratio(found, coded),
            "event_precision": ratio(right, judged),
        },
        index=[au_label(au) for au in scored[0].aus],
    )
    return table


def mean_rates(scored: list[Scored], table: pd.DataFrame) -> pd.DataFrame:
    """Return means over the AUs with five positive frames, and their 95 % intervals."""
    chosen = (table["frames"] >= MIN_POSITIVES).to_numpy()
    means = table.loc[chosen, list(MEANS)].mean()
    names = [s.person for s in scored]
    people = np.repeat(names, [len(s.clip.frames) for s in scored])
    labels, margin, active = _stacked(scored)
    half = np.full(labels.shape[1], 0.5)
    drawn = [
        resample_subjects(labels, values, half, scored[0].aus, people)
        for values in (margin, active)
    ]
    recall, precision = _resampled_events(scored)
    resampled = dict(
        zip(MEANS, (drawn[1].tpr, drawn[1].fpr, drawn[0].auc, recall, precision), strict=True)
    )
    ends = {}
    for name, values in resampled.items():
        with warnings.catch_warnings():  # an AU that nobody drawn shows has no rate
            warnings.simplefilter("ignore", RuntimeWarning)
            ends[name] = percentile_interval(np.nanmean(values[:, chosen], axis=1))
    return pd.DataFrame({"mean": means, "low": {n: e[0] for n, e in ends.items()},
                         "high": {n: e[1] for n, e in ends.items()}})  # fmt: skip


def talking_fpr(scored: list[Scored]) -> float:
    """Return the false-positive rate over all cells in which the person talks."""
    cells = [(s.labels[s.clip.talks], s.coded.active[s.clip.talks]) for s in scored]
    false = sum((on & (labels == 0)).sum() for labels, on in cells)
    return float(ratio(false, sum((labels == 0).sum() for labels, _ in cells)))


def side_rates(scored: list[Scored]) -> dict[str, float]:
    """Return how often sides are right where AUs are on: one-sided, and large where two-sided."""
    coded = [(s.clip.sides(s.aus), s.coded) for s in scored]
    truth = np.concatenate([sides[timeline.active] for sides, timeline in coded])
    said = np.concatenate([timeline.side[timeline.active] for _, timeline in coded])
    one, two = np.isfinite(truth) & (truth != BOTH), truth == BOTH
    return {
        "one-sided right": float(ratio((truth[one] * said[one] > 0).sum(), one.sum())),
        "n one-sided": int(one.sum()),
        f"two-sided over {LARGE_SIDE}": float(
            ratio((np.abs(said[two]) > LARGE_SIDE).sum(), two.sum())
        ),
    }


def print_rates(title: str, scored: list[Scored], *, per_clip: bool = False) -> None:
    """Print everything about one detector and neutral."""
    table = rates(scored)
    print(f"\n=== {title} ({len(scored)} inputs, {len({s.person for s in scored})} people) ===")
    print(table.round(3).to_string())
    means = mean_rates(scored, table)
    n_aus = int((table["frames"] >= MIN_POSITIVES).sum())
    print(f"Means over {n_aus} AUs with {MIN_POSITIVES}+ positive frames, 95 % over people:")
    for name, row in means.iterrows():
        print(f"  {name:16s} {row['mean']:.3f}  [{row['low']:.3f}, {row['high']:.3f}]")
    print(f"Talking: FPR {talking_fpr(scored):.3f} over all cells")
    sides = ", ".join(f"{name} {value:.3g}" for name, value in side_rates(scored).items())
    print(f"Side where on: {sides}")
    if per_clip:
        for one in scored:
            cells = _evaluated(one.labels, _stacked([one])[2], [one])
            print(f"  {one.person:12s} TPR {cells.pooled_tpr:.2f} FPR {cells.pooled_fpr:.3f}")


def _stacked(scored: list[Scored]) -> tuple[NDArray, NDArray, NDArray]:
    """Return labels, scores in [0, 1] and decisions (0, 1) of all coded frames."""
    labels = np.vstack([s.labels for s in scored])
    margin = np.vstack([s.coded.margin for s in scored])
    active = np.vstack([s.coded.active for s in scored]).astype(float)
    return labels, (margin + 1) / 2, np.where(np.isfinite(margin), active, np.nan)


def _evaluated(labels: NDArray, values: NDArray, scored: list[Scored]) -> AUEvaluation:
    return evaluate_aus(labels, values, np.full(labels.shape[1], 0.5), scored[0].aus)


def _people(scored: list[Scored], labels: NDArray) -> NDArray[np.int64]:
    people = np.repeat([s.person for s in scored], [len(s.clip.frames) for s in scored])
    return np.array([len(set(people[column == 1])) for column in labels.T])


def _resampled_events(scored: list[Scored]) -> tuple[NDArray, NDArray]:
    """Return event recall and precision of every resample of people, (n_resamples, n_aus) each."""
    names = sorted({s.person for s in scored})
    counts = np.stack([sum(event_counts(s) for s in scored if s.person == n) for n in names])
    rng = np.random.default_rng(0)
    weights = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=N_RESAMPLES)
    found, coded, right, judged = np.moveaxis(np.tensordot(weights, counts, axes=1), 1, 0)
    return ratio(found, coded), ratio(right, judged)
