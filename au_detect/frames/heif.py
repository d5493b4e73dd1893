"""HEIF and AVIF pictures, by Pillow and pillow-heif: the extra ``heif``."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from au_detect.errors import InputError, TooLargeError
from au_detect.frames.limits import MAX_PICTURE_PIXELS

_MISSING = (
    "must be PNG, JPEG, TIFF, BMP, WebP, GIF or PNM, got HEIF or AVIF: "
    "pip install 'au-detect[heif]' to read it, or convert it"
)


def decode_heif(data: bytes, name: str) -> NDArray[np.uint8]:
    """Decode the first picture in a HEIF or AVIF file, upright.

    Returns
    -------
    uint8 array, shape (height, width, 3)
        Blue, green, red.

    Raises
    ------
    InputError
        If the extra is not installed, or the file is damaged or has more than
        `MAX_PICTURE_PIXELS` pixels.
    """
    try:
        image = _opened(data)
    except ImportError as error:
        raise InputError(f"{name} {_MISSING}") from error
    except Exception as error:  # each of the libraries has its own
        raise _damaged(name) from error
    width, height = image.size
    if width * height > MAX_PICTURE_PIXELS:
        raise TooLargeError(
            f"{name} must have at most {MAX_PICTURE_PIXELS} pixels, got {width} x {height}"
        )
    try:
        from PIL import ImageOps

        upright = ImageOps.exif_transpose(image).convert("RGB")
        return np.ascontiguousarray(np.asarray(upright)[:, :, ::-1])
    except Exception as error:
        raise _damaged(name) from error


def _opened(data: bytes) -> Any:
    """Return the picture, not decoded yet."""
    from PIL import Image

    brands = data[8 : int.from_bytes(data[:4], "big")]
    if b"avif" not in brands and b"avis" not in brands:
        from pillow_heif import HeifImageFile

        return HeifImageFile(io.BytesIO(data))
    from PIL import AvifImagePlugin

    if not AvifImagePlugin.SUPPORTED:
        raise ImportError("this Pillow was built without AVIF")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about large pictures: the limit is ours
        return Image.open(io.BytesIO(data), formats=("AVIF",))


def _damaged(name: str) -> InputError:
    return InputError(f"{name} cannot be decoded, got HEIF or AVIF: damaged or of an unusual kind")
