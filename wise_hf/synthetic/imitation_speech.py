"""The utterances of an imitation of IEMOCAP, spoken: what is said, how, and what its transcription makes of it."""

import zlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace

import numpy as np

from wise_hf.model.word_times_wise import moved
from wise_hf.synthetic.demo_corpus import EMOTIONS, VOICES, acted, draw_sentence, with_noise
from wise_hf.synthetic.espeak import SAMPLING_RATE, SILENCE_S, Prosody, Speech, Voice, speak
from wise_hf.synthetic.imitation_plan import Turn


# The share of utterances that go on after a sentence, and where they end: about 4 s in the mean, as IEMOCAP's.
GOES_ON = 0.43
MAX_SENTENCES = 8

# Every how many utterances one has something that only few have. Several may fall on the same one.
NOISE_PERIOD = 9
COLON_PERIOD = 37
DIFFERENT_TEXT_PERIOD = 28  # about 3.5 in a hundred
LAUGHTER_ONLY_PERIOD = 47

# Label -> the two of synthetic speech's emotions that it lies between, and how far towards the second.
_BETWEEN: Mapping[str, tuple[str, str, float]] = {each: (each, each, 0.0) for each in EMOTIONS} | {
    "disgusted": ("angry", "neutral", 0.5),
    "excited": ("happy", "happy", 0.0),
    "fearful": ("sad", "happy", 0.5),
    "frustrated": ("angry", "sad", 0.5),
    "other": ("neutral", "sad", 0.3),
    "surprised": ("happy", "neutral", 0.3),
}


@dataclass(frozen=True)
class Noise:
    """A sound that is no word. espeak-ng has none: noise that swells and fades stands for it.

    Args:
        name: as in the tag of a transcription.
        swells: how many times it swells.
        duration_s: how long it lasts.
    """

    name: str
    swells: int
    duration_s: float


LAUGHTER = Noise("LAUGHTER", 4, 0.8)
NOISES = (LAUGHTER, Noise("BREATHING", 1, 0.6), Noise("GARBAGE", 2, 0.4), Noise("LIPSMACK", 1, 0.1))


@dataclass(frozen=True)
class SpokenTurn:
    """A spoken turn on its dialog's time line.

    Args:
        turn: what was planned.
        start_s: when it starts, a multiple of 0.0001.
        samples: int16 of shape (num_samples,), mono, 16 kHz.
        words: as in `Speech.words`, in seconds from the first sample; a noise is the word `++LAUGHTER++` with the
            phoneme `+LAUGHTER+`.
        text: its transcription, with tags such as `[LAUGHTER]`.
    """

    turn: Turn
    start_s: float
    samples: np.ndarray
    words: list[dict]
    text: str

    @property
    def end_s(self) -> float:
        return self.start_s + len(self.samples) / SAMPLING_RATE


def voice_of(speaker: str) -> Voice:
    """The voice of one of the ten speakers, e.g. `Ses01F`: in `VOICES` men's and women's take turns."""
    return VOICES[2 * (int(speaker[4]) - 1) + (speaker[-1] == "F")]


def say(turn: Turn, start_s: float, seed: int, rng: np.random.Generator) -> SpokenTurn:
    """Speak a turn.

    Args:
        turn: who speaks, with which label, and the line that decides the words.
        start_s: when it starts.
        seed: of the corpus; with the line it decides the words.
        rng: decides how they are spoken.

    Returns:
        The utterance; the words of its transcription are not quite those spoken in every `DIFFERENT_TEXT_PERIOD`th.
    """
    line_rng = np.random.default_rng([seed, zlib.crc32(turn.line.encode())])
    manner = _manner(turn.label, line_rng)
    parts = _parts(turn, _sentences(turn, manner, line_rng), rng)
    prosody = _prosody(turn.label, manner, rng)
    spoken = [
        _burst(part, rng) if isinstance(part, Noise) else speak(part, voice_of(turn.speaker), prosody)
        for part in parts
    ]
    samples = with_noise(np.concatenate([speech.samples for speech in spoken]), rng)
    text = " ".join(f"[{part.name}]" if isinstance(part, Noise) else part for part in parts)
    if _falls_on(turn, DIFFERENT_TEXT_PERIOD):
        text = _without_a_word(text, rng)
    return SpokenTurn(turn, start_s, np.round(samples * 32767).astype(np.int16), _joined(spoken), text)


def _falls_on(turn: Turn, period: int) -> bool:
    return turn.has_segments and (turn.index + 1) % period == 0


def _manner(label: str, rng: np.random.Generator) -> tuple[str, str, float]:
    """Two emotions and how far towards the second; any two where the evaluators did not agree."""
    if label in _BETWEEN:
        return _BETWEEN[label]
    first, second = rng.permutation(EMOTIONS)[:2].tolist()
    return first, second, float(rng.random())


def _sentences(turn: Turn, manner: tuple[str, str, float], rng: np.random.Generator) -> list[str]:
    first, second, weight = manner
    number = min(rng.geometric(1 - GOES_ON), MAX_SENTENCES)
    sentences = [draw_sentence(second if rng.random() < weight else first, rng) for _ in range(number)]
    if _falls_on(turn, COLON_PERIOD):
        sentences[0] = f"Listen: {sentences[0]}"
    return sentences


def _parts(turn: Turn, sentences: list[str], rng: np.random.Generator) -> list[str | Noise]:
    """What follows on what: texts, and in some utterances a noise before, between or after them."""
    if _falls_on(turn, LAUGHTER_ONLY_PERIOD):
        return [LAUGHTER]
    if not _falls_on(turn, NOISE_PERIOD):
        return [" ".join(sentences)]
    place = int(rng.integers(len(sentences) + 1))
    noise = NOISES[turn.index // NOISE_PERIOD % len(NOISES)]
    return [part for part in (" ".join(sentences[:place]), noise, " ".join(sentences[place:])) if part]


def _prosody(label: str, manner: tuple[str, str, float], rng: np.random.Generator) -> Prosody:
    first, second, weight = manner
    one, other = (np.array(astuple(acted(emotion, rng))) for emotion in (first, second))
    prosody = Prosody(*((1 - weight) * one + weight * other).tolist())
    if label == "excited":  # as happy, but higher and faster
        prosody = replace(prosody, pitch_shift=prosody.pitch_shift + 8, rate_factor=prosody.rate_factor * 1.1)
    return prosody


def _burst(noise: Noise, rng: np.random.Generator) -> Speech:
    """A noise with as much silence around it as `speak` leaves."""
    time = np.linspace(0, 1, round(noise.duration_s * SAMPLING_RATE), endpoint=False)
    sound = 0.05 * np.sin(np.pi * noise.swells * time) ** 2 * rng.standard_normal(len(time))
    span = {"start_s": SILENCE_S, "end_s": SILENCE_S + noise.duration_s}
    word = {"word": f"++{noise.name}++", **span, "phonemes": [{"phoneme": f"+{noise.name}+", **span}]}
    return Speech(np.pad(sound, round(SILENCE_S * SAMPLING_RATE)).astype(np.float32), [word])


def _joined(spoken: list[Speech]) -> list[dict]:
    """The words of consecutive pieces on one time line."""
    words, start_s = [], 0.0
    for speech in spoken:
        words += [moved(word, start_s) for word in speech.words]
        start_s += len(speech.samples) / SAMPLING_RATE
    return words


def _without_a_word(text: str, rng: np.random.Generator) -> str:
    """A transcription that leaves out one of the words, where there is more than one."""
    tokens = text.split()
    places = [place for place, token in enumerate(tokens) if not token.startswith("[")]
    if len(places) > 1:
        del tokens[rng.choice(places)]
    return " ".join(tokens)
