import math
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speech import assert_valid, clips

from wise_hf import acoustics_wise, alignment_wise
from wise_hf.alignment_wise import align
from wise_hf.decoder_wise import import_pocketsphinx


pytest.importorskip("pocketsphinx")

RATE = 16000
TEXT = "Kids are talking by the door."
NOISE = np.random.default_rng(0).normal(0, 0.05, RATE).astype(np.float32)


# --- real speech ---


def test_real_emotional_speech_is_aligned_by_the_aligner(ravdess_root):
    for samples, text in clips(ravdess_root, {"neutral", "angry", "sad", "happy", "fearful"}, "Actor_06"):
        alignment = align(samples, text)
        assert alignment.source == "aligner"
        assert_valid(alignment.words, len(samples) / RATE)
        # The clips have about a second of silence on both sides and half a second to two of speech.
        assert 0.4 < alignment.words[0]["start_s"] < 1.8
        assert 0.7 < alignment.words[-1]["end_s"] - alignment.words[0]["start_s"] < 3


def test_words_keep_their_spelling_and_numbers_are_spelt_out(ravdess_root):
    ((samples, _),) = clips(ravdess_root, {"neutral"}, "Actor_01")
    words = align(samples, "KIDS aren't 2").words
    assert [word["word"] for word in words] == ["KIDS", "aren't", "two"]
    assert align(samples, ["KIDS", "aren't", "2"]).words == words


def test_speech_at_twice_its_speed_is_still_aligned(ravdess_root):
    ((samples, text),) = clips(ravdess_root, {"neutral"}, "Actor_01")
    speech = samples[int(0.9 * RATE) : int(2.4 * RATE) : 2]
    alignment = align(speech, text)
    assert alignment.source == "aligner"
    assert_valid(alignment.words, len(speech) / RATE)


def test_text_far_too_long_for_the_speech_is_not_called_aligned(ravdess_root):
    ((samples, text),) = clips(ravdess_root, {"neutral"}, "Actor_01")
    alignment = align(samples[int(0.9 * RATE) : int(2.4 * RATE)], text * 7)
    assert alignment.source == "uniform"
    assert_valid(alignment.words, 1.5)


def test_loudness_and_offset_do_not_move_the_words(ravdess_root):
    ((samples, text),) = clips(ravdess_root, {"neutral"}, "Actor_01")
    expected = [word["start_s"] for word in align(samples, text).words]
    found = [word["start_s"] for word in align(samples * 0.02 + 0.1, text).words]
    np.testing.assert_allclose(found, expected, atol=0.05)


def test_text_that_does_not_match_still_has_valid_times(ravdess_root):
    ((samples, _),) = clips(ravdess_root, {"neutral"}, "Actor_01")
    for text in ("no", "Four score and seven years ago our fathers brought forth a new nation " * 3):
        assert_valid(align(samples, text).words, len(samples) / RATE)


def test_an_utterance_is_aligned_alike_after_others_and_after_a_failure(ravdess_root, monkeypatch):
    (samples, text), (other, _) = clips(ravdess_root, {"neutral", "angry"}, "Actor_02")
    acoustics_wise.drop_aligner()
    fresh = align(samples, text)
    align(other, "something else entirely")
    with monkeypatch.context() as patch:
        patch.setattr(acoustics_wise, "_read_costs", lambda path, n: (_ for _ in ()).throw(RuntimeError("spoilt")))
        assert align(samples, text).source == "uniform"
    assert align(samples, text) == fresh


def test_threads_align_alike(ravdess_root):
    chosen = clips(ravdess_root, {"neutral", "angry"}, "Actor_02")
    expected = [align(samples, text) for samples, text in chosen]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda clip: align(*clip), chosen)) == expected


# --- what cannot be aligned ---


class FailingDecoder:
    """Knows its dictionary but decodes nothing."""

    def __init__(self, folder):
        self.config = {
            "senlogdir": str(folder),
            "hmm": import_pocketsphinx().get_model_path("en-us/en-us"),
        }

    def lookup_word(self, word):
        return None

    def start_stream(self):
        raise RuntimeError("Failed to start stream")


def test_a_failing_decoder_gives_uniform_words_and_says_so(monkeypatch, tmp_path, caplog):
    monkeypatch.setattr(acoustics_wise, "PURPOSE", "failing")
    monkeypatch.setattr(acoustics_wise, "_make_aligner", lambda: FailingDecoder(tmp_path / "scores"))
    alignment = align(NOISE, TEXT)
    assert alignment.source == "uniform"
    assert "shared out evenly" in caplog.text
    assert_valid(alignment.words, 1.0)
    assert not (tmp_path / "scores").exists()


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.full(RATE, 0.3), np.zeros(1), np.full(7, 1e-30)])
def test_silence_is_shared_out_evenly(samples):
    alignment = align(samples, TEXT)
    assert alignment.source == "uniform"
    assert_valid(alignment.words, len(samples) / RATE)


def test_silence_around_the_speech_is_left_out_when_words_are_shared_out(monkeypatch):
    monkeypatch.setattr(alignment_wise, "_find_words", lambda *_: None)
    samples = np.concatenate([np.zeros(RATE), NOISE, np.zeros(RATE)])
    words = align(samples, TEXT).words
    assert words[0]["start_s"] == pytest.approx(1.0, abs=0.02)
    assert words[-1]["end_s"] == pytest.approx(2.0, abs=0.02)


@given(st.integers(min_value=1, max_value=4000), st.lists(st.sampled_from(["a", "the", "strengths"]), min_size=1))
@settings(deadline=None, max_examples=40)
def test_any_short_audio_gets_valid_times(n, words):
    samples = NOISE[:n]
    alignment = align(samples, words)
    assert [word["word"] for word in alignment.words] == words
    assert_valid(alignment.words, n / RATE)


def test_audio_with_fewer_frames_than_phonemes_is_uniform():
    assert align(NOISE[:800], TEXT).source == "uniform"


def test_a_recording_beyond_the_limit_is_shared_out(monkeypatch):
    monkeypatch.setattr(alignment_wise, "MAX_ALIGNED_S", 0.5)
    assert align(NOISE, TEXT).source == "uniform"


@pytest.mark.parametrize("text", ["", "  ", "привет", "...", []])
def test_text_without_words_is_refused(text):
    with pytest.raises(ValueError, match="no word"):
        align(NOISE, text)


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [
        (np.zeros(0), RATE, "empty"),
        (np.array([0.1, np.nan]), RATE, "NaN"),
        (np.array([0.1, np.inf]), RATE, "NaN or infinite"),
        (np.zeros((100, 2)), RATE, "one channel"),
        (np.zeros(100, np.int16), RATE, "expected float"),
        (NOISE, 48000, "resample"),
    ],
)
def test_unusable_audio_is_refused_in_one_sentence(samples, rate, message):
    with pytest.raises(ValueError, match=message) as caught:
        align(samples, TEXT, rate)
    assert "\n" not in str(caught.value)


# Without the package's __init__, as on the Hub: it starts faster and shows that the modules stand alone.
def test_the_interpreter_survives_many_alignments_and_leaves_nothing_behind(tmp_path):
    script = """
import sys, types
package = types.ModuleType("wise_hf")
package.__path__ = ["wise_hf"]
sys.modules["wise_hf"] = package
import numpy as np
from wise_hf.alignment_wise import align
rng = np.random.default_rng(0)
sources = []
for n in [*range(1, 12), 100, 409, 410, 800, 1600, 5000, 16000, 16001, 20000]:
    sources.append(align(rng.normal(0, 0.1, n), "strengths and lengths").source)
    try:
        align(np.array([np.nan]), "no")
    except ValueError:
        pass
print(",".join(sources))
"""
    root = Path(alignment_wise.__file__).parents[1]
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=root,
        env={"PATH": "", "TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"},
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    sources = run.stdout.strip().split(",")
    assert len(sources) == 20
    assert set(sources) <= {"aligner", "uniform"}
    assert list(tmp_path.glob("wise-*")) == []


# --- the search, against exhaustive enumeration ---


def test_the_path_is_the_cheapest_of_all_paths():
    rng = np.random.default_rng(1)
    state = alignment_wise._State
    graph = [
        state(0, (0,), 0, 0, 0, [(alignment_wise.START, 1.0)]),
        state(1, (1,), 0, 0, 1, [(0, 0.0)]),
        state(2, (2,), 0, 1, 0, [(alignment_wise.START, 0.5), (0, 2.0)]),
        state(3, (3,), 1, 0, 0, [(1, 0.0), (2, 3.0)]),
    ]
    emissions = rng.uniform(0, 10, (6, 4)).astype(np.float32)
    ends = [(3, 0.0), (2, 1.5)]
    path = alignment_wise._best_path(emissions, graph, ends)

    def cost(states):
        total = dict(reversed(graph[states[0]].sources)).get(alignment_wise.START, math.inf)
        total += dict(ends).get(states[-1], math.inf)
        for before, after in pairwise(states):
            total += 0.0 if before == after else dict(graph[after].sources).get(before, math.inf)
        return total + sum(emissions[frame, number] for frame, number in enumerate(states))

    everything = [tuple(int(digit) for digit in np.base_repr(n, 4).zfill(6)) for n in range(4**6)]
    assert cost(tuple(path)) == pytest.approx(min(map(cost, everything)), rel=1e-5)


# --- exact times from synthetic speech ---


def test_words_of_synthetic_speech_begin_where_the_synthesiser_began_them():
    pytest.importorskip("espeakng_loader", reason="needs espeakng-loader to make speech with known times")
    from wise_hf.data.espeak import Voice, speak

    errors = []
    for text in ("Glue the sheet to the dark blue background.", "The juice of lemons makes fine punch."):
        speech = speak(text, Voice("en-us"))
        noise = np.random.default_rng(0).normal(0, 0.001, len(speech.samples))
        words = align((speech.samples + noise).astype(np.float32), text).words
        errors += [found["start_s"] - true["start_s"] for found, true in zip(words, speech.words, strict=True)]
    assert np.median(np.abs(errors)) < 0.03
    assert np.max(np.abs(errors)) < 0.15
