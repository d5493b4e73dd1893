"""Emotions: rules on top of the action units."""

from au_detect.emotions.recognition import EmotionResult, recognise_emotions
from au_detect.emotions.rules import EmotionRule, read_emotion_rules

__all__ = [
    "EmotionResult",
    "EmotionRule",
    "read_emotion_rules",
    "recognise_emotions",
]
