"""Files as phones, meetings and browsers write them, made with PyAV's encoders."""

import io
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np


# As MediaRecorder writes: in pieces, or with no length and no index.
FRAGMENTS = {"movflags": "frag_keyframe+empty_moov", "frag_duration": "500000"}
LIVE = {"live": "1"}
FASTSTART = {"movflags": "faststart"}
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}


def contained(
    samples: np.ndarray, format: str, codec: str, rate: int, options: dict | None = None, pause_s: float = 0.0
) -> bytes:
    """A file of these samples, (samples,) or (samples, channels); `pause_s` is left out of it in the middle."""
    samples = samples.reshape(len(samples), -1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        with av.open(path, "w", format=format, options=options or {}) as container:
            mux_sound(container, sound_track(container, samples.shape[1], codec, rate), samples, pause_s)
        return path.read_bytes()


def video(format: str, samples: np.ndarray | None = None, codec: str = "aac", rate: int = 48_000) -> bytes:
    """A file of 2 s of pictures, and of these samples, (samples,)."""
    file = io.BytesIO()
    with av.open(file, "w", format=format) as container:
        pictures = container.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p")
        sound = None if samples is None else sound_track(container, 1, codec, rate)
        for number in range(20):
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number, dtype=np.uint8))
            container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
        if sound is not None:
            mux_sound(container, sound, samples[:, None])
    return file.getvalue()


def sound_track(container: object, channels: int, codec: str, rate: int) -> object:
    """A new track."""
    options = {"aac_pns": "0"} if codec == "aac" else {}  # noise is drawn anew whenever it is decoded
    stream = container.add_stream(codec, rate=rate, layout=LAYOUTS[channels], options=options)
    if codec.startswith("wma"):
        stream.bit_rate = 64_000
    stream.codec_context.open()
    return stream


def mux_sound(container: object, stream: object, samples: np.ndarray, pause_s: float = 0.0) -> None:
    """Samples, (samples, channels), in a track that starts at 0."""
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T, dtype=np.float32), "fltp", stream.layout)
    frame.sample_rate, frame.pts, frame.time_base = stream.rate, 0, Fraction(1, stream.rate)
    size = stream.codec_context.frame_size or 1024
    resampler = av.AudioResampler(stream.format, stream.layout, stream.rate, size)
    for part in [*resampler.resample(frame), *resampler.resample(None), None]:
        if part is not None and part.pts >= len(samples) // 2:
            part.pts += round(pause_s * stream.rate)
        container.mux(stream.encode(part))
