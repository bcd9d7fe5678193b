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

# Voices (variant, pitch, rate, gain), sentences for any emotion and for one, and what their slots are filled with.
_DATA = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
VOICES = tuple(Voice(*settings) for settings in _DATA["voices"])
_SLOTS, _SHARED_SENTENCES, _OWN_SENTENCES = _DATA["slots"], _DATA["shared"], _DATA["own"]

PROSODIES = {
    "angry": Prosody(pitch_shift=7.0, pitch_range=78.0, rate_factor=1.20, gain_db=5.0),
    "happy": Prosody(pitch_shift=20.0, pitch_range=88.0, rate_factor=1.06, gain_db=1.5),
    "neutral": USUAL,
    "sad": Prosody(pitch_shift=-10.0, pitch_range=18.0, rate_factor=0.80, gain_db=-5.0),
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
