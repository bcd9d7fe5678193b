"""What becomes of a model's scores where recordings are made quieter, clipped, narrow, compressed or noisy."""

import io
from collections.abc import Callable, Sequence

import numpy as np
import soundfile
import soxr
from scipy.signal import butter, sosfilt
from sklearn.metrics import confusion_matrix
from tqdm.auto import tqdm
from transformers import Pipeline

from wise_hf.data.schema import Utterance
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.level_wise import speech_level
from wise_hf.training.scores import scores_of_confusion


TELEPHONE_HZ, TELEPHONE_BAND_HZ = 8000, (300, 3400)
MU = 255
MP3_COMPRESSION = 0.8  # 32 kbit/s for mono at 16 kHz

Change = Callable[[np.ndarray, int], np.ndarray]


def _louder(gain_db: float) -> Change:
    return lambda samples, rate: samples * 10 ** (gain_db / 20)


def _peak(peak: float) -> Change:
    """To one peak; what is beyond full scale is clipped."""
    return lambda samples, rate: np.clip(samples * peak / max(np.abs(samples).max(), 1e-9), -1, 1)


def _band(samples: np.ndarray, rate: int) -> np.ndarray:
    """Sampled at 8 kHz on the way: nothing above 4 kHz is left."""
    return soxr.resample(soxr.resample(samples, rate, TELEPHONE_HZ), TELEPHONE_HZ, rate)


def _telephone(samples: np.ndarray, rate: int) -> np.ndarray:
    return _band(sosfilt(butter(6, TELEPHONE_BAND_HZ, "bandpass", fs=rate, output="sos"), samples), rate)


def _mu_law(samples: np.ndarray, rate: int) -> np.ndarray:
    """8 kHz, and 8 bits a sample as G.711 shares them out."""
    narrow = np.clip(soxr.resample(samples, rate, TELEPHONE_HZ), -1, 1)
    code = np.round(127 * np.sign(narrow) * np.log1p(MU * np.abs(narrow)) / np.log1p(MU)) / 127
    return soxr.resample(np.sign(code) * np.expm1(np.abs(code) * np.log1p(MU)) / MU, TELEPHONE_HZ, rate)


def _mp3(samples: np.ndarray, rate: int) -> np.ndarray:
    file = io.BytesIO()
    options = {"bitrate_mode": "CONSTANT", "compression_level": MP3_COMPRESSION}
    soundfile.write(file, np.clip(samples, -1, 1), rate, format="MP3", **options)
    return read_audio(file.getvalue(), rate)


def _noise(below_db: float) -> Change:
    """Noise that falls with the frequency, as rooms have it, so many decibels below the speech."""

    def change(samples: np.ndarray, rate: int) -> np.ndarray:
        spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(len(samples)))
        noise = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(len(spectrum)), 20)), len(samples))
        level = speech_level(samples, rate) * 10 ** (-below_db / 20)
        return samples + noise * (level / np.sqrt(np.mean(noise**2)))

    return change


CHANNELS: dict[str, Change] = {
    "as recorded": _louder(0),
    "12 dB quieter": _louder(-12),
    "20 dB quieter": _louder(-20),
    "30 dB quieter": _louder(-30),
    "peak at 0.9": _peak(0.9),
    "clipped by 3 dB": _peak(1.41),
    "clipped by 6 dB": _peak(2.0),
    "clipped by 12 dB": _peak(4.0),
    "8 kHz": _band,
    "telephone band, 300-3400 Hz": _telephone,
    "8 kHz mu-law": _mu_law,
    "MP3 at 32 kbit/s": _mp3,
    "room noise at 20 dB": _noise(20),
    "room noise at 10 dB": _noise(10),
}


def score_channels(classify: Pipeline, utterances: Sequence[Utterance]) -> dict[str, dict[str, float]]:
    """A model's scores through every channel, by the pipeline, which aligns each recording anew.

    Args:
        classify: the pipeline of a saved model.
        utterances: with `audio`, `start_s`, `end_s`, `text` and `emotion`, one that the model knows.

    Returns:
        For each of `CHANNELS` `wa`, the share of all utterances whose emotion is recognised, `ua`, the mean of that
        share over the emotions, and `refused`, how many recordings were; they count as not recognised.
    """
    rate = classify.processor.feature_extractor.sampling_rate
    emotions = [each["emotion"] for each in utterances]
    heard: dict[str, list[str | None]] = {name: [] for name in CHANNELS}
    for each in tqdm(utterances, unit="utterance"):
        samples = read_audio(each["audio"], rate, each["start_s"], each["end_s"])
        for name, change in CHANNELS.items():
            changed = {"array": change(samples, rate).astype(np.float32), "sampling_rate": rate, "text": each["text"]}
            result = classify(changed, top_k=1, on_error="report")
            heard[name].append(None if "error" in result else result[0]["label"])
    return {name: _scores(its, emotions) for name, its in heard.items()}


def _scores(heard: Sequence[str | None], emotions: Sequence[str]) -> dict[str, float]:
    """A refused recording is heard as `None`, a class that no utterance has."""
    predicted = [label or "" for label in heard]
    scores = scores_of_confusion(confusion_matrix(emotions, predicted, labels=sorted({*emotions, *predicted})))
    return {"wa": scores["wa"], "ua": scores["ua"], "refused": heard.count(None)}
