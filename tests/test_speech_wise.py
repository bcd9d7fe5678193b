import os
import sys

import numpy as np
import pytest
from speech import clips

from wise_hf import speech_wise
from wise_hf.speech_wise import NoSpeechError, check_speech, speech_probabilities


pytest.importorskip("silero_vad")

RATE = 16000
TIME_S = np.arange(4 * RATE) / RATE
RNG = np.random.default_rng(0)


def tones(*frequencies_hz: float, harmonics: int = 1) -> np.ndarray:
    return sum(
        np.sin(2 * np.pi * number * frequency * TIME_S) / number
        for frequency in frequencies_hz
        for number in range(1, harmonics + 1)
    )


def melody() -> np.ndarray:
    """Notes of 0.4 s with eight harmonics and a slight vibrato."""
    notes = 220 * 2 ** (np.random.default_rng(3).integers(0, 15, 10) / 12)
    frequency = np.repeat(notes, int(0.4 * RATE))[: len(TIME_S)] * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * TIME_S))
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    return sum(np.sin(number * phase) / number for number in range(1, 9)) * (1 - TIME_S % 0.4)


def pink() -> np.ndarray:
    spectrum = np.fft.rfft(RNG.normal(0, 1, len(TIME_S)))
    return np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)), len(TIME_S))


NO_SPEECH = {
    "white noise": RNG.normal(0, 1, len(TIME_S)),
    "pink noise": pink(),
    "noise at the rate of syllables": RNG.normal(0, 1, len(TIME_S)) * np.sin(2 * np.pi * 2 * TIME_S) ** 2,
    "a breath": RNG.normal(0, 1, len(TIME_S)) * np.maximum(0, np.sin(2 * np.pi * 0.4 * TIME_S)) ** 2,
    "hum": tones(50, harmonics=3),
    "a dial tone": tones(350, 440),
    "a chord": tones(220, 277.2, 329.6, harmonics=6) * np.exp(-2 * (TIME_S % 1)),
    "a melody": melody(),
    "drums": RNG.normal(0, 1, len(TIME_S)) * np.exp(-25 * (TIME_S % 0.25)),
    "a siren": np.sin(2 * np.pi * np.cumsum(800 + 300 * np.sin(np.pi * TIME_S)) / RATE),
    "a click": (np.arange(len(TIME_S)) == RATE) + RNG.normal(0, 1e-4, len(TIME_S)),
}


@pytest.mark.parametrize("peak", [0.9, 0.01])
@pytest.mark.parametrize("name", NO_SPEECH)
def test_what_is_no_speech_is_refused_however_loud_it_is(name, peak):
    sound = NO_SPEECH[name]
    with pytest.raises(
        NoSpeechError, match="No word was heard in the recording: it sounds like noise or music"
    ) as caught:
        check_speech(peak * sound / np.abs(sound).max())
    assert "\n" not in str(caught.value) and isinstance(caught.value, ValueError)


@pytest.mark.parametrize("samples", [np.zeros(RATE), np.full(RATE, 0.3), np.zeros(1), np.full(400, 1e-30)])
def test_silence_is_refused(samples):
    with pytest.raises(NoSpeechError, match="silent"):
        check_speech(samples)


def test_a_quiet_room_and_25_ms_of_speech_are_no_speech(ravdess_root):
    ((samples, _),) = clips(ravdess_root, {"neutral"}, "Actor_01")
    with pytest.raises(NoSpeechError, match="noise or music"):
        check_speech(samples[: int(0.4 * RATE)])
    with pytest.raises(NoSpeechError, match=r"0.025 s are too short"):
        check_speech(samples[int(1.4 * RATE) : int(1.425 * RATE)])


ALTERED = {
    "as it is": lambda samples: samples,
    "quiet": lambda samples: 0.003 * samples,
    "clipped": lambda samples: np.clip(20 * samples, -1, 1),
    "in noise": lambda samples: (
        samples + np.random.default_rng(0).normal(0, 0.03 * np.abs(samples).max(), len(samples))
    ),
    "with a click": lambda samples: np.where(np.arange(len(samples)) == 100, 0.9, 0.02 * samples),
    "twice a minute": lambda samples: np.concatenate([np.zeros(45 * RATE), samples, np.zeros(12 * RATE), samples]),
}


@pytest.mark.parametrize("name", ALTERED)
def test_speech_of_every_mood_passes(ravdess_root, name):
    for samples, _ in clips(ravdess_root, {"neutral", "sad", "angry", "happy"}, "Actor_09"):
        check_speech(ALTERED[name](samples))


def test_a_single_word_passes(ravdess_root):
    ((samples, _),) = clips(ravdess_root, {"neutral"}, "Actor_01")
    check_speech(samples[int(1.0 * RATE) : int(1.3 * RATE)])


def test_it_is_the_network_of_the_package(ravdess_root):
    """Silero's own code, window by window, gives the same probabilities, within what its other weights change."""
    torch = pytest.importorskip("torch")
    ((samples, _),) = clips(ravdess_root, {"neutral"}, "Actor_01")
    path = os.path.join(os.path.dirname(sys.modules["silero_vad"].__file__), "data", "silero_vad.jit")
    padded = np.pad(samples, (0, -len(samples) % 512)).astype(np.float32)
    theirs = torch.jit.load(path).audio_forward(torch.from_numpy(np.tile(padded, 2))[None], RATE)[0].numpy()
    ours = speech_probabilities(samples)
    assert len(ours) == len(padded) // 512
    np.testing.assert_allclose(ours, theirs[len(ours) :], atol=0.2)
    assert np.median(np.abs(ours - theirs[len(ours) :])) < 0.01


def test_a_missing_package_is_named(monkeypatch):
    speech_wise._weights.cache_clear()
    monkeypatch.setattr(speech_wise.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install 'silero-vad"):
        check_speech(NO_SPEECH["white noise"])


@pytest.mark.parametrize(
    ("samples", "rate", "message"),
    [(np.zeros(100), 8000, "resample"), (np.zeros((2, 100)), RATE, "one channel"), (np.full(9, np.nan), RATE, "NaN")],
)
def test_unusable_audio_is_refused(samples, rate, message):
    with pytest.raises(ValueError, match=message):
        check_speech(samples, rate)
