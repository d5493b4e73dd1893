"""Pictures and videos → a stream of `Frame`."""

from au_detect.frames.sources import Frame, open_frames

__all__ = [
    "Frame",
    "open_frames",
]
