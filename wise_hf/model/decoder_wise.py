"""What aligning and transcribing share: pocketsphinx, this process's decoders, and audio as they take it."""

import importlib
import importlib.util
import os
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from .samples_wise import check_mono


SAMPLING_RATE = 16000
SILENT_PEAK = 1e-4
NEEDED = "Aligning and transcribing need pocketsphinx: pip install 'pocketsphinx>=5.0.4'"

# Kept by process id: a decoder inherited through a fork must not be shared.
_decoders: dict[tuple[int, str], tuple] = {}


def model_file(name: str) -> Path:
    """A file of the English model that pocketsphinx brings along; its code is not imported.

    Args:
        name: below model/en-us, such as "en-us/mdef".

    Raises:
        ImportError: pocketsphinx is not installed.
    """
    package = importlib.util.find_spec("pocketsphinx")
    if package is None:
        raise ImportError(NEEDED)
    return Path(package.submodule_search_locations[0]) / "model/en-us" / name


def import_pocketsphinx() -> ModuleType:
    """The recogniser's module, imported when it is first needed.

    Returns:
        The module pocketsphinx.

    Raises:
        ImportError: it is not installed.
    """
    try:
        return importlib.import_module("pocketsphinx")
    except ImportError as error:
        raise ImportError(NEEDED) from error


def make_decoder(**options: Any) -> Any:
    """A quiet decoder of pocketsphinx, with its options by name."""
    return import_pocketsphinx().Decoder(loglevel="FATAL", **options)


def shared_decoder(purpose: str, make: Callable[[], Any]) -> tuple[threading.RLock, Any]:
    """The process's own decoder for a purpose, with the lock to hold while it is in use.

    Args:
        purpose: a name such as "transcribe".
        make: builds the decoder, called once a process.

    Returns:
        (lock, decoder).
    """
    key = (os.getpid(), purpose)
    if key not in _decoders:
        # Two threads may both build one; the first stored is used by both.
        _decoders.setdefault(key, (threading.RLock(), make()))
    return _decoders[key]


def drop_decoder(purpose: str) -> None:
    """Forgets this process's decoder for a purpose: one that failed stays spoilt, the next call makes a new one.

    Args:
        purpose: the name given to `shared_decoder`.
    """
    _decoders.pop((os.getpid(), purpose), None)


def check_samples(samples: np.ndarray, sampling_rate: int) -> np.ndarray:
    """Audio as the recogniser takes it, without its mean.

    Args:
        samples: (n,) float, mono, in [-1, 1].
        sampling_rate: in Hz, 16000.

    Returns:
        (n,) float64.

    Raises:
        ValueError: another rate or shape, no samples, integers, or samples that are not finite.
    """
    if sampling_rate != SAMPLING_RATE:
        raise ValueError(f"The audio has {sampling_rate} Hz, the recogniser needs {SAMPLING_RATE} Hz; resample it.")
    # Scaled first, so that not even the largest floats overflow.
    samples, peak = check_mono(samples)
    samples = samples.astype(np.float64) / max(1.0, peak)
    return samples - samples.mean()


def is_silent(samples: np.ndarray) -> bool:
    """Whether there is nothing to hear.

    Args:
        samples: (n,) float from `check_samples`.

    Returns:
        True where no sample reaches -80 dB of full scale.
    """
    return bool(np.abs(samples).max() < SILENT_PEAK)


def loud_pcm(samples: np.ndarray) -> np.ndarray:
    """The samples as the recogniser's 16 bit integers, as loud as they go.

    Quiet recordings are brought up; a last bit of fixed noise keeps digital silence from being a spectrum of zeros.

    Args:
        samples: (n,) float from `check_samples`, not silent.

    Returns:
        (n,) little-endian int16.
    """
    loud = samples * (29000 / np.abs(samples).max())
    noise = np.random.default_rng(0).integers(-1, 2, len(samples))
    return np.round(loud + noise).astype("<i2")


def decode(decoder: Any, samples: np.ndarray) -> None:
    """Lets a decoder hear a recording; a new stream forgets the noise of the one before.

    Args:
        decoder: of `shared_decoder`, its lock held.
        samples: (n,) float from `check_samples`, not silent.
    """
    decoder.start_stream()
    decoder.start_utt()
    decoder.process_raw(loud_pcm(samples).tobytes(), full_utt=True)
    decoder.end_utt()
