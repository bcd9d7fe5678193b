import numpy as np
import pytest
import torch
from speech import clips

from wise_hf.model import speech_wise
from wise_hf.model.speech_wise import NoSpeechError, SpeechListener, check_speech, hear_speech, speech_probabilities


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
    with pytest.raises(NoSpeechError, match="No word was heard .*: it sounds like noise or music") as caught:
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
    "quiet": lambda samples: 0.03 * samples,
    "clipped": lambda samples: np.clip(20 * samples, -1, 1),
    "in noise": lambda samples: samples + 0.03 * np.abs(samples).max() * RNG.normal(0, 1, len(samples)),
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


def reference_probabilities(samples: np.ndarray) -> list[float]:
    """Silero's network as its package describes it (tinygrad_model.py), one window after the other, heard once."""
    weights = {name: torch.from_numpy(value) for name, value in speech_wise._weights().items()}
    cell = torch.nn.LSTMCell(128, 128)
    cell.load_state_dict({name.split(".")[1]: value for name, value in weights.items() if "lstm" in name})
    padded, state, found = np.pad(samples, (64, -len(samples) % 512)).astype(np.float32), None, []
    for start in range(0, len(padded) - 64, 512):
        window = torch.nn.functional.pad(torch.from_numpy(padded[start : start + 576])[None, None], (0, 64), "reflect")
        parts = torch.conv1d(window, weights["stft_conv.weight"], stride=128)
        hidden = (parts[:, :129] ** 2 + parts[:, 129:] ** 2).sqrt()
        for layer, stride in (("conv1", 1), ("conv2", 2), ("conv3", 2), ("conv4", 1)):
            weight, bias = weights[f"{layer}.weight"], weights[f"{layer}.bias"]
            hidden = torch.conv1d(hidden, weight, bias, stride=stride, padding=1).relu()
        state = cell(hidden[:, :, 0], state)
        out = torch.conv1d(state[0].relu()[:, :, None], weights["final_conv.weight"], weights["final_conv.bias"])
        found.append(out.sigmoid().item())
    return found


@torch.no_grad()
def test_it_is_the_networks_second_hearing():
    samples = np.sin(2 * np.pi * np.cumsum(RNG.uniform(100, 300, 5000)) / RATE) * RNG.uniform(0, 1, 5000)
    padded = np.pad(samples, (0, -len(samples) % 512))
    expected = reference_probabilities(np.tile(padded, 2))[len(padded) // 512 :]
    np.testing.assert_allclose(speech_probabilities(samples), expected, atol=1e-4)


def test_a_stream_in_parts_is_the_network_s_first_hearing_of_all_of_it():
    samples = RNG.uniform(-1, 1, 20 * 512).astype(np.float32) * np.linspace(0, 1, 20 * 512, dtype=np.float32)
    listener = SpeechListener()
    heard = [listener.hear(part) for part in np.split(samples, [512, 5 * 512, 6 * 512])]
    np.testing.assert_allclose(np.concatenate(heard), reference_probabilities(samples), atol=1e-4)


def test_speech_in_a_long_recording_is_heard_at_its_time(ravdess_root):
    ((samples, _),) = clips(ravdess_root, {"neutral"}, "Actor_09")
    speech = samples[int(0.9 * RATE) : int(2.9 * RATE)]
    silence = np.zeros(14 * RATE)
    middles_s = (np.flatnonzero(hear_speech(np.concatenate([silence, speech] * 6)) > 0.5) + 0.5) * 0.032
    assert all(np.any((middles_s > start) & (middles_s < start + 2)) for start in range(14, 96, 16))
    assert np.all(middles_s % 16 > 13.9)


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
