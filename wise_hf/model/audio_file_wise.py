"""Audio files to samples: what is read, and how much of it, is judged by the data.

Sizes in headers are wrong where a file was streamed: a recorder that was cut off, a browser, or ffmpeg and sox into a
pipe write none, or one as large as it goes. So a file is read in blocks until its data end.
"""

import contextlib
import io
import logging
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, BinaryIO

import numpy as np

from .audio_reader_wise import BLOCK_SAMPLES, FETCH, GIVE, KINDS, UNKNOWN_FRAMES, AudioReader, require


logger = logging.getLogger(__name__)

# Beside wav and mp3: W64, flac, ogg, aiff, au, caf and sphere. libsndfile reads a dozen others, whose parsers nobody
# needs here, and some of which take any bytes for audio.
OTHERS = (b"riff", b"fLaC", b"OggS", b"FORM", b".snd", b"caff", b"NIST_1A")

MOST_CHUNKS = 1_000  # of a wav file, before its data
LARGEST_CHUNK = 0xFFFFFFFE
# Writers of wav that do not know the length of their data put this or more, those of RF64 all that 64 bits hold.
NO_LENGTH, NO_LENGTH_64 = 2_000_000_000, 1 << 62
ROUNDING_BYTES = 64  # by which the length of data may be too large without anything missing
MOST_TAGS = 10
MP3_HEAD_BYTES = 1 << 16  # in which the first frame of an mp3 file is looked for
MPEG_LAYER_2 = (b"\xff\xfd", b"\xff\xfc", b"\xff\xf5", b"\xff\xf4")
MPEG_HZ = (44_100, 48_000, 32_000)
MPEG_1_KBPS = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MPEG_2_KBPS = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)


class AudioFile(AudioReader):
    """An open audio file that libsndfile reads, to be read once."""

    def __init__(self, file: BinaryIO, name: str):
        """Read the header of a file.

        Args:
            file: can seek; it stays open.
            name: what to call it in an error.

        Raises:
            ValueError: for what is no audio file, or whose header is damaged or tells an absurd rate.
        """
        soundfile = require("soundfile")
        self.name, self._error = name, soundfile.SoundFileError
        stream = _readable(file, name)
        with self._errors_told():
            self._file = _sequential(soundfile.SoundFile, stream)
        self.rate, self.channels = self._file.samplerate, self._file.channels
        self.frames = self._file.frames if self._file.frames < UNKNOWN_FRAMES else None
        self._check_format()

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        end = self._end(stop)
        at = self._seek(min(start, end))
        while at < end:
            with self._errors_told():
                wanted = min(max(BLOCK_SAMPLES // self.channels, 1), end - at)
                block = self._file.read(wanted, dtype="float32", always_2d=True)
            if not len(block):
                return self._check_whole(at)
            at += len(block)
            if at > start:
                yield block[max(len(block) - (at - start), 0) :]

    def count_frames(self) -> int:
        if self.frames and self._can_seek():
            with self._errors_told():
                self._file.seek(self.frames - 1)
                if len(self._file.read(1)):
                    return self.frames
                self._file.seek(0)
        return sum(len(block) for block in self.blocks())

    def _seek(self, start: int) -> int:
        """Where reading begins: at the start, or at 0 where only reading leads to it."""
        # libsndfile finds no place in a flac file without a length.
        if start and (self.frames is not None or self._file.format == "MP3") and self._can_seek():
            with self._errors_told():
                return self._file.seek(start)
        return 0

    def _can_seek(self) -> bool:
        if self._file.format != "OGG":
            return self._file.can_seek()
        # libsndfile 1.2.2 may seek for ever in damaged Opus, so that is read from its start, 3 ms a second.
        # It crashes in Vorbis of which nothing can be decoded, and seeks right only from the start.
        with self._errors_told():
            return self._file.subtype == "VORBIS" and len(self._file.read(1)) > 0 and self._file.seek(0) == 0

    def _check_whole(self, frames: int) -> None:
        # The length in its header was filled in when the recording was over; other kinds' lengths are estimates.
        if self._file.format == "FLAC" and self.frames is not None:
            raise ValueError(f"{self.name} is cut short: {frames} of {self.frames} samples; give the whole file.")

    @contextlib.contextmanager
    def _errors_told(self) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            told = getattr(error, "error_string", str(error)).removeprefix("Error : ").rstrip(". ")
            raise ValueError(f"{self.name} cannot be read as audio ({told}); {FETCH}, or {GIVE}.") from error


def _sequential(kind: type, stream: BinaryIO) -> Any:
    """A SoundFile that reads on until the data end; by itself it stops to seek, which not every format can."""

    class Sequential(kind):
        can_seek = kind.seekable

        def seekable(self) -> bool:
            return False

    return Sequential(stream)


# --- what libsndfile gets ---


class _Spliced(io.RawIOBase):
    """A head, then a file from some byte on; without the file's name, by which soundfile would judge it."""

    def __init__(self, head: bytes, file: BinaryIO, start: int):
        self._head, self._file, self._start = head, file, start
        self._size = len(head) + _size_of(file) - start
        self._at = 0

    def readinto(self, buffer: Any) -> int:
        wanted = memoryview(buffer).cast("B")
        data = self._head[self._at : self._at + len(wanted)]
        if len(data) < len(wanted):
            self._file.seek(self._start + max(self._at - len(self._head), 0))
            data += self._file.read(len(wanted) - len(data))
        wanted[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = max(offset + (0, self._at, self._size)[whence], 0)
        return self._at


def _readable(file: BinaryIO, name: str) -> BinaryIO:
    """The file from its audio on, telling no length that ends before the data."""
    if _size_of(file) == 0:
        raise ValueError(f"{name} cannot be read as audio: it is empty; {GIVE}.")
    start = after_tags(file)
    file.seek(start)
    head = file.read(MP3_HEAD_BYTES)
    if head.startswith((b"RIFF", b"RIFX", b"RF64")):
        return _wav(file, start, name)
    if head.startswith((*OTHERS, *MPEG_LAYER_2)):
        _tell_cut(name, _size_of(file) - start, *_told_size(head))
        return _Spliced(b"", file, start)
    found = _mp3_start(head)
    if found is None:
        raise ValueError(
            f"{name} cannot be read as audio: it is no {KINDS} file; convert it to one (a headerless, "
            "raw file does not tell its sampling rate: save it as wav)."
        )
    return _Spliced(_length_frame(head[found:]), file, start + found)


def _size_of(file: BinaryIO) -> int:
    return file.seek(0, io.SEEK_END)


def _told_size(head: bytes) -> tuple[int, int]:
    """How many bytes a file tells that it has, and from where on that tells nothing; 0 of kinds that do not tell."""
    if head.startswith(b"riff"):  # W64
        return int.from_bytes(head[16:24], "little"), NO_LENGTH_64
    if head.startswith(b"FORM"):  # AIFF
        return int.from_bytes(head[4:8], "big") + 8, NO_LENGTH
    return 0, NO_LENGTH


def after_tags(file: BinaryIO) -> int:
    """Where the file goes on after ID3 tags, in bytes."""
    at = 0
    for _ in range(MOST_TAGS):
        file.seek(at)
        tag = file.read(10)
        if len(tag) < 10 or tag[:3] != b"ID3":
            break
        at += 10 + sum(byte << shift for byte, shift in zip(tag[6:], (21, 14, 7, 0), strict=True))
        at += 10 if tag[5] & 0x10 else 0  # a footer
    return at


# --- wav ---


def _wav(file: BinaryIO, start: int, told_as: str) -> BinaryIO:
    """The file, its data reaching to the end of it where the size that it tells cannot be right."""
    size = _size_of(file)
    file.seek(start)
    order = "big" if file.read(4) == b"RIFX" else "little"
    length_64 = 0
    for name, at, length in _chunks(file, start + 12, size, order):
        if name == b"ds64":  # sizes of 64 bits; without them it is read as a wav file
            length_64 = int.from_bytes(file.read(16)[8:], "little")
            if not length_64:
                return _Spliced(b"RIFF", file, start + 4)
        if name == b"data":
            _tell_cut(told_as, size - at, length_64 or length, NO_LENGTH_64 if length_64 else NO_LENGTH)
            if length_64 or _is_right(file, at, length, size, order):
                break
            file.seek(start)
            told = min(size - at, LARGEST_CHUNK).to_bytes(4, order)
            return _Spliced(file.read(at - 4 - start) + told, file, at)
    return _Spliced(b"", file, start)


@lru_cache(maxsize=1000)  # a file is opened for its length, its words and its features
def _tell_cut(name: str, there: int, told: int, unknown: int) -> None:
    """Log, once, that a file has fewer bytes of data than it tells; `unknown` or more tell nothing."""
    if there + ROUNDING_BYTES < told < unknown:
        share = 100 * there // told
        logger.warning("%s is cut short: %d %% of it are there, and are read; give the whole file.", name, share)


def _is_right(file: BinaryIO, at: int, length: int, size: int, order: str) -> bool:
    """Whether data of this length may end there: with the file, or before other chunks, or not far before the end."""
    after = size - at - length
    return 0 <= after <= length or (after > 0 and _are_chunks(file, at + length + length % 2, size, order))


def _chunks(file: BinaryIO, at: int, size: int, order: str) -> Iterator[tuple[bytes, int, int]]:
    """Name, place of its content and length of each chunk; the file stands at the content."""
    for _ in range(MOST_CHUNKS):
        if at + 8 > size:
            return
        file.seek(at)
        header = file.read(8)
        length = int.from_bytes(header[4:], order)
        yield header[:4], at + 8, length
        at += 8 + length + length % 2


def _are_chunks(file: BinaryIO, at: int, size: int, order: str) -> bool:
    """Whether there is nothing but chunks from here to the end of the file."""
    for name, place, length in _chunks(file, at, size, order):
        if not name.isascii() or not name.decode().isprintable():
            return False
        at = place + length
    return size - 8 < at <= size


# --- mp3 ---


def _mp3_start(head: bytes) -> int | None:
    """Where the first frame begins: not at once in what was cut out of a stream, or had its tags blanked."""
    if _frame_bytes(head):
        return 0
    for sync in re.finditer(b"\xff", head):
        first = sync.start()
        second = first + _frame_bytes(head[first : first + 4])
        third = second + _frame_bytes(head[second : second + 4])
        if first < second < third and _frame_bytes(head[third : third + 4]):
            return first
    return None


def _frame_bytes(header: bytes) -> int:
    """Length of the frame of MPEG layer 3 that has this header; 0 where it is none."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2 or header[1] & 0x18 == 0x08:
        return 0
    version, kbps, rate = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if kbps in (0, 15) or rate == 3:
        return 0
    padding = header[2] >> 1 & 1
    if version == 3:
        return 144_000 * MPEG_1_KBPS[kbps - 1] // MPEG_HZ[rate] + padding
    return 72_000 * MPEG_2_KBPS[kbps - 1] // (MPEG_HZ[rate] >> (1 if version == 2 else 2)) + padding


def _length_frame(head: bytes) -> bytes:
    """A frame to stand in front of an mp3 stream: it tells a length that has no end.

    Where a stream tells none, libsndfile guesses it from the size of its first frame, and does not read on after it.
    Nothing, for a stream whose first frame tells it.
    """
    tag = max(head.find(b"Xing", 0, 64), head.find(b"Info", 0, 64))
    if tag >= 0 and any(head[tag + 8 : tag + 12]) and head[tag + 7] & 1:
        return b""
    header = bytes((0xFF, head[1] | 1, 9 << 4 | head[2] & 0x0C, head[3]))
    is_mpeg_1, is_mono = head[1] >> 3 & 3 == 3, head[3] >> 6 == 3
    side = (17 if is_mono else 32) if is_mpeg_1 else (9 if is_mono else 17)
    frame = header + bytes(side) + b"Xing" + (1).to_bytes(4, "big") + (0x7FFFFFFF).to_bytes(4, "big")
    return frame.ljust(_frame_bytes(header), b"\0")
