"""How finely a picture is searched for faces: from the smallest face that is to be found.

dlib's detector looks for faces of 80 px and more, which are `DETECTABLE_PX` between the eyes. A
picture is searched scaled to several areas, coarsely first, since that is quick: an area four
times as large finds faces of half the size and takes four times as long.
"""

from __future__ import annotations

import math

COARSE_AREA_PX, FINE_AREA_PX = 640 * 360, 1280 * 720
"""The picture is scaled to these, whatever its size."""
USUAL_AREA_PX = 1920 * 1080
"""Up to this size, a picture is usually searched without making it smaller, now and then."""
MAX_ENLARGEMENT = 2.5
DETECTABLE_PX = 32.0
"""Between the eyes, of the smallest face that the detector finds."""


def search_areas_px(n_pixels: int, smallest_face_px: float | None = None) -> tuple[int, ...]:
    """Return the areas that a picture is scaled to for the searches, from coarse to fine.

    Parameters
    ----------
    n_pixels : int
        Of the picture.
    smallest_face_px : float, optional
        Pixels between the eyes of the smallest face that is to be found; by default what is
        found on `FINE_AREA_PX`, or on the picture as it is up to `USUAL_AREA_PX`.
    """
    if smallest_face_px is None:
        areas = {COARSE_AREA_PX, FINE_AREA_PX, max(min(n_pixels, USUAL_AREA_PX), FINE_AREA_PX)}
    else:
        wanted = n_pixels * (DETECTABLE_PX / smallest_face_px) ** 2
        areas = {COARSE_AREA_PX, max(round(wanted), COARSE_AREA_PX)}
    return tuple(sorted(areas))


def search_scale(n_pixels: int, area_px: float) -> float:
    """Return how much a picture is enlarged for a search on this area."""
    return min(math.sqrt(area_px / n_pixels), MAX_ENLARGEMENT)


def searched_face_px(n_pixels: int, smallest_face_px: float | None = None) -> float:
    """Return the pixels between the eyes of the smallest face that the finest search finds."""
    areas = search_areas_px(n_pixels, smallest_face_px)
    return DETECTABLE_PX / search_scale(n_pixels, max(areas))
