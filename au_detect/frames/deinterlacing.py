"""Deinterlace a video from its first interlaced frame on, with FFmpeg's ``bwdif``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from au_detect.frames.stream import StreamFacts

if TYPE_CHECKING:
    from av import VideoFrame
    from av.filter import Graph


def deinterlaced(
    frames: Iterable[VideoFrame], time_base: Fraction, facts: StreamFacts
) -> Iterator[VideoFrame]:
    """Yield as many frames; those that are flagged as interlaced are deinterlaced.

    A frame comes out of the filter one frame late, so frames go through it only from the first
    interlaced one on; progressive ones among them pass it unchanged.

    Parameters
    ----------
    frames : iterable of VideoFrame
    time_base : Fraction
        Seconds of one step of their time stamps.
    facts : StreamFacts
        Told that there were interlaced frames.
    """
    graph: Graph | None = None
    kind: tuple[int, int, str] | None = None
    for frame in frames:
        if graph is None and not frame.interlaced_frame:
            yield frame
            continue
        facts.is_interlaced = True
        new_kind = (frame.width, frame.height, frame.format.name)
        if new_kind != kind:
            if graph is not None:
                yield from _pulled(graph, None)
            graph, kind = _graph(frame, frame.time_base or time_base), new_kind
        assert graph is not None
        yield from _pulled(graph, frame)
    if graph is not None:
        yield from _pulled(graph, None)


def _graph(frame: VideoFrame, time_base: Fraction) -> Graph:
    from av.filter import Graph

    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=time_base
    )
    filtered = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
    sink = graph.add("buffersink")
    source.link_to(filtered)
    filtered.link_to(sink)
    graph.configure()
    return graph


def _pulled(graph: Graph, frame: VideoFrame | None) -> Iterator[VideoFrame]:
    """Yield what the filter gives once it has `frame`; None is the end."""
    from av.error import BlockingIOError as NothingYet
    from av.error import EOFError as NoMore

    graph.push(frame)
    while True:
        try:
            yield graph.pull()  # type: ignore[misc]
        except (NothingYet, NoMore):
            return
