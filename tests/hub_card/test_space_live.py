"""The Space's live view by itself: what a visitor says is heard in order, within limits, and leaves no file."""

import importlib
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile


pytest.importorskip("gradio", reason="needs gradio: pip install -e .[space]")
RATE = 16_000


def _import(name: str):
    folder = str(Path(__file__).resolve().parents[2] / "hub_card" / "space")
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(folder)


live = _import("live")
rendering = _import("rendering")


def word(number: int, is_final: bool = True) -> dict:
    return {
        "number": number,
        "word": f"word{number}",
        "start_s": 0.2 * number,
        "end_s": 0.2 * number + 0.1,
        "probabilities": {"angry": 0.3, "sad": 0.7},
        "attention": [1 / (number + 1)] * (number + 1),
        "is_final": is_final,
    }


class Streamer:
    """A stand-in for a `WISEStreamer`: it hears a word in every second, and keeps what it was fed."""

    def __init__(self):
        self.fed: list[np.ndarray] = []

    def feed(self, samples: np.ndarray) -> list[dict]:
        self.fed.append(samples)
        return [word(number, is_final=False) for number in range(sum(map(len, self.fed)) // RATE)]

    def finish(self) -> list[dict]:
        return [word(0)]


@pytest.fixture
def streamer() -> Streamer:
    return Streamer()


@pytest.fixture
def classify(streamer) -> SimpleNamespace:
    return SimpleNamespace(stream=lambda sampling_rate: streamer)


def chunk(folder: Path, samples: np.ndarray) -> str:
    path = folder / "chunk.wav"
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    return str(path)


def test_chunks_are_heard_in_order_and_their_files_are_deleted(classify, streamer, tmp_path):
    chunks, speaker = np.random.default_rng(0).uniform(-0.5, 0.5, (6, RATE // 2)).astype(np.float32), None
    for samples in chunks:
        path = chunk(tmp_path, samples)
        _, speaker = live.hear_chunk(classify, path, speaker)
        assert not Path(path).exists()
    html, nobody = live.stop(speaker)
    np.testing.assert_array_equal(np.concatenate(streamer.fed), chunks.ravel())
    assert "word0" in html and nobody is None


def test_each_pass_over_an_utterance_takes_the_place_of_the_one_before(classify):
    speaker = live.Speaker(classify, RATE)
    speaker.say(np.zeros(2 * RATE, np.float32))
    speaker._hearing.result()
    assert [each["word"] for each in speaker.updates] == ["word0", "word1"]
    speaker.stop()
    assert [each["word"] for each in speaker.updates] == ["word0"]


def test_a_visitor_may_speak_only_so_long(classify, streamer, tmp_path):
    speaker = live.Speaker(classify, RATE)
    for _ in range(live.MAX_S + 5):
        html, speaker = live.hear_chunk(classify, chunk(tmp_path, np.zeros(RATE, np.float32)), speaker)
    assert "as long as one visitor may speak" in html
    live.stop(speaker)
    assert sum(map(len, streamer.fed)) <= live.MAX_S * RATE


def test_a_chunk_that_is_no_audio_is_told(classify, tmp_path):
    (tmp_path / "chunk.wav").write_bytes(b"no audio")
    html, speaker = live.hear_chunk(classify, str(tmp_path / "chunk.wav"), None)
    assert 'class="message"' in html and speaker is None
    assert live.hear_chunk(classify, None, None) == (live.WAITING, None)


def test_a_failure_is_told_and_the_next_chunk_is_heard(classify, streamer, monkeypatch):
    speaker = live.Speaker(classify, RATE)
    with monkeypatch.context() as patched:
        patched.setattr(streamer, "feed", lambda samples: 1 / 0)
        speaker.say(np.zeros(RATE, np.float32))
        speaker._hearing.result()
    assert "Something went wrong here" in live.show(speaker)
    speaker.say(np.zeros(RATE, np.float32))
    speaker._hearing.result()
    assert "word0" in live.show(speaker)


def test_words_so_far_are_shown_with_the_latest_probabilities_in_their_places():
    html = rendering.render_live([word(0, is_final=False), word(1, is_final=False)])
    assert "Most likely sad" in html and "provisional" in html
    assert html.index("angry</span>") < html.index("sad</span>") and html.count('class="said"') == 2
    assert "provisional" not in rendering.render_live([word(0)])
    assert "only noise" in rendering.render_live([{"left_out": "only noise"}])
