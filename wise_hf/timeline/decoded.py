"""A recording of any length, decoded once into a file of its own, of which any part is then read at once."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wise_hf.model.audio_wise import audio_blocks
from wise_hf.model.channels_wise import mix_channels, take_channel
from wise_hf.model.decoder_wise import SAMPLING_RATE


class TemporaryFileError(OSError):
    """A temporary file cannot be written, which is no fault of the recording."""


class Decoded(contextlib.AbstractContextManager):
    """The channels of a recording at 16 kHz, on disk and not in memory.

    Attributes:
        channels: how many.
        num_samples: of each channel.
    """

    def __init__(self, path: Path | str, channel: int | None = None):
        """Decode a recording, into 230 MB an hour and channel of temporary disk space until it is closed.

        Args:
            path: an audio file.
            channel: the only channel to keep, from 0; `None` = all.

        Raises:
            ValueError: it cannot be read, or has no samples or no such channel.
            TemporaryFileError: there is no room for it.
        """
        self.num_samples, self.channels = 0, 0
        with contextlib.ExitStack() as on_error:
            with _told_of_temporary_files():
                self._file = tempfile.TemporaryFile()  # noqa: SIM115
            on_error.callback(self.__exit__)
            for block in audio_blocks(path, SAMPLING_RATE):
                kept = block if channel is None else take_channel(block, channel, str(path))[:, None]
                self.num_samples, self.channels = self.num_samples + len(kept), kept.shape[1]
                with _told_of_temporary_files():
                    self._file.write(kept.tobytes())
                    self._file.flush()
            on_error.pop_all()

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(OSError):  # a full disk, already reported
            self._file.close()

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return self.num_samples / SAMPLING_RATE

    def parts(self, num_samples: int) -> Iterator[tuple[int, int]]:
        """Split the recording.

        Args:
            num_samples: in a part; the last one may have fewer.

        Returns:
            The first sample of each part, and the one after its last.
        """
        starts = range(0, self.num_samples, num_samples)
        return ((start, min(start + num_samples, self.num_samples)) for start in starts)

    def read_channels(self, start: int, stop: int) -> np.ndarray:
        """Read a part of all channels.

        Args:
            start: its first sample, at 16 kHz.
            stop: the one after its last.

        Returns:
            (stop - start, channels) float32 samples.
        """
        frame_bytes = 4 * self.channels
        self._file.seek(start * frame_bytes)
        data = self._file.read((stop - start) * frame_bytes)
        return np.frombuffer(data, np.float32).reshape(-1, self.channels)

    def read(self, start: int, stop: int, channel: int | None = None) -> np.ndarray:
        """Read a part of one channel, or of all as one.

        Args:
            start: its first sample, at 16 kHz.
            stop: the one after its last.
            channel: from 0; `None` = all channels as one.

        Returns:
            (stop - start,) float32 samples.
        """
        samples = self.read_channels(start, stop)
        return mix_channels(samples, SAMPLING_RATE) if channel is None else take_channel(samples, channel)


@contextlib.contextmanager
def _told_of_temporary_files() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TemporaryFileError(
            f"No temporary file can be written ({error.strerror}); make room, or set TMPDIR to a folder that has some."
        ) from error
