"""Recordings to samples: whatever holds one, in any rate, with any number of channels, as mono at one rate."""

import contextlib
import io
import math
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from .audio_file_wise import AudioFile
from .audio_reader_wise import GIVE, RATES_HZ, AudioReader, require, scaled_floats
from .channels_wise import mix_channels, take_channel
from .container_file_wise import ContainerFile, container_kind


MOST_CHANNELS_FIRST = 8  # of an array (channels, samples); one of more rows is more likely several recordings
# Samples in [-1, 1] are not that large whatever they were amplified by; the integers of a wav file read as floats are.
LARGEST_SAMPLE = 256.0
DICT_AUDIO = ("array", "raw", "bytes", "path")  # the first that is there is read


def load_audio(
    audio: Any, sampling_rate: float | None = None, to_rate: int = 16_000, channel: int | None = None
) -> np.ndarray:
    """Samples of a recording, in whatever form it is given.

    Args:
        audio: path of an audio file; the bytes of one; a binary file object, read from its start; an array, a torch
            tensor, or a list, (samples,) or (samples, channels) or (channels, samples) of up to 8 channels; a dict of
            an `array` (or `raw`) and its `sampling_rate`, or of a file's `bytes` or `path`, as `datasets` has them;
            an `AudioDecoder` of torchcodec.
        sampling_rate: rate of an array that is given without one, in Hz; `None` = `to_rate`. Files and decoders know
            theirs.
        to_rate: rate wanted, in Hz.
        channel: the channel wanted, from 0; `None` = all of them, see `to_mono`.

    Returns:
        (samples,) float32, mono; see `to_mono`.

    Raises:
        ValueError: for what is no recording, or cannot be read; see `read_audio` and `to_mono`.
    """
    if isinstance(audio, Mapping):
        audio, sampling_rate = _from_dict(audio, sampling_rate)
    if hasattr(audio, "get_all_samples"):
        try:
            decoded = audio.get_all_samples()
        except RuntimeError as error:
            raise ValueError(f"The recording cannot be decoded ({error}); give another file.") from error
        audio, sampling_rate = decoded.data, decoded.sample_rate
    if isinstance(audio, (str, os.PathLike, bytes, bytearray, memoryview)) or hasattr(audio, "read"):
        return read_audio(audio, to_rate, channel=channel)
    rate = to_rate if sampling_rate is None else whole_rate(sampling_rate)
    return to_mono(_array(audio), rate, to_rate, channel=channel)


def read_audio(
    source: Any,
    sampling_rate: int = 16_000,
    start_s: float = 0.0,
    end_s: float | None = None,
    channel: int | None = None,
) -> np.ndarray:
    """Read a recording, or a part of it.

    Args:
        source: path of an audio file, the bytes of one, or a binary file object, read from its start.
        sampling_rate: rate of the samples returned, in Hz; other rates are resampled.
        start_s: start of the part, in seconds.
        end_s: end of the part, in seconds; `None` = the end of the recording.
        channel: the channel wanted, from 0; `None` = all of them, see `to_mono`.

    Returns:
        (samples,) float32 in [-1, 1], mono.

    Raises:
        ValueError: for what is no audio, is missing or empty, or has NaN samples.
    """
    with _opened(source) as (audio, name):
        stop = None if end_s is None else max(round(end_s * audio.rate), 0)
        samples = audio.read(max(round(start_s * audio.rate), 0), stop)
        return to_mono(samples, audio.rate, sampling_rate, name, channel)


def audio_blocks(source: Any, sampling_rate: int = 16_000) -> Iterator[np.ndarray]:
    """Read a recording from its start to its end in bounded memory, however long it is.

    Args:
        source: see `read_audio`.
        sampling_rate: rate of the samples, in Hz; other rates are resampled.

    Yields:
        (samples, channels) float32, never empty; together they are the whole recording, resampled at once.

    Raises:
        ValueError: see `read_audio`; for NaN samples and damaged data when they are reached.
    """
    with _opened(source) as (audio, name):
        kind = require("soxr").ResampleStream
        stream = kind(audio.rate, sampling_rate, audio.channels, dtype="float32")
        block = np.zeros((0, audio.channels), dtype=np.float32)
        for block in audio.blocks():
            resampled = stream.resample_chunk(_usable(block, name))
            if len(resampled):
                yield resampled
        _usable(block, name)  # which is empty where none came
        rest = stream.resample_chunk(block[:0], last=True)
        if len(rest):
            yield rest


def audio_duration_s(source: Any) -> float:
    """How long a recording is.

    Args:
        source: see `read_audio`.

    Returns:
        Length of the recording in seconds, of the data that are there.

    Raises:
        ValueError: for what is no audio, or is missing.
    """
    with _opened(source) as (audio, _):
        return audio.count_frames() / audio.rate


def open_audio(file: BinaryIO, name: str) -> AudioReader:
    """Open an audio file with the reader of its kind, which its data tell, whatever it is called.

    ```python
    with open(path, "rb") as file, open_audio(file, path) as audio:
        samples = audio.read(0, 10 * audio.rate)
    ```

    Args:
        file: can seek; it stays open.
        name: what to call it in an error.

    Raises:
        ValueError: for what is no audio file, is damaged, protected or without sound, or has an absurd rate.
    """
    kind = container_kind(file)
    return AudioFile(file, name) if kind is None else ContainerFile(file, name, kind)


def to_mono(
    samples: np.ndarray, from_rate: int, to_rate: int, name: str = "The audio", channel: int | None = None
) -> np.ndarray:
    """Samples as the model takes them: one channel, one rate, finite.

    Args:
        samples: (samples,) or (samples, channels), floats in [-1, 1] or integers of up to 32 bits, which are scaled
            to that.
        from_rate: rate of the samples, in Hz, 1,000 to 192,000.
        to_rate: rate wanted, in Hz.
        name: what to call the audio in an error.
        channel: the channel wanted, from 0.

    Returns:
        (samples,) float32; that channel. Without one the mean of the channels, or a single one where they cancel each
        other (`mix_channels`).

    Raises:
        ValueError: for empty audio, samples that are no numbers, NaN, infinite or far beyond 1, another shape or
            rate, or without that channel.
    """
    samples = np.asarray(samples)
    if samples.ndim not in (1, 2) or (samples.ndim == 2 and samples.shape[1] > samples.shape[0] > 0):
        raise ValueError(f"{name} has the shape {samples.shape}; give (samples, channels) of one recording.")
    if not RATES_HZ[0] <= from_rate <= RATES_HZ[1]:
        raise ValueError(f"{name} is at {from_rate} Hz; give the samples' rate in Hz, {RATES_HZ[0]} to {RATES_HZ[1]}.")
    samples = _usable(scaled_floats(samples, name), name).reshape(len(samples), -1)
    mono = mix_channels(samples, from_rate, name) if channel is None else take_channel(samples, channel, name)
    if from_rate != to_rate:
        mono = require("soxr").resample(mono, from_rate, to_rate)
    return np.ascontiguousarray(mono, dtype=np.float32)


def whole_rate(rate: Any) -> int:
    """A rate as an int.

    Args:
        rate: a whole number of Hz, of any type that holds one (NumPy's, torch's, a float without a fraction).

    Raises:
        ValueError: for anything else.
    """
    number = rate.item() if getattr(rate, "size", None) == 1 or getattr(rate, "ndim", None) == 0 else rate
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number) or number % 1:
        raise ValueError(f"The sampling rate is {rate!r:.40}; give a whole number of Hz, such as 16000.")
    return int(number)


def _usable(samples: np.ndarray, name: str) -> np.ndarray:
    """The samples, where there are some, all finite and not far beyond 1."""
    if samples.size == 0:
        raise ValueError(f"{name} has no samples; give a recording that is longer than zero seconds.")
    if not np.isfinite(samples).all():
        raise ValueError(f"{name} has samples that are NaN or infinite; give a recording without them.")
    if np.abs(samples).max() > LARGEST_SAMPLE:
        raise ValueError(f"{name} has samples up to {np.abs(samples).max():.0f}; divide them, to be within [-1, 1].")
    return samples


# --- where a recording comes from ---


@contextlib.contextmanager
def _opened(source: Any) -> Iterator[tuple[AudioReader, str]]:
    """The audio file, and what to call it in an error."""
    if hasattr(source, "read"):
        source = _content(source)
    if isinstance(source, (bytes, bytearray, memoryview)):
        file, name = io.BytesIO(source), f"{len(source)} bytes"
    else:
        file, name = _open(source), f"{source}"
    with file, open_audio(file, name) as audio:
        yield audio, name


def _open(path: str | os.PathLike) -> io.BufferedReader:
    name = f"{os.fspath(path)!s:.300}"
    if not name:
        raise ValueError("The path of the recording is empty; give the path of an audio file.")
    if "://" in name:
        raise ValueError(f"{name} is an address, which is not fetched; download it, and give the file's path.")
    if os.path.isdir(path):
        raise ValueError(f"{name} is a folder; give the path of an audio file.")
    if not os.path.exists(path):
        raise ValueError(f"{name} is not there; give the path of an audio file.")
    if not os.path.isfile(path):
        raise ValueError(f"{name} is a pipe or a device; write the recording into a file, and give its path.")
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise ValueError(f"{name} cannot be read ({error.strerror}); allow it, or give another file.") from error


def _content(file: Any) -> bytes:
    if getattr(file, "seekable", lambda: False)():
        file.seek(0)
    content = file.read()
    if not isinstance(content, bytes):
        raise ValueError(f"A file that gives {type(content).__name__} holds no audio; open it in the mode 'rb'.")
    return content


def _from_dict(audio: Mapping, sampling_rate: Any) -> tuple[Any, Any]:
    """What a dict holds, and its rate."""
    unknown = [name for name in audio if name not in (*DICT_AUDIO, "sampling_rate")]
    kind = next((name for name in DICT_AUDIO if audio.get(name) is not None), None)
    if unknown or kind is None:
        told = f"does not have {told_names(unknown)}" if unknown else "holds no audio"
        raise ValueError(f"A recording given as a dict {told}; it has array and sampling_rate, or bytes or path.")
    own = audio.get("sampling_rate")
    if kind in ("array", "raw") and own is None and sampling_rate is None:
        raise ValueError("A recording given as a dict has an array without its sampling_rate; give both.")
    if own is not None and sampling_rate is not None and whole_rate(own) != whole_rate(sampling_rate):
        raise ValueError(f"A recording has two sampling rates, {own} and {sampling_rate} Hz; give one.")
    return audio[kind], sampling_rate if own is None else own


def told_names(names: Iterable[Any]) -> str:
    """Some names of fields that nobody knows, for an error: what does not look like a name may be what was said."""
    told = [f"'{name:.40}'" for name in map(str, names) if re.fullmatch(r"\w+", name, re.ASCII)]
    return ", ".join(told[:5]) or "other fields"


# --- arrays ---


def _array(audio: Any) -> np.ndarray:
    if hasattr(audio, "detach"):  # a torch tensor; NumPy has no bfloat16
        audio = audio.detach().cpu()
        audio = audio.float() if audio.is_floating_point() else audio
    try:
        array = np.asarray(audio)
    except (ValueError, TypeError, RuntimeError):
        array = np.asarray(None)
    if array.dtype.kind not in "iuf" or array.ndim == 0:
        raise ValueError(
            f"The audio is of type {type(audio).__name__}; {GIVE}'s path or bytes, or an array of numbers."
        )
    # Torch's audio libraries have (channels, samples).
    is_turned = array.ndim == 2 and array.shape[0] < array.shape[1] and array.shape[0] <= MOST_CHANNELS_FIRST
    return array.T if is_turned else array
