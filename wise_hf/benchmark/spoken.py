"""Synthetic speech of any length, with its text and the times of its words."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from wise_hf.model.word_times_wise import moved
from wise_hf.synthetic.demo_corpus import EMOTIONS, VOICES, draw_sentence, with_noise
from wise_hf.synthetic.espeak import SAMPLING_RATE, speak


SENTENCE = "The children have been talking by the door and nobody told them to come inside."
LONGEST_S = 60.0  # longer speech is this one again and again


@dataclass(frozen=True)
class Spoken:
    """Somebody speaks.

    Args:
        samples: (n,) float32 at 16 kHz.
        text: what is said.
        words: aligned words, where known.
    """

    samples: np.ndarray
    text: str
    words: list[dict] | None = None

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return len(self.samples) / SAMPLING_RATE

    def write(self, path: Path) -> Path:
        """Write the samples as a 16-bit wav file; returns its path."""
        soundfile.write(path, self.samples, SAMPLING_RATE, subtype="PCM_16")
        return path


def spoken_sentence() -> Spoken:
    """One sentence, of 4.5 s.

    Raises:
        ImportError: espeakng-loader is missing.
    """
    check_speaker_here()
    said = speak(SENTENCE, VOICES[0])
    return Spoken(said.samples, SENTENCE, said.words)


def check_speaker_here() -> None:
    """Raises ImportError where nobody can speak."""
    if importlib.util.find_spec("espeakng_loader") is None:
        raise ImportError("espeakng-loader is not installed: pip install espeakng-loader, or give --audio and --text.")


def spoken_for(duration_s: float) -> Spoken:
    """Sentences one after the other, as one speaker says them.

    Args:
        duration_s: the last sentence ends before this.
    """
    if duration_s > LONGEST_S:
        return _again(spoken_for(LONGEST_S), duration_s)
    rng, said = np.random.default_rng(0), []
    while True:
        text = draw_sentence(EMOTIONS[len(said) % len(EMOTIONS)], rng)
        speech = speak(text, VOICES[0])
        more = [*said, Spoken(with_noise(speech.samples, rng), text, speech.words)]
        if said and sum(each.duration_s for each in more) > duration_s:
            return joined(said)
        said = more


def _again(minute: Spoken, duration_s: float) -> Spoken:
    return joined([minute] * int(duration_s / minute.duration_s))


def joined(parts: list[Spoken]) -> Spoken:
    """One after the other."""
    starts_s = np.cumsum([0.0, *(part.duration_s for part in parts)])
    words = [moved(word, start_s) for part, start_s in zip(parts, starts_s, strict=False) for word in part.words]
    return Spoken(np.concatenate([part.samples for part in parts]), " ".join(part.text for part in parts), words)
