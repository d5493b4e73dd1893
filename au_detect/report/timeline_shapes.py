"""What the template of a report's timeline draws."""

from __future__ import annotations

from dataclasses import dataclass

from au_detect.report.time_axis import LEFT, RIGHT

WIDTH, TOP = 960, 10

Point = tuple[float, float]


@dataclass(frozen=True)
class Span:
    """A stretch of frames on the chart.

    Parameters
    ----------
    x, width : float
        Left end and length, in units of the chart.
    first, last : int
        Numbers of its frames.
    title : str
        What is said of it under the mouse.
    """

    x: float
    width: float
    first: int
    last: int
    title: str


@dataclass(frozen=True)
class Band:
    """The height of one level of intensity in the row of an AU.

    Parameters
    ----------
    y, height : float
        Upper end and height, in units of the chart.
    letter : str
        A to E.
    """

    y: float
    height: float
    letter: str


@dataclass(frozen=True)
class AURow:
    """The row of one AU, in units of the chart; y grows downwards.

    Parameters
    ----------
    au : int
        FACS number.
    top, base : float
        Where the highest value (probability 1, or intensity 5) and 0 lie.
    threshold : float
        Where its threshold lies.
    peak : str
        Its highest value in words; a dash if its half of the face is never visible.
    bands : list of Band
        Of intensities; none of probabilities.
    curve : list of list of (float, float)
        The value over time; a new piece begins where the face is found again.
    hidden : list of Span
        Frames in which its half of the face is not visible.
    events : list of Span
    apexes : list of (float, float)
    """

    au: int
    top: float
    base: float
    threshold: float
    peak: str
    bands: list[Band]
    curve: list[list[Point]]
    hidden: list[Span]
    events: list[Span]
    apexes: list[Point]


@dataclass(frozen=True)
class Timeline:
    """What the template draws, in units of the chart.

    Parameters
    ----------
    name : str
        Id of the element.
    width, left, right, top, bottom : float
        Width of the chart, and the edges of what is drawn over time.
    ticks : list of (float, str)
        Place and text of each.
    time_name : str
        Of the axis.
    no_face, unreliable, columns : list of Span
        Frames without the face, unreliable ones, and what a click or the mouse finds.
    rows : list of AURow
    frames_a_column : int
        How many frames a column holds at most.
    what : str
        "Intensity" or "Probability".
    """

    name: str
    bottom: float
    ticks: list[tuple[float, str]]
    time_name: str
    no_face: list[Span]
    unreliable: list[Span]
    columns: list[Span]
    rows: list[AURow]
    frames_a_column: int
    what: str
    width: float = WIDTH
    left: float = LEFT
    right: float = RIGHT
    top: float = TOP
