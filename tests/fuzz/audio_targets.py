"""Readers of audio: every container that is read, with a tenth of a second in it."""

import base64
import io
import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from random import Random
from unittest import mock

import handler
import numpy as np
import soundfile
from containers import FRAGMENTS, LIVE, contained
from endpoint_server import serve

from fuzz.mutations import change_bytes, change_json
from fuzz.running import Target, is_sentence
from fuzz.text_targets import folder, target
from wise_hf.model.audio_wise import audio_duration_s, load_audio, read_audio


RATE_HZ = 16_000
SOUND = np.sin(np.arange(RATE_HZ // 10) / 5).astype(np.float32) / 2
# libsndfile's format, its subtype, and the order of bytes.
SNDFILE = {
    "wav": (("WAV", "PCM_16", "FILE"), ("WAV", "ULAW", "FILE"), ("WAV", "FLOAT", "BIG")),
    "wav.extensible": (("WAVEX", "PCM_24", "FILE"), ("WAV", "MS_ADPCM", "FILE")),
    "rf64": (("RF64", "PCM_16", "FILE"),),
    "w64": (("W64", "PCM_16", "FILE"),),
    "flac": (("FLAC", "PCM_16", "FILE"),),
    "ogg.vorbis": (("OGG", "VORBIS", "FILE"),),
    "ogg.opus": (("OGG", "OPUS", "FILE"),),
    "mp3": (("MP3", "MPEG_LAYER_III", "FILE"),),
    "aiff": (("AIFF", "PCM_16", "FILE"),),
    "au": (("AU", "PCM_16", "FILE"),),
    "caf": (("CAF", "PCM_16", "FILE"),),
    "sphere": (("NIST", "PCM_16", "FILE"),),
}
# FFmpeg's format, its codec, and its options.
FFMPEG = {
    "m4a": (("ipod", "aac", {}), ("mp4", "aac", FRAGMENTS), ("mov", "pcm_s16le", {})),
    "webm": (("webm", "libopus", LIVE), ("webm", "libopus", {})),
    "mkv": (("matroska", "flac", {}), ("matroska", "aac", {})),
    "aac": (("adts", "aac", {}),),
    "wma": (("asf", "wmav2", {}),),
}
AMR = b"#!AMR\n" + b"".join(b"\x3c" + Random(0).randbytes(31) for _ in range(5))


def read_all_ways(data: bytes) -> None:
    """As the endpoint, the preparation and the pipeline read a file; raises what the last of them raises.

    Of those before, what is no sentence.
    """
    refused = None
    part = partial(read_audio, start_s=0.03, end_s=0.06)
    for read in (handler.read_samples, audio_duration_s, part, load_audio):
        try:
            read(data)
        except ValueError as error:
            if not is_sentence(error):
                raise
            refused = error
    if refused is not None:
        raise refused


def sndfile(format: str, subtype: str, endian: str) -> bytes:
    file = io.BytesIO()
    rate_hz = 24_000 if subtype == "OPUS" else RATE_HZ
    soundfile.write(file, SOUND, rate_hz, format=format, subtype=subtype, endian=endian)
    return file.getvalue()


def audio_targets() -> list[Target]:
    made = {name: [sndfile(*each) for each in its] for name, its in SNDFILE.items()}
    for name, its in FFMPEG.items():
        rate_hz = 48_000 if name in ("webm", "mkv") else RATE_HZ
        made[name] = [contained(SOUND, format, codec, rate_hz, options) for format, codec, options in its]
    made["amr"] = [AMR]
    return [
        target(name, read_all_ways, change_ogg if name.startswith("ogg") else change_bytes, *seeds)
        for name, seeds in made.items()
    ]


# --- Ogg, whose pages have checksums ---


def change_ogg(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """Changed bytes, most of them with checksums that fit."""
    data = bytearray(change_bytes(rng, seeds))
    at = 0
    while rng.random() < 0.9 and data[at : at + 4] == b"OggS" and len(data) > at + 27:
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        end = at + 27 + len(lacing) + sum(lacing)
        data[at + 22 : at + 26] = bytes(4)
        data[at + 22 : at + 26] = _ogg_sum(data[at:end]).to_bytes(4, "little")
        at = end
    return bytes(data)


@cache
def _ogg_table() -> list[int]:
    table = list(range(0, 256 << 24, 1 << 24))
    for _ in range(8):
        table = [(each << 1 ^ (0x04C11DB7 if each >> 31 else 0)) & 0xFFFFFFFF for each in table]
    return table


def _ogg_sum(page: bytes) -> int:
    table, total = _ogg_table(), 0
    for byte in page:
        total = total << 8 & 0xFFFFFFFF ^ table[total >> 24 ^ byte]
    return total


# --- requests ---


@cache
def _endpoint() -> Callable[[dict], object]:
    """An endpoint without a model."""
    model = folder() / "endpoint"
    model.mkdir()
    (model / "config.json").write_text("{}")
    with mock.patch.object(handler, "load_classifier", lambda path: lambda recording, **options: []):
        return handler.EndpointHandler(str(model))


def answer(body: bytes) -> None:
    """What an endpoint does with a request of JSON, but for the model."""
    _endpoint()(serve._from_json(body))


def request_target() -> Target:
    """What is sent to an endpoint as JSON."""
    audio = base64.b64encode(sndfile(*SNDFILE["wav"][0])).decode()
    recording = {"audio": audio, "text": "Kids are talking by the door."}
    requests = [
        {"inputs": f"data:audio/wav;base64,{audio}", "parameters": {"top_k": 2, "return_words": True}},
        {"inputs": recording, "parameters": {"function_to_apply": "softmax"}},
        recording,
    ]
    return target("request.json", answer, change_json, *map(json.dumps, requests))
