"""How large a picture may be, in pixels and as a file."""

import os

MAX_PICTURE_PIXELS = int(os.environ.get("AU_DETECT_MAX_PICTURE_PIXELS", 150_000_000))
"""Larger pictures are refused before they are decoded (12,000 x 12,000 px still fits)."""

MAX_PICTURE_BYTES = 2**30
"""Larger picture files are refused before they are read; the largest picture has 0.9 GB."""
