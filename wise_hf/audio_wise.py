"""Recordings to samples: any format that libsndfile reads, any rate, any number of channels, as mono at one rate."""

import importlib
import io
from pathlib import Path
from types import ModuleType

import numpy as np


def read_audio(
    source: str | Path | bytes, sampling_rate: int = 16_000, start_s: float = 0.0, end_s: float | None = None
) -> np.ndarray:
    """
    Read a recording, or a part of it.

    Args:
        source: path of an audio file, or the bytes of one.
        sampling_rate: rate of the samples returned, in Hz; other rates are resampled.
        start_s: start of the part, in seconds.
        end_s: end of the part, in seconds; `None` = the end of the recording.

    Returns:
        (samples,) float32 in [-1, 1], mono.

    Raises:
        ValueError: for what is no audio, is missing or empty, or has NaN samples.
    """
    name = f"{len(source)} bytes" if isinstance(source, bytes) else str(source)
    samples, file_rate = _decode(source, name, start_s, end_s)
    return to_mono(samples, file_rate, sampling_rate, name)


def _decode(source: str | Path | bytes, name: str, start_s: float, end_s: float | None) -> tuple[np.ndarray, int]:
    soundfile = _require("soundfile")
    if not isinstance(source, bytes) and not Path(source).is_file():
        raise ValueError(f"{name} is not there; give the path of an audio file.")
    try:
        with soundfile.SoundFile(io.BytesIO(source) if isinstance(source, bytes) else str(source)) as file:
            start = min(round(start_s * file.samplerate), file.frames)
            stop = file.frames if end_s is None else min(round(end_s * file.samplerate), file.frames)
            file.seek(start)
            return file.read(max(stop - start, 0), dtype="float32", always_2d=True), file.samplerate
    except (soundfile.LibsndfileError, OSError) as error:
        raise ValueError(f"{name} cannot be read as audio ({error}); give a wav, flac, ogg or mp3 file.") from error


def to_mono(samples: np.ndarray, from_rate: int, to_rate: int, name: str = "The audio") -> np.ndarray:
    """
    Samples as the model takes them: one channel, one rate, finite.

    Args:
        samples: (samples,) or (samples, channels) float in [-1, 1], or integers of 16 or 32 bits.
        from_rate: rate of the samples, in Hz.
        to_rate: rate wanted, in Hz.
        name: what to call the audio in an error.

    Returns:
        (samples,) float32.

    Raises:
        ValueError: for empty audio, NaN or infinite samples, more than two dimensions or a rate below 1.
    """
    samples = np.asarray(samples)
    if np.issubdtype(samples.dtype, np.integer):
        samples = samples / np.float32(-float(np.iinfo(samples.dtype).min))
    if samples.ndim not in (1, 2) or from_rate < 1:
        raise ValueError(
            f"{name} has the shape {samples.shape} at {from_rate} Hz; give (samples,) and its rate in Hz."
        )
    if samples.ndim == 2 and samples.shape[1] > max(samples.shape[0], 1):
        raise ValueError(f"{name} has the shape {samples.shape}; give (samples, channels), the other way round.")
    if samples.shape[0] == 0:
        raise ValueError(f"{name} has no samples; give a recording that is longer than zero seconds.")
    mono = np.asarray(samples, dtype=np.float32).reshape(len(samples), -1).mean(axis=1, dtype=np.float32)
    if not np.isfinite(mono).all():
        raise ValueError(f"{name} has samples that are NaN or infinite; give a recording without them.")
    if from_rate != to_rate:
        mono = _require("soxr").resample(mono, from_rate, to_rate)
    return np.ascontiguousarray(mono, dtype=np.float32)


def _require(package: str) -> ModuleType:
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(f"Reading audio needs {package}: pip install soundfile soxr") from error
