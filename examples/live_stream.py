"""
Live
====

Action units of every frame as soon as it comes. Frames of a sample stand for a camera here.
``detector.stream(0)`` takes the first camera of the computer instead; any iterable of arrays
(height, width, 3) in OpenCV's colour order will do. ``au-detect live`` shows the same in a browser.
"""

from collections.abc import Iterator

import cv2
import numpy as np

from au_detect import AUDetector, sample_sequences


def camera() -> Iterator[np.ndarray]:
    for path in sorted(sample_sequences()["happiness"].glob("*.png")):
        yield cv2.imread(str(path))


detector = AUDetector()

# %%
# The first frame that shows the face is the neutral one: look relaxed at the start. To begin
# with a smile, give a neutral picture taken before: ``detector.stream(..., neutral="me.png")``.
# Without `neutral`, the calmest frames so far are taken.
for result in detector.stream(camera(), neutral="first"):
    active = [f"AU{au}" for au, on in zip(result.aus, result.active[0], strict=True) if on]
    print(f"{result.timestamp_s[0]:6.2f} s  {' '.join(active) or 'neutral'}")
