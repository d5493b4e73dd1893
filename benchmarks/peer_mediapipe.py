"""Score pictures with MediaPipe's blendshapes, in an environment of its own.

    PEER_PYTHON peer_mediapipe.py face_landmarker.task OUT.json < picture paths, one a line

Writes ``{"aus": [...], "scores": {path: [blendshape of each AU] or null}}``. MediaPipe brings an
OpenCV that would overwrite ours, so nothing of au_detect is imported here.
"""

import json
import sys

import cv2
import mediapipe as mp

BLENDSHAPES = {
    1: ["browInnerUp"],
    2: ["browOuterUpLeft", "browOuterUpRight"],
    4: ["browDownLeft", "browDownRight"],
    5: ["eyeWideLeft", "eyeWideRight"],
    6: ["cheekSquintLeft", "cheekSquintRight"],
    7: ["eyeSquintLeft", "eyeSquintRight"],
    9: ["noseSneerLeft", "noseSneerRight"],
    10: ["mouthUpperUpLeft", "mouthUpperUpRight"],
    12: ["mouthSmileLeft", "mouthSmileRight"],
    14: ["mouthDimpleLeft", "mouthDimpleRight"],
    15: ["mouthFrownLeft", "mouthFrownRight"],
    16: ["mouthLowerDownLeft", "mouthLowerDownRight"],
    17: ["mouthShrugLower"],
    18: ["mouthPucker"],
    20: ["mouthStretchLeft", "mouthStretchRight"],
    22: ["mouthFunnel"],
    24: ["mouthPressLeft", "mouthPressRight"],
    25: ["jawOpen", "mouthLowerDownLeft", "mouthUpperUpLeft"],
    26: ["jawOpen"],
    28: ["mouthRollLower", "mouthRollUpper"],
    43: ["eyeBlinkLeft", "eyeBlinkRight"],
}
LARGEST_OF = (25,)


def main() -> None:
    model, out = sys.argv[1:3]
    vision = mp.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path=model),
        output_face_blendshapes=True,
        num_faces=1,
    )
    scores = {}
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for path in sys.stdin.read().splitlines():
            colour = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)
            picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=colour)
            found = landmarker.detect(picture).face_blendshapes
            scores[path] = _by_au(found[0]) if found else None
    with open(out, "w") as file:
        json.dump({"aus": list(BLENDSHAPES), "scores": scores}, file)


def _by_au(categories: list) -> list[float]:
    values = {category.category_name: category.score for category in categories}
    row = []
    for au, names in BLENDSHAPES.items():
        shapes = [values[name] for name in names]
        row.append(max(shapes) if au in LARGEST_OF else sum(shapes) / len(shapes))
    return row


if __name__ == "__main__":
    main()
