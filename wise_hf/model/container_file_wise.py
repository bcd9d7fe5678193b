"""Sound in the files of phones, meetings and browsers, read through FFmpeg (PyAV): m4a, mp4, webm, mkv, aac, wma, amr.

FFmpeg gets the file's bytes and nothing else, the format that its first bytes tell, and decoders of sound alone: it
neither guesses, nor opens what a file refers to, nor decodes a picture.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np

from .audio_file_wise import after_tags
from .audio_reader_wise import BLOCK_SAMPLES, FETCH, GIVE, AudioReader, require, scaled_floats
from .mp4_boxes_wise import check_mp4


HEAD_BYTES = 1 << 16
MP4_BOXES = (b"ftyp", b"moov", b"mdat", b"moof", b"styp", b"wide", b"free", b"skip", b"pnot")
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
STARTS = {b"\x1aE\xdf\xa3": "matroska", ASF: "asf", b"#!AMR": "amr"}
DECODERS = (
    *("aac", "alac", "opus", "libopus", "vorbis", "libvorbis", "mp3", "mp3float", "mp2", "mp2float", "flac", "ac3"),
    *("eac3", "amrnb", "amrwb", "libopencore_amrnb", "libopencore_amrwb", "wmav1", "wmav2", "wmapro", "wmalossless"),
    *("wmavoice", "pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_f32le"),
    *("pcm_f32be", "pcm_u8", "pcm_s8", "pcm_mulaw", "pcm_alaw", "adpcm_ima_qt", "adpcm_ms", "adpcm_ima_wav"),
)
OPTIONS = {"codec_whitelist": ",".join(DECODERS), "fflags": "+discardcorrupt"}
PLANAR = {"u8p": "u1", "s16p": "i2", "s32p": "i4", "fltp": "f4", "dblp": "f8"}  # a channel after the other
MOST_PLANES = 8  # PyAV may read beyond the memory of more
PROTECTED_TAGS = ("drms", "enca")  # of sound in mp4
PROTECTED_ASF = (
    bytes.fromhex("fbb3112223bdd211b4b700a0c955fc6e"),  # the content encryption object
    bytes.fromhex("14e68a292226174cb935dae07ee9289c"),  # the extended one
)

# Kinds in which a time leads to the very sample; others have times in ms, or a browser's clock.
SEEKABLE = ("mov", "aac", "amr")
PREROLL_S = 1.0  # is decoded before a part, since codecs remember what was before
# Times that differ by less from those of the samples so far are jitter; by more, sound is missing: a call that was
# interrupted, a recorder that paused.
GAP_S = 0.1
MOST_MISSING_S = 24 * 3600  # in all; more is damage


class ContainerFile(AudioReader):
    """An open file that FFmpeg reads; the first of its sound tracks counts.

    A sample's place is its time in the file: where sound is missing, there is silence.
    """

    def __init__(self, file: BinaryIO, name: str, kind: str):
        """Read the header of a file, and decode its first sound.

        Args:
            file: can seek; it stays open.
            name: what to call it in an error.
            kind: as `container_kind` tells it.

        Raises:
            ValueError: for a file without sound, or whose sound is damaged, protected, coded in an unusual way, or has
                an absurd rate.
        """
        self._av = require("av")
        self._file, self.name, self._kind = file, name, kind
        file.seek(0)
        head = file.read(HEAD_BYTES)
        self._refuse_protected(kind == "asf" and any(each in head for each in PROTECTED_ASF))
        is_whole = kind == "mov" and not check_mp4(file, name)
        with self._opened() as (container, stream):
            first = next(self._decoded(container, stream), None)
            codec = stream.codec_context
            self.rate, self.channels = (first or codec).sample_rate, (first or codec).layout.nb_channels
            self._check_format()
            self._tick_s, self._start_s = float(stream.time_base), _start_s(container, first)
            # Other kinds tell an estimate, or the length of the longest track.
            is_told = is_whole and stream.duration
            self.frames = round(stream.duration * self._tick_s * self.rate) if is_told else None
        self._can_seek = kind in SEEKABLE and (kind != "mov" or self.frames is not None)

    def blocks(self, start: int = 0, stop: int | None = None) -> Iterator[np.ndarray]:
        end, held, count = self._end(stop), [], 0
        for at, samples in self._placed(start) if start < end else ():
            held.append(samples[max(start - at, 0) : max(end - at, 0)])
            count += held[-1].size
            if count >= BLOCK_SAMPLES:
                yield np.concatenate(held)
                held, count = [], 0
            if at + len(samples) >= end:
                break
        if count:
            yield np.concatenate(held)

    def count_frames(self) -> int:
        if self.frames and any(True for _ in self.blocks(self.frames - 1)):
            return self.frames
        return sum(len(samples) for _, samples in self._placed(0))

    def _placed(self, start: int) -> Iterator[tuple[int, np.ndarray]]:
        """Samples and their places, one behind the other, from `start` at the latest to the end of the data."""
        with self._opened() as (container, stream):
            at, missing = None if self._seek(container, stream, start) else 0, 0
            for frame in self._decoded(container, stream):
                place = at if frame.time is None else round((frame.time - self._start_s) * self.rate)
                at = place if at is None else at
                for size in self._gap(place - at, missing):
                    yield at, np.broadcast_to(np.float32(0), (size, self.channels))
                    at, missing = at + size, missing + size
                samples = self._samples(frame)
                yield at, samples
                at += len(samples)
        self._check_whole(at or 0)

    def _seek(self, container: Any, stream: Any, start: int) -> bool:
        """Whether reading begins with a packet before `start`, and not with the first one."""
        from_s = self._start_s + start / self.rate - PREROLL_S
        if not self._can_seek or from_s <= self._start_s:
            return False
        container.seek(int(from_s / self._tick_s), stream=stream)
        return True

    def _gap(self, frames: int, before: int) -> Iterator[int]:
        """The sizes of the blocks of silence that stand for missing sound, where `before` was missing already."""
        if frames <= GAP_S * self.rate:
            return
        if before + frames > MOST_MISSING_S * self.rate:
            told = f"{(before + frames) / self.rate:.0f} s"
            raise ValueError(f"{self.name} is damaged: its times leave out {told}; {GIVE}.")
        whole, rest = divmod(frames, BLOCK_SAMPLES // self.channels)
        yield from [BLOCK_SAMPLES // self.channels] * whole + [rest] * bool(rest)

    def _samples(self, frame: Any) -> np.ndarray:
        if (frame.sample_rate, frame.layout.nb_channels) != (self.rate, self.channels):
            raise ValueError(f"{self.name} changes its rate or its channels on the way; convert it to a wav file.")
        if not frame.format.is_planar:
            return scaled_floats(frame.to_ndarray().reshape(-1, self.channels), self.name)
        # PyAV's own to_ndarray takes what lies in memory behind the eighth channel for another one.
        planes, kind = frame.planes[: self.channels], PLANAR[frame.format.name]
        samples = np.stack([np.frombuffer(plane, kind)[: frame.samples] for plane in planes], axis=1)
        return scaled_floats(samples, self.name)

    def _check_whole(self, frames: int) -> None:
        if self.frames is not None and frames < self.frames - GAP_S * self.rate:
            raise ValueError(f"{self.name} is cut short: {frames} of {self.frames} samples; give the whole file.")

    # --- FFmpeg ---

    @contextlib.contextmanager
    def _opened(self) -> Iterator[tuple[Any, Any]]:
        """The container and its first track of sound."""
        self._file.seek(0)
        options = {"format": self._kind, "options": OPTIONS, "metadata_errors": "replace", "io_open": _open_nothing}
        with self._errors_told(), self._av.open(self._file, **options) as container:
            if not container.streams.audio:
                raise ValueError(f"{self.name} has no sound; {GIVE} with a track of sound.")
            stream = container.streams.audio[0]
            self._check_decodable(stream)
            yield container, stream

    def _check_decodable(self, stream: Any) -> None:
        codec = stream.codec_context
        if codec is None or codec.name not in DECODERS:
            told = "an unknown way" if codec is None else codec.name
            raise ValueError(f"{self.name} has sound coded in {told}, which is not read; {GIVE}.")
        if codec.format is not None and codec.format.is_planar and codec.layout.nb_channels > MOST_PLANES:
            raise ValueError(f"{self.name} has {codec.layout.nb_channels} channels, which is too many; {GIVE}.")
        self._refuse_protected(codec.codec_tag in PROTECTED_TAGS)

    def _refuse_protected(self, is_protected: bool) -> None:
        if is_protected:
            raise ValueError(f"{self.name} is protected (DRM) and cannot be read; give an unprotected recording.")

    def _decoded(self, container: Any, stream: Any) -> Iterator[Any]:
        """The frames of a track. Its last packet may be broken off: a recorder stopped there."""
        broken = None
        for packet in container.demux(stream):
            if broken is not None and packet.size:
                raise broken
            try:
                frames = packet.decode()
            except self._av.FFmpegError as error:
                broken, frames = error, []
            yield from frames

    @contextlib.contextmanager
    def _errors_told(self) -> Iterator[None]:
        try:
            yield
        except (self._av.FFmpegError, UnicodeDecodeError) as error:
            told = getattr(error, "strerror", "its names are no text")
            raise ValueError(f"{self.name} cannot be read as audio ({told}); {FETCH}, or {GIVE}.") from error


def container_kind(file: BinaryIO) -> str | None:
    """The kind of a file that is for FFmpeg, by its first bytes.

    Args:
        file: can seek.

    Returns:
        FFmpeg's name of the format; `None` for a file of another kind.
    """
    file.seek(after_tags(file))
    head = file.read(HEAD_BYTES)
    if head[4:8] in MP4_BOXES:
        return "mov"
    if _is_adts(head):
        return "aac"
    return next((kind for start, kind in STARTS.items() if head.startswith(start)), None)


def _open_nothing(url: str, flags: int, options: dict) -> BinaryIO:
    raise ValueError("The file refers to another one, which is not opened; give a file that holds its sound itself.")


def _start_s(container: Any, first: Any) -> float:
    """Time of the file's first sample: that of the sound, unless another track begins clearly before it."""
    if first is None or first.time is None:
        return 0.0
    start_s = first.time if container.start_time is None else container.start_time / 1e6
    return start_s if first.time - start_s > GAP_S else first.time


def _is_adts(head: bytes) -> bool:
    first = _adts_bytes(head)
    return first > 0 and (len(head) == first or _adts_bytes(head[first:]) > 0)


def _adts_bytes(header: bytes) -> int:
    """Length of the frame of AAC that has this header; 0 where it is none."""
    if len(header) < 7 or header[0] != 0xFF or header[1] & 0xF6 != 0xF0 or header[2] >> 2 & 15 > 12:
        return 0
    return (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
