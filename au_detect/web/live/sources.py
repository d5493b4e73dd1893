"""The newest frame of a camera or clip: who is slow misses frames, and no queue grows."""

from __future__ import annotations

import time
from threading import Condition, Event, Thread

from au_detect.errors import AUDetectError
from au_detect.frames import Frame, FrameStream


class NewestFrame:
    """Read frames in a thread of its own, in real time, and keep the newest one only.

    Reading starts when the first frame is asked for.

    Parameters
    ----------
    stream : FrameStream
        A camera sets its own pace; frames of anything else wait for their time stamps.
    """

    def __init__(self, stream: FrameStream) -> None:
        self._stream = stream
        self._changed, self._closed = Condition(), Event()
        self._frame: Frame | None = None
        self._ended = False
        self._error: AUDetectError | None = None
        self._thread = Thread(target=self._read, name="au-detect frames", daemon=True)

    def take(self) -> Frame | None:
        """Wait for a frame that was not taken yet; None after the last one, or once closed.

        Raises
        ------
        AUDetectError
            If the stream breaks off.
        """
        with self._changed:
            if self._thread.ident is None and not self._closed.is_set():
                self._thread.start()
            self._changed.wait_for(lambda: self._frame is not None or self._ended)
            frame, self._frame = self._frame, None
            if frame is None and self._error is not None:
                raise self._error
            return frame

    def close(self) -> None:
        """Stop reading and release the camera or file; whoever waits for a frame gets None."""
        self._closed.set()
        with self._changed:
            self._frame, self._ended = None, True
            self._changed.notify_all()
        if self._thread.ident is None:
            self._stream.close()

    def _read(self) -> None:
        start_s = None
        try:
            for frame in self._stream:
                start_s = time.monotonic() - frame.timestamp_s if start_s is None else start_s
                early_s = start_s + frame.timestamp_s - time.monotonic()
                wait_s = 0.0 if self._stream.kind == "camera" else max(early_s, 0.0)
                if self._closed.wait(wait_s):
                    break
                with self._changed:
                    self._frame = frame
                    self._changed.notify_all()
        except AUDetectError as error:
            self._error = error
        finally:
            self._stream.close()
            with self._changed:
                self._ended = True
                self._changed.notify_all()
