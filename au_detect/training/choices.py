"""The words that recipes and the command line know: nothing heavy is imported to list them."""

from __future__ import annotations

from typing import Any

FEATURE_MODELS = ("mlp", "mlp-one-vs-all", "svm", "linear-svm", "adaboost", "logistic")
"""Classifiers of what is measured on the labelled and the neutral face."""
PIXEL_MODELS = ("cnn", "cnn-onevsall", "twostream", "lstm", "convlstm", "cnn-svm")
"""Networks of pixels and of time, to compare with."""
MODEL_NAMES = (*FEATURE_MODELS, *PIXEL_MODELS)
FEATURES = ("both", "geometry", "furrows")
STARTS = ("auto", "shipped", "scratch")
WEIGHTINGS = ("per_au", "per_sample", "focal", "none")

ABLATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "furrows": ("geometry only", {"features": "geometry"}),
    "landmarks": ("furrows only", {"features": "furrows"}),
    "neutral": ("without neutral", {"uses_neutral": False}),
    "networks": ("one network", {"one_network": True}),
    "extra": ("without extra", {"uses_extra": False}),
    "start": ("from scratch", {"start": "scratch"}),
}
"""What can be taken from a recipe -> name and change of the recipe that is left."""
