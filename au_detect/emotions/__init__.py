"""Emotions: rules on top of the action units."""

from au_detect.emotions.recognition import recognise_emotions
from au_detect.emotions.result import EmotionResult, SequenceEmotion
from au_detect.emotions.rules import EmotionRule, read_emotion_rules

__all__ = [
    "EmotionResult",
    "EmotionRule",
    "SequenceEmotion",
    "read_emotion_rules",
    "recognise_emotions",
]
