"""How well action units are detected: rates, intervals, protocols, comparisons, reports."""

from au_detect.evaluation.metrics import AUEvaluation, evaluate_aus, roc_auc, validate

__all__ = ["AUEvaluation", "evaluate_aus", "roc_auc", "validate"]
