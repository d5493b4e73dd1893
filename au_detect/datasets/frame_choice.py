"""Which frames of a sequence become rows of a table, with what weight and what labels.

The labels of a sequence from neutral to peak are those of its peak, the last frame. How far a
frame is on the way is its *share* t = (i - i_neutral) / (i_peak - i_neutral), in (0, 1]; where the
neutral face is in another picture, it counts as the frame before the first. The choices are:

``"apex"``
    The peak alone, weight 1.
``"last3"``
    The last three frames (fewer in a shorter sequence, never the neutral one), weight 1 each,
    with the labels of the peak: expressions move little there.
``"all-weighted"``
    Every frame after the neutral one, weight t². AUs that are absent at the peak are taken as
    absent on the way. AUs that are present at the peak begin somewhere on the way, nobody coded
    where: in the first half (t < 1/2) they are neither present nor absent (NaN), from there on
    their intensity is t times that of the peak, so that a frame counts as present once that
    reaches the intensity from which training counts; where no intensity was coded they are present.

A frame that was coded on its own is one row of weight 1, whatever the choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from au_detect.datasets.collection import SequenceRecord
from au_detect.errors import check_option

FRAMES = ("apex", "last3", "all-weighted")
HALF_WAY = 0.5
"""Share of the way below which nothing is said about AUs that are present at the peak."""


def choose_frames(
    record: SequenceRecord, n_frames: int, frames: str
) -> Iterator[tuple[int, float, float]]:
    """Yield (number, weight, share of the labels) of the frames that become rows.

    Parameters
    ----------
    record : SequenceRecord
    n_frames : int
        How many frames it has.
    frames : {"apex", "last3", "all-weighted"}
        See above.

    Raises
    ------
    InputError
        If `frames` is another word.
    """
    check_option("frames", frames, FRAMES)
    neutral = record.neutral if isinstance(record.neutral, int) else -1
    peak = n_frames - 1 if record.apex is None else record.apex
    if record.apex is not None or frames == "apex":
        yield peak, 1.0, 1.0
    elif frames == "last3":
        yield from ((number, 1.0, 1.0) for number in range(max(neutral + 1, peak - 2), peak + 1))
    else:
        for number in range(neutral + 1, peak + 1):
            share = (number - neutral) / (peak - neutral)
            yield number, share**2, share


def intensity_on_the_way(
    record: SequenceRecord, aus: Sequence[int], share: float
) -> NDArray[np.float32]:
    """Return the intensities (n_aus,) of a frame that is `share` of the way to the peak."""
    intensity = record.intensity(aus)
    if share >= 1:
        return intensity
    present = intensity > 0
    if share < HALF_WAY:
        intensity[present] = np.nan
    else:
        coded = np.array([record.aus.get(au, np.nan) for au in aus])
        grows = present & ~np.isnan(coded)
        intensity[grows] *= share
    return intensity


def strengths_on_the_way(
    record: SequenceRecord, aus: Sequence[int], share: float
) -> NDArray[np.float32]:
    """Return the same for the right and the left half, shape (n_aus, 2)."""
    strengths = record.strengths(aus)
    if share < HALF_WAY:
        strengths[strengths > 0] = np.nan
    return strengths * np.float32(min(share, 1.0))
