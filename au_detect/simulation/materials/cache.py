"""Arrays that were computed once, in the user's cache."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs
from numpy.typing import NDArray


def cached(
    kind: str, digest: hashlib._Hash, compute: Callable[[], dict[str, NDArray[Any]]]
) -> dict[str, NDArray[Any]]:
    """Return arrays from the user's cache, computed and stored if they are not there.

    Parameters
    ----------
    kind : str
        What the arrays are: the first part of the file's name.
    digest : hash
        Of all that decides about them.
    compute : callable
        Returns the arrays by name.
    """
    folder = Path(platformdirs.user_cache_dir("au_detect"))
    path = folder / f"{kind}_{digest.hexdigest()[:16]}.npz"
    if path.is_file():
        with np.load(path, allow_pickle=False) as stored:
            return dict(stored)
    arrays = compute()
    folder.mkdir(parents=True, exist_ok=True)
    # Written in one step: others may be computing the same.
    part = path.with_name(f"{path.stem}_{np.random.default_rng().integers(1 << 40):x}.npz")
    columns: dict[str, Any] = arrays
    np.savez_compressed(part, **columns)
    part.replace(path)
    return arrays
