"""The 68 landmarks: where they are, what they are called, how the head is turned."""

from au_detect.landmarks.points import CLOSED_REGIONS, N_LANDMARKS, POINTS, REGIONS, Landmarks
from au_detect.landmarks.pose import HeadPose, estimate_pose

__all__ = [
    "CLOSED_REGIONS",
    "N_LANDMARKS",
    "POINTS",
    "REGIONS",
    "HeadPose",
    "Landmarks",
    "estimate_pose",
]
