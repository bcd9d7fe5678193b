"""hub_card/handler.py behind hub_card/serve.py: over HTTP, as Inference Endpoints and InferenceClient talk to it."""

import base64
import io
import json
import logging
import os
import pickle
import re
import shutil
import subprocess
import sys
import unicodedata
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import handler as handler_module
import numpy as np
import pytest
import soundfile
from containers import FRAGMENTS, LIVE, contained, video
from endpoint_server import serve, served
from handler import BadRequest, EndpointHandler
from huggingface_hub import InferenceClient, constants
from huggingface_hub.errors import BadRequestError
from script import run

from wise_hf.model.container_file_wise import ContainerFile
from wise_hf.model.loading import load_pipeline
from wise_hf.model.spoken_text_wise import split_words


HUB_CARD = Path(__file__).resolve().parents[2] / "hub_card"
TEXT = "I saw the teacher with the letter today"
RATE = 16_000
WAV, JSON = "audio/wav", "application/json"


def in_base64(audio: bytes) -> str:
    return base64.b64encode(audio).decode()


def encoded(samples: np.ndarray, rate: int = RATE, **options: str) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, samples, rate, **({"format": "WAV", "subtype": "PCM_16"} | options))
    return file.getvalue()


@pytest.fixture(autouse=True)
def reachable(monkeypatch):
    """InferenceClient does not talk to this machine either while HF_HUB_OFFLINE is set."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


@pytest.fixture(scope="module")
def endpoint(saved_model) -> EndpointHandler:
    return EndpointHandler(str(saved_model))


@pytest.fixture(scope="module")
def url(endpoint):
    with served(partial(serve.answer, endpoint)) as url:
        yield url


@pytest.fixture(scope="module")
def path(spoken_corpus) -> Path:
    return sorted((spoken_corpus / "audio").glob("*/*.wav"))[0]


@pytest.fixture(scope="module")
def audio(path) -> bytes:
    return path.read_bytes()


@pytest.fixture(scope="module")
def expected(saved_model, path) -> dict:
    """What the pipeline itself says, with and without the text."""
    classify = load_pipeline(saved_model)
    return {text: classify({"audio": str(path), "text": text}, return_words=True) for text in (TEXT, None)}


def post(url: str, body: object, kind: str = JSON, **headers: str) -> tuple[int, list | dict]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": kind} | headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def assert_same(answer: list, expected: list) -> None:
    assert [entry["label"] for entry in answer] == [entry["label"] for entry in expected]
    np.testing.assert_allclose([e["score"] for e in answer], [e["score"] for e in expected], atol=1e-6)


# --- what is taken ---

FORMS_WITH_TEXT = {
    "inputs": lambda audio: {"inputs": {"audio": in_base64(audio), "text": TEXT}},
    "parameters inside": lambda audio: {"inputs": {"audio": in_base64(audio), "text": TEXT, "parameters": {}}},
    "no inputs": lambda audio: {"audio": in_base64(audio), "text": TEXT, "parameters": None},
    "data URL": lambda audio: {"inputs": {"audio": f"data:audio/wav;base64,{in_base64(audio)}", "text": TEXT}},
    "lines": lambda audio: {"inputs": {"audio": base64.encodebytes(audio).decode(), "text": TEXT}},
    "nothing said of parameters": lambda audio: {
        "inputs": {"audio": in_base64(audio), "text": TEXT},
        "parameters": {"top_k": None, "function_to_apply": "softmax"},
    },
}


@pytest.mark.parametrize("form", FORMS_WITH_TEXT)
def test_a_recording_with_its_text_scores_as_in_the_pipeline(url, audio, expected, form):
    status, answer = post(url, FORMS_WITH_TEXT[form](audio))
    assert status == 200, answer
    assert_same(answer, expected[TEXT]["scores"])


def test_inference_client_sends_bytes_a_path_or_base64_with_parameters(url, audio, path, expected):
    client = InferenceClient(model=url)
    forms = [client.audio_classification(form) for form in (audio, path, str(path))]
    forms.append(client.audio_classification(audio, top_k=2, function_to_apply="softmax"))
    for answer, count in zip(forms, (4, 4, 4, 2), strict=True):
        assert_same([{"label": e.label, "score": e.score} for e in answer], expected[None]["scores"][:count])
    with pytest.raises(BadRequestError, match="no wav, flac, ogg, mp3, m4a, mp4 or webm file"):
        client.audio_classification(b"no audio")
    with pytest.raises(BadRequestError, match="softmax"):
        client.audio_classification(audio, function_to_apply="sigmoid")


def test_bytes_take_parameters_from_the_query(url, audio, expected):
    status, answer = post(f"{url}/predict?return_words=true&top_k=3", audio, WAV)
    assert status == 200 and answer["text"] == expected[None]["text"]
    assert_same(answer["scores"], expected[None]["scores"][:3])


def test_words_come_with_times_and_attention(url, audio, expected):
    request = {"inputs": {"audio": in_base64(audio), "text": TEXT}, "parameters": {"return_words": True}}
    status, answer = post(url, request)
    assert status == 200 and set(answer) >= {"scores", "text", "alignment", "words", "truncated", "until_s"}
    assert [word["word"] for word in answer["words"]] == TEXT.split()
    for word, same in zip(answer["words"], expected[TEXT]["words"], strict=True):
        assert word["start_s"] == same["start_s"] and word["attention"] == pytest.approx(same["attention"], abs=1e-6)


def without_a_size(wav: bytes) -> bytes:
    """As a recorder leaves a wav file that was cut off, or that went into a pipe."""
    return wav[:4] + b"\xff\xff\xff\xff" + wav[8:40] + bytes(4) + wav[44:]


KINDS = {
    "FLAC": lambda samples: encoded(samples, format="FLAC"),
    "FLAC of a pipe": lambda samples: flac_that_claims(0, samples),
    "OGG": lambda samples: encoded(samples, format="OGG", subtype="VORBIS"),
    "MP3": lambda samples: encoded(samples, format="MP3", subtype="MPEG_LAYER_III"),
    "MP3 of 8 kHz": lambda samples: encoded(samples[::2], 8_000, format="MP3", subtype="MPEG_LAYER_III"),
    "WAV of GSM 6.10": lambda samples: encoded(samples[::2], 8_000, subtype="GSM610"),
    "WAV of a pipe": lambda samples: without_a_size(encoded(samples)),
    "WAV cut off": lambda samples: encoded(samples)[: len(samples)],
    "AIFF": lambda samples: encoded(samples, format="AIFF"),
    "webm of a browser": lambda samples: contained(samples, "webm", "libopus", RATE, LIVE),
    "mp4 of a browser": lambda samples: contained(samples, "mp4", "aac", RATE, FRAGMENTS),
    "m4a of a phone": lambda samples: contained(samples, "ipod", "aac", RATE),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_is_read(endpoint, path, kind):
    samples, rate = soundfile.read(path, dtype="float32")
    assert rate == RATE
    assert len(endpoint({"inputs": {"audio": KINDS[kind](samples), "text": TEXT}})) == 4


def test_many_at_once_get_the_answers_of_one_at_a_time(url, spoken_corpus):
    paths = sorted((spoken_corpus / "audio").glob("*/*.wav"))[:5]
    requests = [
        {"inputs": {"audio": in_base64(path.read_bytes()), "text": text}, "parameters": {"return_words": True}}
        for path, text in zip(paths, [TEXT, "hello", "kids are here", TEXT, "so"], strict=True)
    ]
    alone = [post(url, request) for request in requests]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda number: post(url, requests[number % 5]), range(20)))
    assert all(status == 200 for status, _ in alone)
    assert together == alone * 4


# --- what is refused ---


def as_zip(name: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, "x")
    return file.getvalue()


def recording(**given: object) -> Callable[[bytes], dict]:
    return lambda audio: {"inputs": {"audio": in_base64(audio)} | given}


def parameters(**given: object) -> Callable[[bytes], dict]:
    return lambda audio: {"inputs": in_base64(audio), "parameters": given}


def string(text: str) -> Callable[[bytes], dict]:
    return lambda audio: {"inputs": text}


BROKEN = {
    "no audio": (lambda audio: b"no audio at all", WAV, "no wav, flac, ogg, mp3, m4a, mp4 or webm file"),
    "only a name": (lambda audio: b"RIFF", WAV, "cannot be read|cut short"),
    "a damaged header": (lambda audio: b"fLaC" + bytes(200), WAV, "cannot be read"),
    "empty": (lambda audio: b"", WAV, "empty"),
    "a wav file cut off in its header": (lambda audio: audio[:40], WAV, "cannot be read"),
    "a flac file cut short": (
        lambda audio: encoded(np.random.default_rng(0).normal(0, 0.1, RATE), format="FLAC")[:9000],
        "audio/flac",
        "cut short|cannot be read",
    ),
    "a video without sound": (lambda audio: video("mp4"), "video/mp4", "has no sound"),
    "a protected recording": (
        lambda audio: contained(np.zeros(RATE), "ipod", "aac", RATE).replace(b"mp4a", b"drms"),
        "audio/mp4",
        "protected",
    ),
    "a playlist": (lambda audio: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", WAV, "no wav"),
    "a zip file": (lambda audio: as_zip("../../etc/passwd"), "application/octet-stream", "no wav"),
    "a zip file in base64": (lambda audio: {"inputs": in_base64(as_zip("a.wav"))}, JSON, "no wav"),
    "NaN": (lambda audio: encoded(np.full(RATE, np.nan), subtype="FLOAT"), WAV, "NaN"),
    "a rate that no recorder has": (lambda audio: encoded(np.zeros(RATE), 2_000_000_000), WAV, "samples a second"),
    "no samples": (lambda audio: encoded(np.zeros(0)), WAV, "empty"),
    "silence": (lambda audio: encoded(np.zeros(RATE)), WAV, "No word was heard"),
    "a tone": (lambda audio: encoded(0.5 * np.sin(np.arange(RATE) / 9)), WAV, "sounds like noise or music"),
    "a path": (string("../../etc/passwd"), JSON, "Paths and URLs are not opened"),
    "an absolute path": (string("/etc/passwd"), JSON, "Paths and URLs are not opened"),
    "a path that is base64": (string("/etc/passwds"), JSON, "no wav, flac, ogg, mp3"),
    "a file URL": (string("file:///etc/passwd"), JSON, "Paths and URLs are not opened"),
    "a URL": (string("http://127.0.0.1/a.wav"), JSON, "Paths and URLs are not opened"),
    "a member of a zip file": (string("zip://a.wav::http://127.0.0.1/a.zip"), JSON, "Paths and URLs"),
    "a path in the recording": (recording(audio="/dev/zero"), JSON, "Paths and URLs are not opened"),
    "another data URL": (string("data:text/plain,RIFF"), JSON, "data: URL of another encoding"),
    "an empty string": (string(""), JSON, "empty"),
    "not ASCII": (string("\u00e9\u00e9\u00e9\u00e9"), JSON, "no base64"),
    "a number": (lambda audio: {"inputs": 5}, JSON, "audio is a number"),
    "null": (lambda audio: {"inputs": None}, JSON, "no audio"),
    "a list": (lambda audio: {"inputs": [in_base64(audio)]}, JSON, "one recording in a request"),
    "an object for audio": (recording(audio={"path": "a.wav"}), JSON, "audio is an object"),
    "another key": (recording(path="a.wav"), JSON, "does not have 'path'"),
    "another key beside inputs": (lambda audio: {"inputs": "", "url": "x"}, JSON, "does not have 'url'"),
    "inputs and audio": (lambda audio: {"inputs": "", "audio": ""}, JSON, "not both"),
    "parameters twice": (lambda audio: recording(parameters={})(audio) | {"parameters": {}}, JSON, "two places"),
    "nothing": (lambda audio: {}, JSON, "no audio"),
    "a list of everything": (lambda audio: [], JSON, "request is a list"),
    "no JSON": (lambda audio: b"{", JSON, "no JSON"),
    "JSON without end": (lambda audio: b"[" * 100_000, JSON, "too many objects"),
    "another content type": (lambda audio: audio, "text/html", "content type is text/html"),
    "text of numbers": (recording(text=5), JSON, "text is a number"),
    "an empty text": (recording(text=""), JSON, "no word in Latin letters"),
    "a text of another script": (recording(text="\u043f\u0440\u0438\u0432\u0435\u0442"), JSON, "no word in Latin"),
    "a long text": (recording(text="a" * 2001), JSON, "2001 characters; at most 2000"),
    "a text of many words": (recording(text="a " * 251), JSON, "251 words"),
    "a text of many signs": (recording(text="@" * 251), JSON, "251 words"),
    "a text that grows": (recording(text="\ufdfa" * 200), JSON, "3600 characters"),
    "top_k of none": (parameters(top_k=0), JSON, "top_k is 0"),
    "top_k of a word": (parameters(top_k="all"), JSON, "top_k is a string"),
    "top_k of true": (parameters(top_k=True), JSON, "top_k is "),
    "top_k of a part": (parameters(top_k=1.5), JSON, "top_k is 1.5"),
    "return_words of a word": (parameters(return_words="yes"), JSON, "return_words is a string"),
    "another function": (parameters(function_to_apply="none"), JSON, "softmax"),
    "another parameter": (parameters(temperature=1), JSON, "does not have 'temperature'"),
    "parameters in a list": (lambda audio: {"inputs": "", "parameters": []}, JSON, "is a list"),
}


def test_a_text_within_the_limits_comes_back_as_it_was_sent():
    assert handler_module.read_text("2½ m² at 7:05") == "2½ m² at 7:05"


@pytest.mark.parametrize(
    "piece", ["7", "7,777,", "½ ", "-7° ", "$7.77 ", "7/7 ", "a/", "+7", "#7 ", "a@", "÷7", "12/27/77 ", "~7°"]
)
def test_no_text_within_the_limits_is_many_more_words_when_it_is_read_out(piece):
    spelt = unicodedata.normalize("NFKC", piece)
    text = piece * (handler_module.MAX_TEXT_WORDS // len(handler_module.SPOKEN.findall(spelt)))
    assert len(split_words(handler_module.read_text(text))) <= 4 * handler_module.MAX_TEXT_WORDS


@pytest.mark.parametrize("name", BROKEN)
def test_broken_input_is_told_in_a_sentence_and_the_next_request_works(url, audio, expected, name):
    make, kind, told = BROKEN[name]
    status, answer = post(url, make(audio), kind)
    assert status == 400 and set(answer) == {"error"}, answer
    assert re.search(told, answer["error"]), answer
    assert "\n" not in answer["error"] and len(answer["error"]) < 300
    status, answer = post(url, {"inputs": {"audio": in_base64(audio), "text": TEXT}})
    assert status == 200
    assert_same(answer, expected[TEXT]["scores"])


class Canary:
    """Makes a file where it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_nothing_that_is_sent_is_unpickled(url, tmp_path):
    canary = tmp_path / "unpickled"
    pickled = pickle.dumps(Canary(canary))
    for body, kind in [(pickled, WAV), ({"inputs": in_base64(pickled)}, JSON), (pickled, JSON)]:
        assert post(url, body, kind)[0] == 400
    pickle.loads(pickled)
    assert canary.exists(), "the canary works"


def test_weights_that_are_a_pickle_are_not_read(saved_model, tmp_path):
    folder, canary = tmp_path / "model", tmp_path / "unpickled"
    shutil.copytree(saved_model, folder)
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Canary(canary)))
    for load in (EndpointHandler, load_pipeline):
        with pytest.raises((OSError, ValueError), match="model.safetensors"):
            load(str(folder))
    assert not canary.exists()


def test_weights_that_cannot_be_read_are_told_in_a_sentence(saved_model, tmp_path):
    folder = shutil.copytree(saved_model, tmp_path / "model")
    (folder / "model.safetensors").write_bytes((saved_model / "model.safetensors").read_bytes()[:1000])
    for load in (EndpointHandler, load_pipeline):
        with pytest.raises(ValueError, match="cannot be read"):
            load(str(folder))


def test_a_limit_that_is_no_number_is_told_with_its_name(monkeypatch):
    monkeypatch.setenv("WISE_MAX_TEXT_WORDS", "many")
    with pytest.raises(ValueError, match="WISE_MAX_TEXT_WORDS is 'many'; give a whole number, such as 250"):
        handler_module._limit("WISE_MAX_TEXT_WORDS", 250)


@pytest.fixture
def no_decoding(monkeypatch):
    """Whoever decodes audio fails."""

    def read(*args: object, **kwargs: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(soundfile.SoundFile, "read", read)


def flac_that_claims(frames: int, samples: np.ndarray) -> bytes:
    """A flac file whose header tells another length: 36 bits, the last four of byte 21 and bytes 22 to 25."""
    audio = bytearray(encoded(samples, format="FLAC"))
    audio[21:26] = ((audio[21] >> 4 << 36) | frames).to_bytes(5, "big")
    return bytes(audio)


def test_a_long_recording_that_is_a_small_file_is_not_decoded(endpoint, no_decoding):
    bomb = encoded(np.zeros(600 * RATE, np.int16), format="FLAC")
    assert len(bomb) < 200_000
    with pytest.raises(BadRequest, match="600.0 s long; more than 0 and at most 60 s"):
        endpoint({"inputs": bomb})


def test_a_header_that_lies_is_found_out(endpoint, monkeypatch):
    second = np.random.default_rng(0).normal(0, 0.1, RATE)
    with pytest.raises(BadRequest, match="s long|unknown length"):
        endpoint({"inputs": flac_that_claims(2**36 - 1, second)})
    with pytest.raises(BadRequest, match="cut short|cannot be read"):
        endpoint({"inputs": flac_that_claims(59 * RATE, second)})
    read, sizes = soundfile.SoundFile.read, []

    def watched(*args: object, **kwargs: object) -> np.ndarray:
        samples = read(*args, **kwargs)
        sizes.append(len(samples))
        return samples

    monkeypatch.setattr(soundfile.SoundFile, "read", watched)
    with pytest.raises(ValueError, match="sounds like noise"):  # it is read, but no more than it claims to have
        endpoint({"inputs": {"audio": flac_that_claims(8_000, np.tile(second, 100)), "text": "Kids"}})
    assert sizes == [8_000], "no more than the header said"


def test_a_recording_without_a_length_is_decoded_no_further_than_to_the_limit(endpoint, monkeypatch):
    monkeypatch.setattr(handler_module, "MAX_AUDIO_SECONDS", 1)
    read, decoded = soundfile.SoundFile.read, []

    def watched(*args: object, **kwargs: object) -> np.ndarray:
        samples = read(*args, **kwargs)
        decoded.append(len(samples))
        return samples

    monkeypatch.setattr(soundfile.SoundFile, "read", watched)
    with pytest.raises(BadRequest, match="longer than 1 s; more than 0 and at most 1 s are taken"):
        endpoint({"inputs": flac_that_claims(0, np.zeros(600 * RATE, np.int16))})
    assert sum(decoded) == RATE + 1


def test_a_browsers_recording_is_decoded_no_further_than_to_the_limit(endpoint, monkeypatch):
    monkeypatch.setattr(handler_module, "MAX_AUDIO_SECONDS", 1)
    samples, decoded = ContainerFile._samples, []
    monkeypatch.setattr(ContainerFile, "_samples", lambda *given: decoded.append(given) or samples(*given))
    with pytest.raises(BadRequest, match="longer than 1 s; more than 0 and at most 1 s are taken"):
        endpoint({"inputs": contained(np.zeros(60 * RATE), "webm", "libopus", RATE, LIVE)})
    assert len(decoded) == 51 or len(decoded) == 52, "frames of 20 ms"
    decoded.clear()
    with pytest.raises(BadRequest, match=r"60.0 s long; more than 0 and at most 1 s are taken"):
        endpoint({"inputs": contained(np.zeros(60 * RATE), "ipod", "aac", RATE)})
    assert not decoded, "its header tells how long it is"


def test_many_channels_are_not_decoded(endpoint, no_decoding, monkeypatch):
    monkeypatch.setattr(handler_module, "MAX_AUDIO_SECONDS", 1)
    with pytest.raises(BadRequest, match="8 channels at 48000 Hz"):
        endpoint({"inputs": encoded(np.zeros((48_000, 8)), 48_000)})


def test_size_is_limited_before_and_after_base64(endpoint, monkeypatch):
    monkeypatch.setattr(handler_module, "MAX_AUDIO_BYTES", 10_000)
    with served(partial(serve.answer, endpoint), largest_body=10_000 * 4 // 3 + serve.ROOM_FOR_TEXT) as url:
        assert_sizes_are_limited(url)


def assert_sizes_are_limited(url: str) -> None:
    for audio, status, told in [
        (bytes(20_000), 400, "larger than 0.01 MB"),
        (bytes(500_000), 413, "too large"),
    ]:
        answered, answer = post(url, audio, WAV)
        assert answered == status and told in answer["error"]
    for characters in (15_000, 13_600):
        status, answer = post(url, {"inputs": "A" * characters})
        assert status == 400 and "larger than 0.01 MB" in answer["error"]


def test_neither_token_nor_query_nor_text_is_logged(url, audio, caplog):
    caplog.set_level(logging.DEBUG)
    secret = "hf_abcdefghijklmnopqrstuvwxyz"
    bearer = {"Authorization": f"Bearer {secret}"}
    assert post(f"{url}/?token={secret}", audio[:100], WAV, **bearer)[0] == 400
    assert post(url, {"inputs": f"https://user:{secret}@host/a.wav"}, **bearer)[0] == 400
    assert post(url, {"inputs": {"audio": in_base64(audio), "text": f"{secret} is said"}}, **bearer)[0] == 200
    assert caplog.messages and secret not in caplog.text


def test_a_fault_of_ours_is_told_as_one_and_the_next_request_works(url, endpoint, audio, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(endpoint, "classify", lambda *args, **kwargs: {}["secret"])
        status, answer = post(url, {"inputs": in_base64(audio)})
    assert status == 500 and "secret" not in answer["error"]
    assert post(url, {"inputs": {"audio": in_base64(audio), "text": TEXT}})[0] == 200


def test_it_says_that_it_is_up(url):
    with urllib.request.urlopen(f"{url}/health") as response:
        assert response.read() == b"Ok"


# --- where it runs ---

# As huggingface-inference-toolkit loads it, where wise_hf cannot be imported.
AS_THE_TOOLKIT = """
import importlib.util, json, sys
sys.modules["wise_hf"] = sys.modules["opensmile"] = None
folder, recording, text = sys.argv[1:]
spec = importlib.util.spec_from_file_location("handler", folder + "/handler.py")
sys.path.insert(0, folder)
handler = importlib.util.module_from_spec(spec)
sys.modules["handler"] = handler
spec.loader.exec_module(handler)
endpoint = handler.EndpointHandler(folder)
print(json.dumps(endpoint({"inputs": {"audio": open(recording, "rb").read(), "text": text}})))
"""


@pytest.mark.slow
def test_it_runs_in_a_models_folder_without_wise_hf(saved_model, path, expected, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(saved_model, folder)
    shutil.copy(HUB_CARD / "handler.py", folder)
    env = os.environ | {"HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", AS_THE_TOOLKIT, str(folder), str(path), TEXT]
    done = subprocess.run(command, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr[-3000:]
    assert_same(json.loads(done.stdout.splitlines()[-1]), expected[TEXT]["scores"])


def test_a_folder_without_a_model_is_told_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match="holds no model"):
        EndpointHandler(str(tmp_path))


@pytest.mark.slow
def test_the_load_test_reports_latency_and_memory(saved_model, audio, tmp_path):
    samples, rate = soundfile.read(io.BytesIO(audio))
    soundfile.write(tmp_path / "short.wav", samples[: rate // 2], rate)
    options = ["--model", saved_model, "--audio", tmp_path / "short.wav", "--clients", 2, "--requests", 4]
    options += ["--hostile", 2]
    done = run("load_test.py", *options, "--json")
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout)
    assert report["errors"] == {} and report["requests"] == 4 and report["lost"] == 0
    assert len(report["memory_mb"]) == len(report["open_files"]) == 5 and sum(report["hostile"].values()) >= 2
    assert 0 < report["latency_s"]["p50"] <= report["latency_s"]["p95"] <= report["latency_s"]["max"]
    assert set(report["latency_s"]) == {"p50", "p95", "max", "bytes", "base64"}
