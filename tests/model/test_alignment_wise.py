import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from speech import assert_valid, clips, rms

from wise_hf.model import alignment_wise
from wise_hf.model.alignment_wise import align
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.speech_wise import NoSpeechError


pytest.importorskip("pocketsphinx")

RATE = 16000
TEXT = "Kids are talking by the door."
OTHER_TEXT = "Dogs are sitting by the door."
NOISE = np.random.default_rng(0).normal(0, 0.05, RATE).astype(np.float32)


@pytest.fixture
def any_sound(monkeypatch):
    """Noise counts as speech: what is tested is what becomes of the words."""
    monkeypatch.setattr(alignment_wise, "check_heard", lambda samples, speech: None)


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
    # Its voice is an octave too high, so that it may well be doubted; but its words have their times.
    assert alignment.source in ("aligner", "doubtful")
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


def test_an_utterance_is_aligned_alike_after_others(ravdess_root):
    (samples, text), (other, _) = clips(ravdess_root, {"neutral", "angry"}, "Actor_02")
    first = align(samples, text)
    align(other, "something else entirely")
    assert align(samples, text) == first


def test_words_that_are_said_fit_and_others_are_doubtful(ravdess_root, caplog):
    ((samples, text),) = clips(ravdess_root, {"neutral"}, "Actor_05")
    said, not_said = align(samples, text), align(samples, "Please leave a message.")
    assert said.source == "aligner" and said.fit > 0.9
    assert "is this all that is said?" in caplog.text
    assert not_said.source == "doubtful" and not_said.fit < 0.5
    assert_valid(not_said.words, len(samples) / RATE)


def test_sentences_exchanged_fit_worse_on_every_clip_and_most_are_doubtful(ravdess_root):
    emotions = {"neutral", "angry", "sad", "happy"}
    chosen = [clip for actor in ("Actor_03", "Actor_11", "Actor_16") for clip in clips(ravdess_root, emotions, actor)]
    true = [align(samples, text) for samples, text in chosen]
    exchanged = [align(samples, OTHER_TEXT if text == TEXT else TEXT) for samples, text in chosen]
    assert all(alignment.source == "aligner" for alignment in true)
    assert all(wrong.fit < right.fit for right, wrong in zip(true, exchanged, strict=True))
    # Four of the six words are the same in both.
    assert sum(alignment.source == "doubtful" for alignment in exchanged) > len(chosen) / 2


def test_the_word_that_is_not_said_fits_worst(ravdess_root):
    ((samples, text),) = clips(ravdess_root, {"neutral"}, "Actor_05")
    words = align(samples, text.replace("sitting", "laughing")).words
    assert min(words, key=lambda word: word["fit"])["word"] == "laughing"
    assert all(0 <= word["fit"] <= 1 for word in words)


@pytest.mark.parametrize("gain", [0.1, 1.0, 20.0])
def test_neither_loudness_nor_clipping_makes_a_true_text_doubtful(ravdess_root, gain):
    for samples, text in clips(ravdess_root, {"neutral", "angry", "sad"}, "Actor_11"):
        assert align(np.clip(gain * samples, -1, 1), text).source == "aligner"


def test_noise_over_speech_leaves_a_true_text_its_fit(ravdess_root):
    ((samples, text),) = clips(ravdess_root, {"neutral"}, "Actor_05")
    speech = samples[RATE : 2 * RATE]
    noise = np.random.default_rng(0).normal(0, rms(speech) * 10 ** (-20 / 20), len(samples))
    assert align(samples + noise, text).fit > 0.8


@pytest.fixture(scope="module")
def sonnet(long_recordings) -> tuple[np.ndarray, list[str]]:
    """53 s of a reader, and the words."""
    return read_audio(long_recordings / "sonnet_53s.mp3"), (long_recordings / "sonnet_53s.txt").read_text().split()


PARTS = {
    "a sentence that is not in it": lambda words: TEXT.split(),
    "without its middle third": lambda words: words[: len(words) // 3] + words[2 * len(words) // 3 :],
}


@pytest.mark.parametrize("name", PARTS)
def test_a_text_that_leaves_out_much_of_what_is_said_is_doubtful(sonnet, name):
    samples, words = sonnet
    alignment = align(samples, PARTS[name](words))
    assert alignment.source == "doubtful" and alignment.fit < 0.4


def test_a_text_without_its_beginning_is_doubtful_but_has_its_times(sonnet):
    samples, words = sonnet
    left_out = len(words) // 4
    starts_s = np.array([word["start_s"] for word in align(samples, words).words[left_out:]])
    alignment = align(samples, words[left_out:])
    assert alignment.source == "doubtful"
    found_s = np.array([word["start_s"] for word in alignment.words])
    assert np.mean(np.abs(found_s - starts_s) < 0.1) > 0.9


def test_the_whole_text_of_a_long_recording_is_not_doubtful(sonnet):
    samples, words = sonnet
    alignment = align(samples, words)
    assert alignment.source == "aligner" and alignment.fit > 0.8


def test_the_text_of_one_of_two_joined_clips_is_doubtful_though_its_words_fit(ravdess_root):
    (samples, text), (other, _) = clips(ravdess_root, {"neutral", "sad"}, "Actor_05")
    for joined in ([samples, other], [other, samples], [samples] * 10):
        alignment = align(np.concatenate(joined), text)
        assert alignment.source == "doubtful" and alignment.fit < 0.2
        assert np.mean([word["fit"] for word in alignment.words]) > 0.8


@pytest.mark.parametrize(("is_speech", "source"), [(False, "aligner"), (True, "doubtful")])
def test_what_the_detector_hears_outside_the_words_decides(ravdess_root, monkeypatch, is_speech, source):
    ((samples, text),) = clips(ravdess_root, {"neutral"}, "Actor_05")
    heard = []
    monkeypatch.setattr(alignment_wise, "hear_speech", lambda samples: heard.append(1) or np.full(200, is_speech))
    assert align(samples, text).source == source
    assert len(heard) == 1


def test_threads_align_alike(ravdess_root):
    chosen = clips(ravdess_root, {"neutral", "angry"}, "Actor_02")
    expected = [align(samples, text) for samples, text in chosen]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda clip: align(*clip), chosen)) == expected


# --- what cannot be aligned ---


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.full(RATE, 0.3), np.zeros(1), np.full(7, 1e-30)])
def test_silence_is_refused(samples):
    with pytest.raises(NoSpeechError, match="silent"):
        align(samples, TEXT)


@pytest.mark.parametrize("text", [TEXT, "Yes."])
def test_words_are_not_found_in_noise(text):
    with pytest.raises(NoSpeechError, match="noise or music"):
        align(NOISE, text)


def test_silence_around_the_speech_is_left_out_when_words_are_shared_out(any_sound, monkeypatch):
    monkeypatch.setattr(alignment_wise, "_find_words", lambda *_: None)
    samples = np.concatenate([np.zeros(RATE), NOISE, np.zeros(RATE)])
    words = align(samples, TEXT).words
    assert words[0]["start_s"] == pytest.approx(1.0, abs=0.02)
    assert words[-1]["end_s"] == pytest.approx(2.0, abs=0.02)


@given(st.integers(min_value=2, max_value=4000), st.lists(st.sampled_from(["a", "the", "strengths"]), min_size=1))
@settings(max_examples=40)
def test_any_short_audio_gets_valid_times(n, words):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(alignment_wise, "check_heard", lambda samples, speech: None)
        samples = NOISE[:n]
        n_phonemes = sum({"a": 1, "the": 2, "strengths": 7}[word] for word in words)
        if n_phonemes * RATE / 100 > n:
            with pytest.raises(ValueError, match="too many"):
                align(samples, words)
            return
        alignment = align(samples, words)
    assert [word["word"] for word in alignment.words] == words
    assert_valid(alignment.words, n / RATE)


def test_a_text_that_nobody_could_say_in_the_time_is_refused():
    with pytest.raises(ValueError, match=r"6 words of 17 phonemes, too many for a recording of 0.05 s; give the text"):
        align(NOISE[:800], TEXT)


def test_a_recording_beyond_the_limit_is_refused_with_its_length_the_limit_and_the_way_out():
    minutes = np.tile(NOISE, 121)
    with pytest.raises(ValueError, match=r"lasts 121.0 s, at most 120 s are taken; cut it at pauses"):
        align(minutes, TEXT)


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
from wise_hf.model import alignment_wise
from wise_hf.model.alignment_wise import align
alignment_wise.check_heard = lambda samples, speech: None  # noise counts as speech
rng = np.random.default_rng(0)
sources = []
for n in [*range(1, 12), 100, 409, 410, 800, 1600, 5000, 16000, 16001, 20000]:
    for samples in (rng.normal(0, 0.1, n), np.array([np.nan])):
        try:
            sources.append(align(samples, "strengths and lengths").source)
        except ValueError:
            sources.append("refused")
print(",".join(sources))
"""
    root = Path(alignment_wise.__file__).parents[2]
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
    assert len(sources) == 40
    assert set(sources[::2]) <= {"aligner", "doubtful", "uniform", "refused"}
    assert set(sources[1::2]) == {"refused"}
    assert list(tmp_path.glob("wise-*")) == []


# --- exact times from synthetic speech ---


def test_words_of_synthetic_speech_begin_where_the_synthesiser_began_them():
    pytest.importorskip("espeakng_loader", reason="needs espeakng-loader to make speech with known times")
    from wise_hf.synthetic.espeak import Voice, speak

    errors = []
    for text in ("Glue the sheet to the dark blue background.", "The juice of lemons makes fine punch."):
        speech = speak(text, Voice("en-us"))
        noise = np.random.default_rng(0).normal(0, 0.001, len(speech.samples))
        words = align((speech.samples + noise).astype(np.float32), text).words
        errors += [found["start_s"] - true["start_s"] for found, true in zip(words, speech.words, strict=True)]
    assert np.median(np.abs(errors)) < 0.03
    assert np.max(np.abs(errors)) < 0.15
