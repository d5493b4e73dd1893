"""How well action units are detected: rates, intervals, protocols, comparisons, reports."""

from au_detect.evaluation.curve_rates import roc_auc
from au_detect.evaluation.metrics import AUEvaluation, evaluate_aus, validate

__all__ = ["AUEvaluation", "evaluate_aus", "roc_auc", "validate"]
