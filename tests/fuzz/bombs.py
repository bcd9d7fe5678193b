"""Files of kilobytes that unpack to many times their size, or claim to."""

import gzip
import io
import json
from collections.abc import Callable
from fractions import Fraction
from unittest import mock

import av
import numpy as np
import soundfile

from fuzz.audio_targets import answer, read_all_ways, sndfile
from fuzz.running import Target
from fuzz.text_targets import in_file, read_options, zipped
from wise_hf.data.embeddings import read_word_vectors
from wise_hf.model import audio_reader_wise


SIZE = 1 << 27
DTX = b"\xfb\x06"  # six frames of Opus of 20 ms, each of them empty


def read_in_little_memory(data: bytes) -> None:
    """With room for 64 MB of samples, where a machine has gigabytes."""
    with mock.patch.object(audio_reader_wise, "MOST_SAMPLES", 1 << 24):
        read_all_ways(data)


def flac_of_silence() -> bytes:
    """A frame of silence of eight channels, again and again: 130 MB of samples."""
    lengths = []
    for frames in (1, 2):
        file = io.BytesIO()
        soundfile.write(file, np.zeros((frames * 4096, 8), np.int16), 48_000, format="FLAC")
        lengths.append(file.getvalue())
    frame = lengths[1][len(lengths[0]) :]
    header = bytearray(lengths[0])
    header[21:26] = bytes((header[21] & 0xF0, 0, 0, 0, 0))  # of unknown length
    return bytes(header) + frame * 1_000


def opus_of_silence() -> bytes:
    """Packets that stand for 120 ms of stereo in two bytes."""
    return _webm([DTX] * 3_000, step_ms=120)


def webm_of_gaps() -> bytes:
    """Packets with almost an hour between them, which is filled with silence."""
    return _webm([DTX] * 500, step_ms=3_500_000)


def _webm(packets: list[bytes], step_ms: int) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as container:
        stream = container.add_stream("libopus", rate=48_000, layout="stereo")
        for number, content in enumerate(packets):
            packet = av.Packet(content)
            packet.stream, packet.time_base = stream, Fraction(1, 1000)
            packet.pts = packet.dts = number * step_ms
            container.mux(packet)
    return file.getvalue()


def mp3_that_claims() -> bytes:
    """A header that tells of 2**31 frames."""
    mp3 = bytearray(sndfile("MP3", "MPEG_LAYER_III", "FILE"))
    at = mp3.find(b"Info") if b"Info" in mp3 else mp3.find(b"Xing")
    mp3[at + 8 : at + 12] = (2**31 - 1).to_bytes(4, "big")
    return bytes(mp3)


def aliases() -> bytes:
    """Ten values, each of them nine of the one before."""
    lines = ["a0: &a0 [angry]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    return "\n".join([*lines, "emotions: *a9", "data_dir: x", "output_dir: y"]).encode()


def _vectors(name: str) -> Callable[[bytes], object]:
    return in_file(name, read_word_vectors)


# What each is, and what reads it.
BOMBS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], object]]] = {
    "flac.silence": (flac_of_silence, read_in_little_memory),
    "opus.silence": (opus_of_silence, read_in_little_memory),
    "webm.gaps": (webm_of_gaps, read_in_little_memory),
    "mp3.claims": (mp3_that_claims, read_in_little_memory),
    "gz.line": (lambda: gzip.compress(b"a" * SIZE), _vectors("a.txt.gz")),
    "gz.lines": (lambda: gzip.compress(b"the 1 2 3 4\n" * (SIZE // 96)), _vectors("b.txt.gz")),
    "zip.line": (lambda: zipped(b"1 " * (SIZE // 2)), _vectors("c.zip")),
    "yaml.aliases": (aliases, read_options),
    "json.deep": (lambda: b'{"inputs":' * 9_999, answer),
    "json.lists": (lambda: b"[[]" + b",[]" * 5_000_000 + b"]", answer),
    "json.number": (lambda: json.dumps({"inputs": "", "parameters": {"top_k": 10**4_000}}).encode(), answer),
}


def bomb_targets() -> list[Target]:
    """A target for each bomb, whose one case it is."""
    return [Target(name, lambda number, make=make: make(), read) for name, (make, read) in BOMBS.items()]
