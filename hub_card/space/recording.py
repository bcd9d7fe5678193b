"""A visitor's recording, checked: what cannot be used is said in a sentence that a visitor understands."""

from pathlib import Path

import numpy as np
import soundfile


MAX_S = 60
MAX_MB = 25
NO_AUDIO = "This file cannot be read as audio. Give a wav, flac, ogg or mp3 file."
_MAX_RATE_HZ, _MAX_CHANNELS = 192_000, 2  # a small file can unpack to gigabytes otherwise
_SILENT_PEAK = 1e-4  # of full scale, -80 dB; the aligner's own limit


class UnusableError(ValueError):
    """What a visitor gave cannot be used; the message is for the visitor."""


def read_recording(path: str | None) -> tuple[np.ndarray, int]:
    """
    Args:
        path: the uploaded or recorded file; `None` where there is none.

    Returns:
        (samples, channels) float32 in [-1, 1], and their rate in Hz.

    Raises:
        UnusableError: there is no recording, or it is none, too large, too long, empty, broken or silent.
    """
    if path is None:
        raise UnusableError("There is no recording yet. Record one, upload a file, or try a sample.")
    if not Path(path).is_file():
        raise UnusableError("The recording is not kept any longer. Record it or upload it again.")
    if Path(path).stat().st_size > MAX_MB * 1_000_000:
        raise UnusableError(f"The file is larger than {MAX_MB} MB. Give a shorter recording, or an mp3 or flac file.")
    samples, rate = _decode(path)
    _check_samples(samples, rate)
    return samples, rate


def _decode(path: str) -> tuple[np.ndarray, int]:
    """At most a sample more than is allowed, however long the file says that it is."""
    try:
        with soundfile.SoundFile(path) as file:
            if file.samplerate > _MAX_RATE_HZ or file.channels > _MAX_CHANNELS:
                raise UnusableError(
                    f"The recording has {file.channels} channels at {file.samplerate} Hz. Give mono or stereo at "
                    f"{_MAX_RATE_HZ} Hz or less."
                )
            return file.read(MAX_S * file.samplerate + 1, dtype="float32", always_2d=True), file.samplerate
    except (soundfile.LibsndfileError, OSError) as error:
        raise UnusableError(NO_AUDIO) from error


def _check_samples(samples: np.ndarray, rate: int) -> None:
    if not len(samples):
        raise UnusableError("The recording is empty. Record it again, and speak before you stop.")
    if len(samples) > MAX_S * rate:
        raise UnusableError(f"The recording is longer than {MAX_S} seconds. Give a shorter one; a sentence is best.")
    if not np.isfinite(samples).all():
        raise UnusableError("The recording is damaged: it has samples that are no numbers. Export it again.")
    if np.abs(samples - samples.mean(axis=0)).max() < _SILENT_PEAK:
        raise UnusableError("The recording is silent. Check the microphone, and record it again.")
