"""Names of result files that every system takes: Windows is the strictest.

A name that had to be changed ends in ``~`` and eight digits of its SHA-256, so that different
inputs never get one name.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata

MOST_BYTES = 255
"""Of a file name, in UTF-8, on most systems."""
LONGEST_ENDING = len(".events.TextGrid")
"""Those of side-cars and annotated copies are shorter."""

_INVALID = re.compile(r'[<>:"/\\|?*]')
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE
)
_CONTROL, _SURROGATE = "Cc", "Cs"


def valid_name(name: str, ending_bytes: int = LONGEST_ENDING) -> str:
    """Return `name` as a file name that Windows, macOS and Linux take.

    Parameters
    ----------
    name : str
        Without its ending.
    ending_bytes : int
        Room that is kept for endings.
    """
    wanted = "".join(
        "_" if unicodedata.category(c) in (_CONTROL, _SURROGATE) or _INVALID.match(c) else c
        for c in name
    )
    wanted = wanted.rstrip(" .") or "_"
    if _DEVICE.fullmatch(wanted):
        wanted = f"_{wanted}"
    room = MOST_BYTES - ending_bytes
    if wanted == name and len(wanted.encode()) <= room:
        return name
    mark = f"~{hashlib.sha256(os.fsencode(name)).hexdigest()[:8]}"
    return wanted.encode()[: room - len(mark)].decode(errors="ignore") + mark


def valid_path(path: str, ending_bytes: int = LONGEST_ENDING) -> str:
    """Return a relative `path` with valid names for its folders and for the file in the last."""
    *folders, name = path.split(os.sep)
    return os.path.join(*(valid_name(f, 0) for f in folders), valid_name(name, ending_bytes))
