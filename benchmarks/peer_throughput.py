"""Time MediaPipe's face landmarker with blendshapes on a video, in an environment of its own.

    PEER_PYTHON peer_throughput.py face_landmarker.task VIDEO N_FRAMES

Prints JSON: frames, seconds of the clock and of the processor, peak memory in MB. Decoding is
counted, loading is not.
"""

import json
import re
import sys
import time
from pathlib import Path

import cv2
import mediapipe as mp


def main() -> None:
    model, video, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
    cv2.setNumThreads(1)
    vision = mp.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path=model),
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
        num_faces=1,
    )
    capture = cv2.VideoCapture(video)
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        n, n_faces, start, processor = 0, 0, time.perf_counter(), time.process_time()
        while n < limit:
            found, image = capture.read()
            if not found:
                break
            colour = cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
            picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=colour)
            n_faces += len(landmarker.detect_for_video(picture, n * 33).face_blendshapes)
            n += 1
        seconds, processor = time.perf_counter() - start, time.process_time() - processor
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    row = {"frames": n, "faces": n_faces, "seconds": seconds, "processor": processor}
    print(json.dumps(row | {"peak_mb": int(peak[1]) / 1024 if peak else None}))


if __name__ == "__main__":
    main()
