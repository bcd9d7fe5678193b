"""What readers of audio files have in common: their interface, their limits, and samples as floats."""

import abc
import contextlib
import importlib
from collections.abc import Iterator
from types import ModuleType

import numpy as np


KINDS = "wav, flac, ogg, mp3, m4a, mp4 or webm"
GIVE, FETCH = f"give a {KINDS} file", "if it is damaged or cut short, fetch it anew"
# A header may say anything, and resampling from an absurd rate takes minutes.
RATES_HZ = (1_000, 192_000)
MOST_CHANNELS = 64
BLOCK_SAMPLES = 1 << 18
# What is read at a time where nobody says how much: two hours at 16 kHz, 23 minutes of stereo at 48 kHz. That is 1 GB
# for a moment. The size of the file does not tell: silence takes hardly a byte.
MOST_SAMPLES = 1 << 27
UNKNOWN_FRAMES = 1 << 40  # where a header tells no length, libsndfile makes a larger one


class AudioReader(contextlib.AbstractContextManager):
    """An open audio file, to be read once. It is a context, at whose end what was opened is closed.

    Attributes:
        rate: in Hz.
        channels: how many.
        frames: samples a channel as the header tells, `None` where it does not; there may be fewer.
    """

    name: str
    rate: int
    channels: int
    frames: int | None

    def __exit__(self, *error: object) -> None:
        """Nothing is left open, unless a reader says so."""

    def read(self, start: int = 0, stop: int | None = None) -> np.ndarray:
        """Samples of the file.

        Args:
            start: first sample of a channel, from 0 on.
            stop: the one after the last; `None` = to the end.

        Returns:
            (frames, channels) float32 in [-1, 1], fewer where the data end before.

        Raises:
            ValueError: for data that are damaged; without `stop` for more of them than are kept in memory at a time.
        """
        held, left = [np.zeros((0, self.channels), dtype=np.float32)], MOST_SAMPLES
        for block in self.blocks(start, stop):
            left -= block.size
            if left < 0 and stop is None:
                told = f"{self.name} has more than {MOST_SAMPLES:,} samples"
                raise ValueError(f"{told}; cut it, or use wise-hf predict --output_dir.")
            held.append(block)
        return np.concatenate(held)

    @abc.abstractmethod
    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        """The samples that `read` gives, block by block: for a file that is larger than the memory.

        Args:
            start, stop: see `read`.

        Yields:
            (frames, channels) float32 in [-1, 1], never empty.

        Raises:
            ValueError: for data that are damaged.
        """

    @abc.abstractmethod
    def count_frames(self) -> int:
        """How long the file really is.

        Returns:
            Samples a channel that there are; the header's number where the last of them can be read.

        Raises:
            ValueError: for data that are damaged.
        """

    def _end(self, stop: int | None) -> int:
        return min((each for each in (stop, self.frames) if each is not None), default=UNKNOWN_FRAMES)

    def _check_format(self) -> None:
        if not RATES_HZ[0] <= self.rate <= RATES_HZ[1]:
            raise ValueError(
                f"{self.name} has {self.rate} samples a second; {RATES_HZ[0]} to {RATES_HZ[1]} are taken."
            )
        if not 1 <= self.channels <= MOST_CHANNELS:
            raise ValueError(f"{self.name} has {self.channels} channels; 1 to {MOST_CHANNELS} are taken.")


def require(package: str) -> ModuleType:
    """Import an optional package.

    Args:
        package: its name.

    Returns:
        The module.

    Raises:
        ImportError: with how to install it.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(f"Reading audio needs {package}: pip install soundfile soxr av") from error


def scaled_floats(samples: np.ndarray, name: str) -> np.ndarray:
    """Samples as float32; integers by what their type holds, unsigned ones from the middle of it.

    Args:
        samples: floats, or integers of up to 32 bits.
        name: what to call the audio in an error.

    Raises:
        ValueError: for samples of another type.
    """
    kind = samples.dtype
    if kind.kind == "f":
        return samples.astype(np.float32, copy=False)
    if kind.kind not in "iu" or kind.itemsize > 4:
        raise ValueError(f"{name} has the type {kind}, which tells no full scale; give floats in [-1, 1] or int16.")
    half = 2.0 ** (8 * kind.itemsize - 1)
    return ((samples - half if kind.kind == "u" else samples) / half).astype(np.float32)
