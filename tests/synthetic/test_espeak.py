import importlib.util

import numpy as np
import pytest
from speech import assert_valid, rms

from wise_hf.synthetic import espeak
from wise_hf.synthetic.demo_corpus import PROSODIES, VOICES
from wise_hf.synthetic.espeak import SAMPLING_RATE, Prosody, Voice, speak


if importlib.util.find_spec("espeakng_loader") is None:
    pytest.skip("espeakng-loader is not installed: no synthetic speech", allow_module_level=True)


def spoken(text: str, voice: Voice = VOICES[0]) -> list[tuple[str, str]]:
    words = speak(text, voice).words
    return [(word["word"], " ".join(phoneme["phoneme"] for phoneme in word["phonemes"])) for word in words]


@pytest.mark.parametrize("voice", VOICES[::5], ids=lambda voice: voice.variant)
def test_word_times_are_those_of_the_sound(voice):
    speech = speak("Mary, Mary.", voice)
    loud = np.flatnonzero(np.abs(speech.samples) > 0.05 * np.abs(speech.samples).max()) / SAMPLING_RATE
    pauses = np.flatnonzero(np.diff(loud) > 0.08)
    first, second = speech.words
    onsets, offsets = [loud[0], loud[pauses[0] + 1]], [loud[pauses[0]], loud[-1]]
    assert [first["start_s"], second["start_s"]] == pytest.approx(onsets, abs=0.03)
    assert [first["end_s"], second["end_s"]] == pytest.approx(offsets, abs=0.06)


def test_phonemes_are_those_of_the_word():
    assert spoken("Look at this picture") == [
        ("look", "L UH K"),
        ("at", "AE T"),
        ("this", "DH IH S"),
        ("picture", "P IH K CH ER"),
    ]


def test_vowel_that_espeak_joins_with_its_consonant_becomes_two_phonemes():
    assert spoken("the old chair")[1:] == [("old", "OW L D"), ("chair", "CH EH R")]


def test_words_that_espeak_runs_into_one_share_its_phonemes():
    assert spoken("out of the car")[:3] == [("out", "AW T"), ("of", "AH V"), ("the", "DH AH")]


@pytest.mark.parametrize(
    "text", ["a", "I'm 11!", "John's co-op, 5.50 — déjà vu", "你好 мир", "one\ntwo", "Yes. " * 40]
)
def test_any_text_gets_well_formed_words(text):
    speech = speak(text, VOICES[2])
    assert_valid(speech.words, len(speech.samples) / SAMPLING_RATE)
    assert len(speech.words) == len(espeak._TOKEN.findall(text))


@pytest.mark.parametrize("text", ["", "...", " \n"])
def test_text_without_words_is_refused_in_one_line(text):
    with pytest.raises(ValueError, match="no word to say") as error:
        speak(text, VOICES[0])
    assert "\n" not in str(error.value)


def test_unknown_voice_is_refused():
    with pytest.raises(ValueError, match="no voice 'xx\\+none'"):
        speak("hello", Voice("xx+none"))


def test_what_was_said_before_changes_nothing():
    first = speak("How dare you!", VOICES[1], PROSODIES["angry"])
    speak("Something else.", VOICES[4])
    again = speak("How dare you!", VOICES[1], PROSODIES["angry"])
    assert np.array_equal(first.samples, again.samples)
    assert first.words == again.words


def test_prosody_changes_speed_and_loudness():
    usual = speak("I saw the letter", VOICES[0])
    slow = speak("I saw the letter", VOICES[0], Prosody(rate_factor=0.7))
    quiet = speak("I saw the letter", VOICES[0], Prosody(gain_db=-6.0))
    assert len(slow.samples) > 1.2 * len(usual.samples)
    assert rms(quiet.samples) == pytest.approx(rms(usual.samples) * 10 ** (-6 / 20), rel=1e-3)


def test_samples_are_float32_without_clipping_and_end_in_silence():
    samples = speak("That is enough!", VOICES[9], PROSODIES["angry"]).samples
    assert samples.dtype == np.float32
    assert 0.05 < np.abs(samples).max() < 1
    assert not samples[:2000].any()
