"""Results and pictures made up for tests of what is drawn."""

import numpy as np

from au_detect.results import AUResult


def make_result(n_frames=6, *, lost=(), name="clip.mp4", n_faces=1, **changes):
    """AU12 is on in the second half of the frames, AU1 never."""
    frame, face_id = np.divmod(np.arange(n_frames * n_faces), n_faces)
    found = ~np.isin(frame, lost)
    n_rows = len(frame)
    late = np.where(frame >= n_frames // 2, 0.9, 0.2)
    probabilities = np.stack([np.full(n_rows, 0.05), late], axis=1)

    def only_with_face(values):
        return np.where(found.reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)

    fields = {
        "aus": (1, 12),
        "probabilities": only_with_face(probabilities),
        "left": only_with_face(probabilities),
        "right": only_with_face(probabilities),
        "thresholds": [0.5, 0.4],
        "frame": frame,
        "timestamp_s": frame / 10,
        "face_id": face_id,
        "face_found": found,
        "confidence": found.astype(float),
        "points": only_with_face(np.full((n_rows, 68, 2), 5.0)),
        "pose": only_with_face(np.zeros((n_rows, 3))),
        "reliable": found,
        "neutral": {0: "frame 0"},
        "input": name,
        "settings": {"version": "1.2.3", "model": "open"},
    }
    return AUResult(**(fields | changes))


def make_clip(n_frames=6):
    """Return pictures of the frames of `make_result`, with a bright square for a face."""
    clip = np.full((n_frames, 60, 80, 3), 40, np.uint8)
    clip[:, 10:50, 20:60] = 200
    return clip


def face_points(n_rows, lost=()):
    """Return 68 points within the square, moving a little from row to row."""
    grid = np.stack(np.meshgrid(np.linspace(25, 55, 10), np.linspace(15, 45, 7)), -1)
    points = grid.reshape(-1, 2)[:68]
    rows = points + np.arange(n_rows)[:, None, None] * 0.1
    rows[list(lost)] = np.nan
    return rows


def on(result, row=-1):
    """Return the AUs that are on in a row."""
    return {au for au, active in zip(result.aus, result.active[row], strict=True) if active}
