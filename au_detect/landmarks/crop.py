"""The upright face crop that landmarks are fitted in: one rule, whatever the face's box came from.

Eye corners and nose (`STABLE_POINTS`) are laid onto a fixed frontal template by a similarity, so
that rotation in the picture, scale and position vanish before the landmarks are looked for, and
the points that are mapped back are finer than the picture's pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from au_detect.landmarks.points import STABLE_POINTS, apply_affine, fit_similarity

BOX_IOD = 1.68
"""Width of the face box of dlib's detector, in inter-ocular distances (of frontal faces)."""

_TEMPLATE_IOD: NDArray[np.float64] = np.column_stack(
    [
        [-0.50, -0.21, 0.21, 0.50, 0.00, 0.00, 0.00, 0.00, 0.00],
        [-0.35, -0.34, -0.34, -0.35, -0.41, -0.27, -0.13, 0.01, 0.17],
    ]
)
"""`STABLE_POINTS` of a frontal face about the centre of the detector's box, in IOD."""


@dataclass(frozen=True)
class FaceCrop:
    """Size of an upright square crop with the face box in its middle.

    Parameters
    ----------
    box_px : int
        Width of the face box.
    side_px : int
        Width of the crop; `side_px` - `box_px` should be even, so that the box has whole pixels.
    """

    box_px: int
    side_px: int

    @property
    def iod_px(self) -> float:
        """Inter-ocular distance of the template in the crop."""
        return self.box_px / BOX_IOD

    @cached_property
    def template(self) -> NDArray[np.float64]:
        """`STABLE_POINTS` of a frontal face in the crop, shape (9, 2)."""
        return _TEMPLATE_IOD * self.iod_px + (self.side_px - 1) / 2

    def matrix(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the similarity (2, 3) that brings the face with `points` (68, 2) upright."""
        return fit_similarity(points.take(STABLE_POINTS, axis=0), self.template)

    def matrix_of_box(self, box: ArrayLike) -> NDArray[np.float64]:
        """Return the similarity (2, 3) that lays `box` (left, top, right, bottom) on the crop's."""
        left, top, right, bottom = np.asarray(box, dtype=float)
        scale = 2 * self.box_px / (right - left + bottom - top)
        center = np.array([left + right, top + bottom]) / 2
        shift = (self.side_px - 1) / 2 - scale * center
        return np.array([[scale, 0.0, shift[0]], [0.0, scale, shift[1]]])

    def matrix_to(self, other: FaceCrop) -> NDArray[np.float64]:
        """Return the scaling and shift (2, 3) that brings this crop to another one's size."""
        scale = other.box_px / self.box_px
        shift = (other.side_px - 1) / 2 - scale * (self.side_px - 1) / 2
        return np.array([[scale, 0.0, shift], [0.0, scale, shift]])

    def box(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return left, top, right, bottom, in the picture, of the box that `matrix` brings here."""
        (a, b, x), (c, d, y) = cv2.invertAffineTransform(matrix).tolist()
        middle, half = (self.side_px - 1) / 2, math.hypot(a, b) * self.box_px / 2
        x, y = (a + b) * middle + x, (c + d) * middle + y
        return np.array([x - half, y - half, x + half, y + half])

    def shift_iod(self, correction: NDArray[np.float64]) -> float:
        """Return how far the crop's `correction` (2, 3) moves the face, in IOD.

        The correction is the `matrix` of points found in the crop; the value is the root mean
        square distance by which it moves the template.
        """
        return self.rms_iod(apply_affine(correction, self.template) - self.template)

    def rms_iod(self, vectors: NDArray[np.float64]) -> float:
        """Return the root mean square length of vectors (n, 2) in the crop, in IOD."""
        return math.sqrt(np.vdot(vectors, vectors) / len(vectors)) / self.iod_px

    def thumbnail(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the face in a crop on 18 x 18 pixels, mean 0 and norm 1 (less if it is flat).

        The sum of the product of two thumbnails is the correlation of what they show.
        """
        margin = (self.side_px - self.box_px) // 2
        face = crop[margin : margin + self.box_px, margin : margin + self.box_px]
        small = cv2.resize(face, (18, 18), interpolation=cv2.INTER_AREA).astype(np.float32)
        small -= cv2.mean(small)[0]
        return small / max(np.vdot(small, small), small.size) ** 0.5

    def cut(self, image: NDArray[np.uint8], matrix: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Return the crop (side_px, side_px) that `matrix` (2, 3) takes from a grey picture.

        Faces more than 1.5 times larger than in the crop are averaged down first, so that detail
        finer than the crop's pixels does not turn into noise. Outside the picture its border is
        repeated.
        """
        factor = round(1 / math.hypot(matrix[0, 0], matrix[0, 1]))
        if factor >= 2:
            image, matrix = _shrink(image, matrix, self.side_px, factor)
        size = (self.side_px, self.side_px)
        return cv2.warpAffine(
            image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )

    def window(
        self, crop: NDArray[np.uint8], x: float, y: float, width_px: int, height_px: int
    ) -> tuple[NDArray[np.uint8], tuple[float, float]]:
        """Return a window about (x, y), in whole pixels of a crop, and its middle in the crop, px.

        It stays inside: near the crop's border, x and y are not its middle.
        """
        left = min(max(round(x - (width_px - 1) / 2), 0), self.side_px - width_px)
        top = min(max(round(y - (height_px - 1) / 2), 0), self.side_px - height_px)
        window = crop[top : top + height_px, left : left + width_px]
        return window, (left + (width_px - 1) / 2, top + (height_px - 1) / 2)


FIT_CROP = FaceCrop(box_px=216, side_px=292)
"""The crop that landmarks are fitted in: 129 px between the outer eye corners."""
NETWORK_CROP = FaceCrop(box_px=84, side_px=112)
"""What networks see of it: 50 px between the outer eye corners."""
DETAIL_CROP = FaceCrop(box_px=126, side_px=168)
"""What windows on eyes and mouth are cut from: 75 px between the outer eye corners."""


def _shrink(
    image: NDArray[np.uint8], matrix: NDArray[np.float64], side_px: int, factor: int
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Average blocks of `factor` pixels around what `matrix` shows; return it with its matrix."""
    (a, b, x), (c, d, y) = cv2.invertAffineTransform(matrix).tolist()
    half = side_px / 2
    reach = (abs(a) + abs(b)) * half  # of a turned square
    bounds = []
    center = (a + b) * half + x, (c + d) * half + y
    for middle, length in zip(center, image.shape[::-1], strict=True):
        n_blocks = length // factor
        if n_blocks == 0:
            return image, matrix
        first = min(max(int((middle - reach) // factor) - 1, 0), n_blocks - 1)
        bounds.append((first, min(max(int((middle + reach) // factor) + 2, first + 1), n_blocks)))
    (left, right), (top, bottom) = bounds
    part = image[top * factor : bottom * factor, left * factor : right * factor]
    small = cv2.resize(part, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    (a, b, x), (c, d, y) = matrix.tolist()
    first_x, first_y = (first * factor + (factor - 1) / 2 for first in (left, top))
    x, y = a * first_x + b * first_y + x, c * first_x + d * first_y + y
    return small, np.array([[a * factor, b * factor, x], [c * factor, d * factor, y]])


def compose(second: NDArray[np.float64], first: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 2x3 matrix that does what `first` and then `second` do."""
    linear = second[:, :2] @ first
    linear[:, 2] += second[:, 2]
    return linear


def overlap(box: ArrayLike, other: ArrayLike) -> float:
    """Return the intersection over union of two boxes (left, top, right, bottom)."""
    a, b = np.asarray(box, dtype=float), np.asarray(other, dtype=float)
    shared = np.prod(np.maximum(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0.0))
    union = np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared
    return float(shared / union) if union > 0 else 0.0


def is_near(box: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Return whether two boxes are of similar size and less than 2 boxes apart."""
    width, other_width = box[2] - box[0], other[2] - other[0]
    distance = np.linalg.norm(box[:2] + box[2:] - other[:2] - other[2:]) / 2
    return bool(distance < 2 * width and 2 / 3 < other_width / width < 1.5)
