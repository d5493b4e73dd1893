"""Pictures and videos → a stream of `Frame`."""

from au_detect.frames.sources import open_frames
from au_detect.frames.stream import Frame, FrameStream

__all__ = [
    "Frame",
    "FrameStream",
    "open_frames",
]
