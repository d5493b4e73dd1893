"""The 68 landmarks: where they are, what they are called, how a face is followed and turned."""

from au_detect.landmarks.points import CLOSED_REGIONS, N_LANDMARKS, POINTS, REGIONS, Landmarks

__all__ = ["CLOSED_REGIONS", "N_LANDMARKS", "POINTS", "REGIONS", "Landmarks"]
