"""Keras for this room: imported when the first network is made, with convolutions that are fast."""

from __future__ import annotations

import os
from typing import Any

from au_detect.classifiers.mlp import import_tensorflow


def load_tensorflow() -> Any:
    """Return TensorFlow; convolutions take half as long to learn with oneDNN.

    It says nothing of graphs that are made anew: every network of a comparison has its own.
    """
    # Read when TensorFlow is loaded; older processors get it on demand only.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    tf = import_tensorflow()
    tf.get_logger().setLevel("ERROR")
    return tf


def load_keras() -> Any:
    """Return Keras."""
    return load_tensorflow().keras
