"""Synthetic speech of any length, with its text and the times of its words."""

import importlib.util
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from pathlib import Path

import numpy as np
import soundfile

from wise_hf.benchmark.measurement import NotHere
from wise_hf.model.word_times_wise import moved
from wise_hf.synthetic.demo_corpus import EMOTIONS, VOICES, draw_sentence, with_noise
from wise_hf.synthetic.espeak import SAMPLING_RATE, speak


SENTENCE = "The children have been talking by the door and nobody told them to come inside."
SENTENCES = 24


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
        NotHere: espeakng-loader is missing.
    """
    check_speaker_here()
    said = speak(SENTENCE, VOICES[0])
    return Spoken(said.samples, SENTENCE, said.words)


def check_speaker_here() -> None:
    """Raises NotHere where nobody can speak."""
    if importlib.util.find_spec("espeakng_loader") is None:
        raise NotHere("espeakng-loader is not installed (pip install espeakng-loader)")


def spoken_for(duration_s: float) -> Spoken:
    """Sentences one after the other, as one speaker says them; some come again in long speech.

    Args:
        duration_s: there is no more room for the shortest sentence before this.

    Raises:
        NotHere: espeakng-loader is missing.
    """
    sentences, said, left_s = some_sentences(), [], duration_s
    shortest_s = min(sentence.duration_s for sentence in sentences)
    for sentence in cycle(sentences):
        if left_s < shortest_s:
            return joined(said)
        if sentence.duration_s <= left_s:
            said.append(sentence)
            left_s -= sentence.duration_s


@cache
def some_sentences() -> list[Spoken]:
    """Different sentences, about a minute."""
    check_speaker_here()
    rng, said = np.random.default_rng(0), []
    for number in range(SENTENCES):
        text = draw_sentence(EMOTIONS[number % len(EMOTIONS)], rng)
        speech = speak(text, VOICES[0])
        said.append(Spoken(with_noise(speech.samples, rng), text, speech.words))
    return said


def joined(parts: list[Spoken]) -> Spoken:
    """One after the other."""
    starts_s = np.cumsum([0.0, *(part.duration_s for part in parts)])
    words = [moved(word, start_s) for part, start_s in zip(parts, starts_s, strict=False) for word in part.words]
    return Spoken(np.concatenate([part.samples for part in parts]), " ".join(part.text for part in parts), words)
