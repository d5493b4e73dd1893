"""Keras for this room: imported when the first network is made, with convolutions that are fast."""

from __future__ import annotations

import os
from typing import Any

from au_detect.classifiers.mlp import import_tensorflow


def load_tensorflow() -> Any:
    """Return TensorFlow; convolutions take half as long to learn with oneDNN."""
    # Read when TensorFlow is loaded; older processors get it on demand only.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    return import_tensorflow()


def load_keras() -> Any:
    """Return Keras."""
    return load_tensorflow().keras
