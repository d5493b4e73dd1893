"""A camera at this machine, read by OpenCV; its frames are timed on arrival."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count

import cv2

from au_detect.errors import InputError
from au_detect.frames.limits import MAX_PICTURE_PIXELS
from au_detect.frames.pictures import quiet_opencv, to_colour, to_grey
from au_detect.frames.stream import Frame, FrameStream, StreamFacts


def open_camera(number: int, *, keep_colour: bool = False) -> FrameStream:
    """Open the camera of this number.

    Raises
    ------
    InputError
        If there is none, or its pictures are too large; while reading, if it gives none.
    """
    if number < 0:
        raise InputError(f"source must be a camera number from 0, got {number}")
    name = f"camera {number}"
    with quiet_opencv():
        capture = cv2.VideoCapture(number, cv2.CAP_ANY)
    n_pixels = capture.get(cv2.CAP_PROP_FRAME_WIDTH) * capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    if not capture.isOpened():
        capture.release()
        raise InputError(f"{name} must deliver pictures, but it could not be opened")
    if n_pixels > MAX_PICTURE_PIXELS:
        capture.release()
        raise InputError(
            f"{name} must have at most {MAX_PICTURE_PIXELS} pixels a frame, got {n_pixels:.0f}"
        )
    facts = StreamFacts(time_from="arrival")
    return FrameStream("camera", name, None, _frames(capture, name, keep_colour), facts)


def _frames(capture: cv2.VideoCapture, name: str, keep_colour: bool) -> Iterator[Frame]:
    """Yield frames until there are no more."""
    start_s: float | None = None
    index = 0
    try:
        for index in count():
            with quiet_opencv():
                found, image = capture.read()
            if not found or image is None:
                break
            now_s = time.monotonic()
            start_s = now_s if start_s is None else start_s
            label = f"{name} frame {index}"
            colour = to_colour(image) if keep_colour else None
            yield Frame(to_grey(image, name=label), index, now_s - start_s, label, colour)
    finally:
        capture.release()
    if index == 0:
        raise InputError(f"{name} must give at least one frame, got none")
