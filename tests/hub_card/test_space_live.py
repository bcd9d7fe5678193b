"""The Space's live view by itself: what a visitor says is heard in order, and within limits."""

import base64
import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest


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


@pytest.fixture
def speakers(classify):
    return live.Speakers({"model": classify})


def part(samples: np.ndarray, speaker: str | None = None, is_last: bool = False, **given: object) -> dict:
    encoded = base64.b64encode(samples.astype("<f4").tobytes()).decode()
    return {"speaker": speaker, "model": "model", "rate": RATE, "samples": encoded, "is_last": is_last} | given


SECOND = np.zeros(RATE, np.float32)


def test_parts_are_heard_in_order_and_to_the_end(speakers, streamer):
    parts, name = np.random.default_rng(0).uniform(-0.5, 0.5, (6, RATE // 2)).astype(np.float32), None
    for samples in parts:
        name, _ = speakers.hear(part(samples, name))
    nobody, html = speakers.hear(part(SECOND[:0], name, is_last=True))
    np.testing.assert_array_equal(np.concatenate(streamer.fed), parts.ravel())
    assert "word0" in html and nobody is None
    assert live.GONE in speakers.hear(part(SECOND, name))[1]


def test_two_who_speak_at_once_are_heard_apart():
    streamers = {RATE: Streamer(), 2 * RATE: Streamer()}
    speakers = live.Speakers({"model": SimpleNamespace(stream=lambda sampling_rate: streamers[sampling_rate])})
    names = {rate: speakers.hear(part(SECOND, rate=rate))[0] for rate in streamers}
    for rate, name in names.items():
        speakers.hear(part(np.full(10, rate / 1e5), name, is_last=True, rate=rate))
    for rate, streamer in streamers.items():
        np.testing.assert_allclose(np.concatenate(streamer.fed)[RATE:], rate / 1e5, rtol=1e-6)


def test_each_pass_over_an_utterance_takes_the_place_of_the_one_before(classify):
    speaker = live.Speaker(classify, RATE)
    speaker.say(np.zeros(2 * RATE, np.float32))
    speaker._hearing.result()
    assert [each["word"] for each in speaker.updates] == ["word0", "word1"]
    speaker.stop()
    assert [each["word"] for each in speaker.updates] == ["word0"]


def test_who_has_said_all_that_a_visitor_may_say_sees_what_was_heard(speakers, streamer):
    name, html, num_parts = None, "", 0
    while name is not None or not html:
        name, html = speakers.hear(part(SECOND, name))
        num_parts += 1
    assert num_parts == live.MAX_S + 1
    assert sum(map(len, streamer.fed)) == live.MAX_S * RATE


def test_of_a_part_that_is_too_long_what_fits_is_heard(speakers, streamer):
    _, html = speakers.hear(part(np.zeros((live.MAX_S + 5) * RATE)))
    assert "as long as one visitor may speak" in html and "word0" in html
    assert "as long as one visitor may speak" in html and "word0" in html
    assert sum(map(len, streamer.fed)) == live.MAX_S * RATE


def test_only_so_many_speak_at_once_and_who_leaves_makes_room(speakers, monkeypatch):
    for _ in range(live.SPEAKERS):
        assert speakers.hear(part(SECOND))[0] is not None
    assert live.TAKEN in speakers.hear(part(SECOND))[1]
    now_s = live.time.monotonic()
    monkeypatch.setattr(live.time, "monotonic", lambda: now_s + live.GONE_S + 1)
    assert speakers.hear(part(SECOND))[0] is not None


def test_nobody_keeps_a_place_by_saying_nothing(speakers, monkeypatch):
    now_s = live.time.monotonic()
    name, _ = speakers.hear(part(SECOND))
    for passed_s in range(0, live.LONGEST_S, live.GONE_S):
        monkeypatch.setattr(live.time, "monotonic", lambda passed_s=passed_s: now_s + passed_s)
        assert speakers.hear(part(SECOND[:0], name))[0] == name
    monkeypatch.setattr(live.time, "monotonic", lambda: now_s + live.LONGEST_S + 1)
    assert live.GONE in speakers.hear(part(SECOND[:0], name))[1]


def test_many_who_come_and_go_at_once_are_all_answered(monkeypatch):
    monkeypatch.setattr(live, "SPEAKERS", 100)
    speakers = live.Speakers({"model": SimpleNamespace(stream=lambda sampling_rate: Streamer())})

    def visit(_: int) -> str:
        name = speakers.hear(part(SECOND))[0]
        return speakers.hear(part(SECOND, name, is_last=True))[1]

    with ThreadPoolExecutor(8) as threads:
        assert all("word0" in html for html in threads.map(visit, range(100)))
    assert not speakers._speakers


@pytest.mark.parametrize(
    "sent",
    [
        None,
        [],
        "part",
        {},
        part(SECOND, model="no such model"),
        part(SECOND, model=[]),
        part(SECOND, rate=0),
        part(SECOND, rate="16000"),
        part(SECOND, rate=[]),
        part(SECOND) | {"samples": "no base64"},
        part(SECOND) | {"samples": "\u00e4"},
        part(SECOND) | {"samples": "AAA="},
        part(SECOND) | {"samples": None},
        part(SECOND * np.nan),
        part(np.zeros(9_010 * 2 * live.MAX_S), rate=8_000),
    ],
)
def test_what_is_no_part_of_a_recording_is_told(speakers, sent):
    name, html = speakers.hear(sent)
    assert name is None and live.STRANGE in html


@pytest.mark.parametrize("name", ["somebody else", 3, [], {}])
def test_a_speaker_that_is_not_known_is_told(speakers, name):
    assert live.GONE in speakers.hear(part(SECOND, name))[1]


def test_a_failure_is_told_and_the_next_part_is_heard(classify, streamer, monkeypatch):
    speaker = live.Speaker(classify, RATE)
    with monkeypatch.context() as patched:
        patched.setattr(streamer, "feed", lambda samples: 1 / 0)
        speaker.say(SECOND)
        speaker._hearing.result()
    assert "Something went wrong here" in live.show(speaker)
    speaker.say(SECOND)
    speaker._hearing.result()
    assert "word0" in live.show(speaker)


def test_words_so_far_are_shown_with_the_latest_probabilities_in_their_places():
    html = rendering.render_live([word(0, is_final=False), word(1, is_final=False)])
    assert "Most likely sad" in html and "provisional" in html
    assert html.index("angry</span>") < html.index("sad</span>") and html.count('class="said"') == 2
    assert "provisional" not in rendering.render_live([word(0)])
    assert "only noise" in rendering.render_live([{"left_out": "only noise"}])
