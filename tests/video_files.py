"""Write small videos of every kind with PyAV, for tests."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.codec.context import Flags

LIMITED, FULL = 1, 2


def moving_square(n_frames=8, shape=(96, 128), step_px=4):
    """Return grey pictures of a bright square that moves to the right before a calm pattern."""
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    ground = 90 + 40 * np.sin(rows / 9.0) * np.cos(columns / 11.0)
    pictures = []
    for number in range(n_frames):
        picture = ground.copy()
        picture[30:62, 20 + step_px * number : 52 + step_px * number] = 220
        pictures.append(picture.astype(np.uint8))
    return pictures


def frame_of(picture, pixel_format, color_range=None):
    """Return a frame of grey (converted to the format's luma) or BGR."""
    kind = "gray" if picture.ndim == 2 else "bgr24"
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=kind)
    return frame.reformat(format=pixel_format, dst_color_range=color_range)


def frame_of_luma(luma, pixel_format, bits=8):
    """Return a planar frame with these values of luma and no colour."""
    height, width = luma.shape
    frame = av.VideoFrame(width, height, pixel_format)
    for number, plane in enumerate(frame.planes):
        dtype = np.uint8 if bits == 8 else np.dtype("<u2")
        values = np.full(plane.buffer_size // np.dtype(dtype).itemsize, 1 << (bits - 1), dtype)
        if number == 0:
            rows = values.reshape(plane.height, -1)
            rows[:, :width] = luma
        plane.update(values.tobytes())
    return frame


def write_video(
    path,
    pictures,
    *,
    codec="libx264",
    pixel_format="yuv420p",
    rate=30,
    options=None,
    file_options=None,
    container=None,
    interlaced=False,
    pixel_aspect_ratio=None,
    color_range=None,
    first_frame=0,
    sound_s=0.0,
):
    """Write pictures (or frames) as a video; `sound_s` seconds of silence start at 0."""
    with av.open(str(path), "w", format=container, options=file_options or {}) as file:
        stream = file.add_stream(codec, rate=rate, options=options or {})
        first = pictures[0]
        is_frame = isinstance(first, av.VideoFrame)
        size = (first.height, first.width) if is_frame else first.shape[:2]
        stream.height, stream.width = size
        stream.pix_fmt = pixel_format
        if interlaced:
            stream.codec_context.flags |= Flags.interlaced_dct | Flags.interlaced_me
        if pixel_aspect_ratio:
            stream.codec_context.sample_aspect_ratio = Fraction(pixel_aspect_ratio)
        if color_range:
            stream.codec_context.color_range = color_range
        sound = file.add_stream("pcm_s16le", rate=8000, layout="mono") if sound_s else None
        if sound:
            _write_silence(file, sound, sound_s)
        for number, picture in enumerate(pictures):
            frame = picture if is_frame else frame_of(picture, pixel_format, color_range)
            frame.pts, frame.time_base = first_frame + number, Fraction(1, rate)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return Path(path)


def _write_silence(file, stream, seconds):
    samples = np.zeros((1, round(8000 * seconds)), np.int16)
    frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
    file.mux(stream.encode(frame))
    file.mux(stream.encode(None))


def join(path, *parts):
    """Write the bytes of files one after the other, as ``cat`` does."""
    Path(path).write_bytes(b"".join(Path(part).read_bytes() for part in parts))
    return Path(path)
