"""curl, InferenceClient, handler and Space tell what is wrong with a recording or a text in the same sentence."""

import base64
import html
import importlib
import io
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from containers import contained, video
from endpoint_server import serve, served
from handler import EndpointHandler
from huggingface_hub import InferenceClient, constants
from huggingface_hub.errors import BadRequestError


pytest.importorskip("gradio", reason="needs gradio: pip install -e .[space]")
SPACE = Path(__file__).resolve().parents[2] / "hub_card" / "space"
RATE = 16_000
TONE = np.sin(np.arange(RATE) / 9).astype(np.float32) / 2


def wav(samples: np.ndarray, rate: int = RATE, kind: str = "WAV", subtype: str | None = None) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind, subtype=subtype)
    return file.getvalue()


# Of a recording: its bytes, and a part of the sentence.
RECORDINGS = {
    "no audio": (lambda: b"no audio at all", "it is no wav, flac, ogg"),
    "nothing": (lambda: b"", "it is empty"),
    "a name alone": (lambda: b"RIFF", "cannot be read"),
    "a damaged header": (lambda: b"fLaC" + bytes(200), "cannot be read"),
    "a cut header": (lambda: wav(TONE)[:40], "cannot be read"),
    "a cut flac file": (lambda: wav(TONE, kind="FLAC")[:3000], "cut short|cannot be read"),
    "a video without sound": (lambda: video("mp4"), "has no sound"),
    "a protected recording": (
        lambda: contained(np.zeros(RATE), "ipod", "aac", RATE).replace(b"mp4a", b"drms"),
        "protected",
    ),
    "a playlist": (lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "it is no wav"),
    "NaN": (lambda: wav(TONE * np.nan, subtype="FLOAT"), "NaN or infinite"),
    "values beyond all loudness": (lambda: wav(TONE * 1e30, subtype="FLOAT"), "samples up to"),
    "a rate that no recorder has": (lambda: wav(TONE, 2_000_000_000), "samples a second"),
    "no samples": (lambda: wav(TONE[:0]), "empty"),
    "silence": (lambda: wav(0 * TONE), "No word was heard"),
    "a tone": (lambda: wav(TONE), "sounds like noise or music"),
    "ten minutes": (lambda: wav(np.zeros(600 * RATE, np.int16), kind="FLAC"), "600.0 s long"),
    "many channels": (lambda: wav(np.zeros((31 * 48_000, 8), np.int16), 48_000, "FLAC"), "8 channels at 48000 Hz"),
    "25 MB": (lambda: bytes(25_000_001), "larger than 25 MB"),
}
TEXTS = {
    "a long text": ("a" * 2001, "2001 characters; at most 2000"),
    "many words": ("a " * 251, "251 words"),
    "another script": ("\u043f\u0440\u0438\u0432\u0435\u0442", "no word in Latin letters"),
}
FIELDS = {
    "a name": ("txt", "A recording does not have 'txt'; it has audio"),
    "a long name": ("x" * 99, "does not have 'x{40}';"),
    "what is no name": ("is it said?", "does not have other fields;"),
}


@pytest.fixture(scope="module")
def handler(saved_model: Path) -> EndpointHandler:
    return EndpointHandler(str(saved_model))


@pytest.fixture(scope="module")
def url(handler: EndpointHandler) -> Iterator[str]:
    with served(partial(serve.answer, handler)) as url:
        yield url


@pytest.fixture(scope="module")
def listen(handler: EndpointHandler) -> Iterator[Callable[[Path, str], str]]:
    """What the Space says to a file and a text."""
    sys.path.insert(0, str(SPACE))
    app = importlib.import_module("app")

    def say(path: Path, text: str) -> str:
        heard, _ = app.listen(handler.classify, str(path), text)
        return html.unescape(re.sub("<[^>]*>", "", heard))

    yield say
    sys.path.remove(str(SPACE))


def say_by_curl(url: str, body: Path, kind: str) -> str:
    if shutil.which("curl") is None:
        pytest.skip("needs curl")
    command = ["curl", "--silent", "--header", f"Content-Type: {kind}", "--data-binary", f"@{body}", url]
    return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["error"]


def say_by_client(url: str, path: Path) -> str:
    with pytest.raises(BadRequestError) as caught:
        InferenceClient(model=url).audio_classification(str(path))
    return caught.value.server_message


def say_by_handler(handler: EndpointHandler, recording: dict) -> str:
    with pytest.raises(ValueError) as caught:
        handler({"inputs": recording})
    return " ".join(str(caught.value).split())


@pytest.mark.parametrize("name", RECORDINGS)
def test_of_a_recording(name, handler, url, listen, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    make, part = RECORDINGS[name]
    path = tmp_path / "x.wav"
    path.write_bytes(make())
    told = say_by_handler(handler, {"audio": path.read_bytes()})
    assert re.search(part, told)
    assert [say_by_curl(url, path, "audio/wav"), say_by_client(url, path), listen(path, "")] == [told] * 3


@pytest.mark.parametrize("name", TEXTS)
def test_of_a_text(name, handler, url, listen, tmp_path):
    text, part = TEXTS[name]
    (tmp_path / "x.wav").write_bytes(wav(TONE))
    recording = {"audio": base64.b64encode(wav(TONE)).decode(), "text": text}
    (tmp_path / "x.json").write_text(json.dumps({"inputs": recording}))
    told = say_by_handler(handler, recording)
    assert part in told
    assert say_by_curl(url, tmp_path / "x.json", "application/json") == told
    assert listen(tmp_path / "x.wav", text) == told


@pytest.mark.parametrize("name", FIELDS)
def test_of_a_field(name, handler, url, tmp_path):
    field, part = FIELDS[name]
    recording = {"audio": base64.b64encode(wav(TONE)).decode(), field: 1}
    (tmp_path / "x.json").write_text(json.dumps({"inputs": recording}))
    told = say_by_handler(handler, recording)
    assert re.search(part, told) and say_by_curl(url, tmp_path / "x.json", "application/json") == told
    with pytest.raises(ValueError) as caught:  # the pipeline takes other fields
        handler.classify({"audio": TONE, field: 1})
    assert str(caught.value).partition(";")[0] == told.partition(";")[0]
