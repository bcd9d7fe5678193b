"""A small spoken corpus made with espeak-ng: every word and phoneme comes with the time at which it was synthesised.

The speech is synthetic. It proves that the machinery works from recordings to scores; a score on it says nothing about
emotions in human voices.
"""

import csv
import json
import logging
from dataclasses import astuple
from pathlib import Path

import numpy as np
import soundfile

from wise_hf.data.files import check_writable
from wise_hf.synthetic.espeak import SAMPLING_RATE, USUAL, Prosody, Voice, espeak_files, speak


logger = logging.getLogger(__name__)

EMOTIONS = ("angry", "happy", "neutral", "sad")
METADATA_COLUMNS = ("file_name", "emotion", "text", "speaker", "session")
OWN_SENTENCE_SHARE = 0.6  # the other utterances say a sentence that every emotion uses
NOISE_DBFS = (-65.0, -50.0)
SCATTER = (5.0, 9.0, 0.05, 1.5)  # of what `Prosody` has, where two utterances are meant alike

VOICES = (
    Voice("en-us+m3", 48, 168, 0.0),
    Voice("en-us+f2", 50, 172, -1.0),
    Voice("en-gb-x-rp+m1", 45, 160, -2.0),
    Voice("en-gb-x-rp+f3", 52, 165, 1.0),
    Voice("en-us+m7", 55, 178, 1.0),
    Voice("en-us-nyc+f4", 46, 170, 0.0),
    Voice("en-gb-scotland+m5", 52, 162, 0.5),
    Voice("en-us+linda", 48, 160, -1.5),
    Voice("en-us-nyc+m2", 42, 174, 1.5),
    Voice("en-gb-x-rp+belinda", 50, 158, 0.0),
    Voice("en-us+zac", 50, 166, -0.5),
    Voice("en-us+steph", 47, 176, 0.5),
    Voice("en-gb-x-gbclan+m8", 50, 164, -1.0),
    Voice("en-us+f1", 56, 168, 1.0),
    Voice("en-us+edward", 52, 172, 0.0),
    Voice("en-gb-scotland+f5", 48, 162, -2.0),
)

PROSODIES = {
    "angry": Prosody(pitch_shift=7.0, pitch_range=78.0, rate_factor=1.20, gain_db=5.0),
    "happy": Prosody(pitch_shift=20.0, pitch_range=88.0, rate_factor=1.06, gain_db=1.5),
    "neutral": USUAL,
    "sad": Prosody(pitch_shift=-10.0, pitch_range=18.0, rate_factor=0.80, gain_db=-5.0),
}

_SLOTS = {
    "person": ("my brother", "the teacher", "your sister", "our neighbor", "the driver", "my best friend", "Mary"),
    "thing": ("the letter", "the car", "this phone", "the kitchen door", "the ticket", "that picture", "the garden"),
    "time": ("today", "this morning", "tonight", "right now", "again"),
}

_SHARED_SENTENCES = (
    "{person} talked about {thing} {time}.",
    "I saw {person} with {thing} {time}.",
    "We are going home with {person} {time}.",
    "Did you tell {person} about {thing}?",
    "I can't believe {person} brought {thing}.",
    "Look at {thing}, {person} made it.",
    "It is all about {thing} and {person}.",
    "You know what {person} said {time}.",
    "{person} is coming here {time}.",
    "I didn't expect {thing} {time}.",
)

_OWN_SENTENCES = {
    "angry": (
        "I am so angry with {person} {time}.",
        "How dare {person} touch {thing}!",
        "Stop shouting and give me {thing}!",
        "I hate the way {person} broke {thing}.",
        "This is unfair, {person} ruined {thing}!",
        "Get out and leave {thing} alone!",
        "I'm furious, {person} lied about {thing}!",
        "That is enough, I won't fix {thing} {time}!",
    ),
    "happy": (
        "I am so happy about {thing} {time}!",
        "What a wonderful surprise, {person} loved {thing}!",
        "We won, and {person} is smiling {time}!",
        "It was fantastic to dance with {person} {time}.",
        "I love how {person} painted {thing}!",
        "Great news, {person} found {thing}!",
        "I laughed so much with {person} {time}.",
        "Thank you, {thing} looks beautiful!",
    ),
    "neutral": (
        "The meeting with {person} starts at nine {time}.",
        "Please put {thing} next to the table.",
        "{person} takes the bus to the office {time}.",
        "The report about {thing} has four pages.",
        "I will call {person} about {thing} {time}.",
        "We usually meet {person} at noon.",
        "You can see {thing} from the second floor.",
        "According to {person}, {thing} is in the list.",
    ),
    "sad": (
        "I miss {person} so much {time}.",
        "I'm sorry, {person} has lost {thing}.",
        "I cried alone about {thing} {time}.",
        "It hurts that {person} is gone.",
        "Nothing helps, {person} left me {time}.",
        "I feel so lonely without {person}.",
        "It breaks my heart to see {thing} {time}.",
        "Sadly, {person} will never come back.",
    ),
}


def write_corpus(
    output_dir: str | Path, num_speakers: int = 8, utterances_per_speaker: int = 40, seed: int = 0
) -> Path:
    """Write a corpus of four emotions as a folder in the audiofolder convention, with word and phoneme times.

    Both the sentence and the way it is said carry the emotion, and neither does so perfectly: four sentences in ten
    fit every emotion, and the prosody is acted more or less strongly. Emotions are balanced in every speaker.

    Args:
        output_dir: the folder; made if absent, files of the same names are overwritten.
        num_speakers: 1 to 16, each another voice; two by two they share a session.
        utterances_per_speaker: 1 or more.
        seed: the same seed gives the same corpus; a speaker's utterances do not depend on the other numbers.

    Returns:
        The folder: `metadata.csv` (file_name, emotion, text, speaker, session), `audio/<speaker>/<id>.wav` (16 kHz
        mono 16 bit) and beside each recording `<id>.words.json`, its aligned words as in `Speech.words`.

    Raises:
        ValueError: a number out of range, or a folder that cannot be written.
        ImportError: espeakng-loader is missing.
    """
    if not 1 <= num_speakers <= len(VOICES):
        raise ValueError(
            f"num_speakers is {num_speakers}, but there are {len(VOICES)} voices; ask for 1 to that many."
        )
    if utterances_per_speaker < 1:
        raise ValueError(f"utterances_per_speaker is {utterances_per_speaker}; ask for 1 or more.")
    espeak_files()
    output_dir = Path(output_dir)
    for speaker_index in range(num_speakers):
        check_writable(output_dir / "audio" / _speaker_name(speaker_index))
    with open(output_dir / "metadata.csv", "w", newline="", encoding="utf-8") as file:
        metadata = csv.writer(file, lineterminator="\n")
        metadata.writerow(METADATA_COLUMNS)
        for speaker_index in range(num_speakers):
            metadata.writerows(_write_speaker(output_dir, speaker_index, utterances_per_speaker, seed))
    num_utterances = num_speakers * utterances_per_speaker
    logger.info("Wrote %d synthetic utterances of %d voices to %s", num_utterances, num_speakers, output_dir)
    return output_dir


def _speaker_name(speaker_index: int) -> str:
    return f"speaker{speaker_index + 1:02d}"


def _write_speaker(output_dir: Path, speaker_index: int, num_utterances: int, seed: int) -> list[tuple[str, ...]]:
    """Write one speaker's recordings and word times; returns their rows of metadata.csv."""
    rng = np.random.default_rng([seed, speaker_index])
    speaker, session = _speaker_name(speaker_index), f"session{speaker_index // 2 + 1}"
    rows = []
    for index in range(num_utterances):
        # Starting at another emotion with each speaker balances corpora whose size is no multiple of four.
        emotion = EMOTIONS[(index + speaker_index) % len(EMOTIONS)]
        text = draw_sentence(emotion, rng)
        speech = speak(text, VOICES[speaker_index], acted(emotion, rng))
        stem = output_dir / "audio" / speaker / f"{speaker}_{index + 1:03d}_{emotion}"
        soundfile.write(f"{stem}.wav", with_noise(speech.samples, rng), SAMPLING_RATE, subtype="PCM_16")
        Path(f"{stem}.words.json").write_text(json.dumps(speech.words), encoding="utf-8")
        rows.append((f"{stem.relative_to(output_dir).as_posix()}.wav", emotion, text, speaker, session))
    return rows


def draw_sentence(emotion: str, rng: np.random.Generator) -> str:
    """A sentence that suits one of `EMOTIONS`, with its capital and its stop."""
    sentences = _OWN_SENTENCES[emotion] if rng.random() < OWN_SENTENCE_SHARE else _SHARED_SENTENCES
    slots = {name: fillers[rng.integers(len(fillers))] for name, fillers in _SLOTS.items()}
    sentence = sentences[rng.integers(len(sentences))].format(**slots)
    return sentence[0].upper() + sentence[1:]


def acted(emotion: str, rng: np.random.Generator) -> Prosody:
    """The prosody of one of `EMOTIONS`: acted weakly to strongly, with the scatter of any two ways to say it."""
    calm, target = (np.array(astuple(PROSODIES[each])) for each in ("neutral", emotion))
    strength = rng.uniform(0.3, 1.2)
    return Prosody(*(calm + strength * (target - calm) + rng.normal(0, SCATTER)))


def with_noise(samples: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Samples in [-1, 1] as they are recorded in a room that is not quite silent."""
    # A recording is never digitally silent; exact zeros would be outliers after the logarithm of the MFCC.
    rms = 10 ** (rng.uniform(*NOISE_DBFS) / 20)
    return np.clip(samples + rng.normal(0, rms, len(samples)), -1, 1).astype(np.float32)
