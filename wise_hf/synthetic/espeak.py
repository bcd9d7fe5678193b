"""espeak-ng as a speaker: samples of a text, with the time at which each word and phoneme was synthesised.

espeak-ng comes with the PyPI package espeakng-loader and is loaded only when it is needed.
"""

import _ctypes
import atexit
import bisect
import ctypes
import functools
import logging
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import soxr

from wise_hf.data.schema import Word
from wise_hf.model import espeak_wise
from wise_hf.model.word_times_wise import timed_word


logger = logging.getLogger(__name__)

SAMPLING_RATE = 16000
SILENCE_S = 0.15  # before and after the speech of an utterance

# Values of espeak-ng's public header speak_lib.h.
_EVENT_END_OF_LIST, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_VOLUME_PERCENT = 40  # leaves head-room: louder than this, espeak-ng's own gain control squeezes the signal
_RATE_LIMITS_WPM = (80, 450)

# A rough count of the sounds in a spelling: some pairs of letters stand for one.
_SPELT_SOUND = re.compile(r"th|sh|ch|ph|wh|ck|ng|[^\W_]")
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")


@dataclass(frozen=True)
class Voice:
    """One speaker: an espeak-ng voice and how that person usually talks.

    Args:
        variant: espeak-ng voice and variant, such as `en-us+m3`.
        pitch: usual pitch, 0 to 99 around the variant's own, 50 = unchanged.
        rate_wpm: usual speed in words a minute.
        gain_db: how loud the speaker is recorded, in dB against the others.
    """

    variant: str
    pitch: float = 50.0
    rate_wpm: float = 165.0
    gain_db: float = 0.0


@dataclass(frozen=True)
class Prosody:
    """How a sentence is said, against the speaker's usual way.

    Args:
        pitch_shift: added to the speaker's pitch (scale of `Voice.pitch`).
        pitch_range: 0 (monotone) to 99 (lively), 50 = the variant's own.
        rate_factor: speed against the speaker's usual speed.
        gain_db: loudness against the speaker's usual loudness, in dB.
    """

    pitch_shift: float = 0.0
    pitch_range: float = 45.0
    rate_factor: float = 1.0
    gain_db: float = 0.0


@dataclass(frozen=True)
class Speech:
    """A synthesised utterance.

    Args:
        samples: float32 of shape (num_samples,), mono, 16 kHz, in [-1, 1].
        words: aligned words, `{"word", "start_s", "end_s", "phonemes": [{"phoneme", "start_s", "end_s"}]}`, ARPAbet
            phonemes without stress, which tile their word; times in seconds from the first sample.
    """

    samples: np.ndarray
    words: list[Word]


USUAL = Prosody()
_Sound = tuple[str, float, float]  # an ARPAbet phoneme, its first and its end sample


class _Event(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position_ms", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", ctypes.c_char * 8),  # a union, of which the name of a phoneme is used
    ]


_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event))


@dataclass(frozen=True)
class _Mark:
    """What espeak-ng says at a sample: a word begins (`phoneme` None, `position` in the text) or a phoneme begins."""

    sample: int
    position: int
    phoneme: str | None


def speak(text: str, voice: Voice, prosody: Prosody = USUAL) -> Speech:
    """Say a text. The same arguments give the same samples, whatever was said before.

    Args:
        text: English, plain; its words are spelt in `words` as here but in lower case, without punctuation.
        voice: who says it.
        prosody: how it is said.

    Returns:
        The samples at 16 kHz, 0.15 s of silence before and after, and the words with the times at which espeak-ng
        synthesised them. What it has no time for is estimated: the halves of a vowel that ARPAbet writes as two
        phonemes (`chair`: EH R), an l that it speaks as the end of a vowel (`old`: a third of both), and words that
        it runs into one (`of the`), which share its phonemes by their spelling.

    Raises:
        ValueError: no word in the text, or espeak-ng does not know the voice.
        ImportError: espeakng-loader is missing.
    """
    tokens = list(_TOKEN.finditer(text))
    if not tokens:
        raise ValueError("There is no word to say; give a text with at least one word.")
    waveform, marks, rate = _synthesise(text, voice, prosody)
    samples = soxr.resample(waveform.astype(np.float32) / 32768, rate, SAMPLING_RATE)
    samples *= 10 ** ((voice.gain_db + prosody.gain_db) / 20)
    samples = np.pad(np.clip(samples, -1, 1), round(SILENCE_S * SAMPLING_RATE)).astype(np.float32)
    spoken = _share_phonemes(_phonemes_of_tokens(marks, tokens, len(waveform)), tokens)
    words = [_word(token.group(), phonemes, rate) for token, phonemes in zip(tokens, spoken, strict=True)]
    return Speech(samples, words)


def _word(spelling: str, phonemes: list[_Sound], rate: int) -> Word:
    edges = [phonemes[0][1], *(end for _, _, end in phonemes)]
    edges_s = [round(SILENCE_S + sample / rate, 6) for sample in edges]
    return timed_word(spelling.lower(), [name for name, _, _ in phonemes], edges_s)


def _phonemes_of_tokens(marks: list[_Mark], tokens: list[re.Match], num_samples: int) -> list[list[_Sound]]:
    """Sort the marks into the phonemes of each token; one that is run into its neighbour has none."""
    starts = [token.start() for token in tokens]
    ends = [mark.sample for mark in marks[1:]] + [num_samples]
    spoken: list[list[_Sound]] = [[] for _ in tokens]
    token, begin = 0, None
    for mark, end in zip(marks, ends, strict=True):
        if mark.phoneme is None:
            # espeak-ng counts characters from 1.
            token, begin = max(bisect.bisect_right(starts, mark.position - 1) - 1, 0), mark.sample
        elif mark.phoneme.startswith("_"):
            begin = None
        else:
            # The closure of a first stop lies between the word's mark and the phoneme's.
            start = mark.sample if begin is None else begin
            begin = _add_phoneme(spoken[token], mark.phoneme, start, end)
    return spoken


def _add_phoneme(phonemes: list[_Sound], espeak_name: str, start: int, end: int) -> int | None:
    """Append the ARPAbet phonemes of [start, end); returns where the next phoneme has to begin if none was added."""
    names = _arpabet(espeak_name.lstrip("',%="))
    if not names:
        return start
    if phonemes and end <= start:
        # An l or r that espeak-ng speaks as the end of its vowel: it has no time of its own.
        name, start, end = phonemes.pop()
        middle = start + (end - start) * 2 / 3
        phonemes.append((name, start, middle))
        start = middle
    if end <= start:
        return start
    edges = np.linspace(start, end, len(names) + 1).tolist()
    if phonemes:  # espeak-ng may leave a pause inside a word; phonemes tile their word
        phonemes[-1] = (*phonemes[-1][:2], edges[0])
    phonemes.extend((name, *span) for name, span in zip(names, pairwise(edges), strict=True))
    return None


def _arpabet(espeak_name: str) -> list[str]:
    if espeak_name not in espeak_wise.NAMED_SOUNDS:
        logger.warning("espeak-ng's phoneme %r has no ARPAbet name here; its time goes to its neighbour.", espeak_name)
    return espeak_wise.NAMED_SOUNDS.get(espeak_name, [])


def _share_phonemes(spoken: list[list[_Sound]], tokens: list[re.Match]) -> list[list[_Sound]]:
    """Give tokens without phonemes, which espeak-ng ran into the token before, their part of its phonemes."""
    leaders = [index for index, phonemes in enumerate(spoken) if phonemes]
    if not leaders:
        raise ValueError("espeak-ng says nothing of the text; give an English one.")
    weights = [len(_SPELT_SOUND.findall(token.group().lower())) for token in tokens]
    bounds = pairwise([0, *leaders[1:], len(tokens)])
    shared = []
    for leader, (first, last) in zip(leaders, bounds, strict=True):
        shared += _divide(spoken[leader], weights[first:last])
    return shared


def _divide(phonemes: list[_Sound], weights: list[int]) -> list[list[_Sound]]:
    """Divide consecutive phonemes among words in proportion to the weights, at least one for each word."""
    while len(phonemes) < len(weights):
        name, start, end = phonemes[-1]
        middle = (start + end) / 2
        phonemes = [*phonemes[:-1], (name, start, middle), (name, middle, end)]
    cuts, taken = [0], 0
    for position, count in enumerate(weights[:-1], start=1):
        taken += count
        wanted = round(len(phonemes) * taken / sum(weights))
        cuts.append(min(max(wanted, cuts[-1] + 1), len(phonemes) - (len(weights) - position)))
    cuts.append(len(phonemes))
    return [phonemes[first:last] for first, last in pairwise(cuts)]


def _synthesise(text: str, voice: Voice, prosody: Prosody) -> tuple[np.ndarray, list[_Mark], int]:
    """Run espeak-ng once: int16 samples, the marks in order, and the rate of both in Hz."""
    with _fresh_library() as (library, data_path):
        chunks, marks = [], []
        callback = _SynthCallback(functools.partial(_collect, chunks, marks))
        rate = espeak_wise.start_espeak(library, data_path, espeak_wise.PHONEME_EVENTS)
        try:
            library.espeak_SetSynthCallback(callback)
            espeak_wise.choose_voice(library, voice.variant)
            library.espeak_ng_SetRandSeed(ctypes.c_long(1))
            for parameter, value in _settings(voice, prosody).items():
                library.espeak_SetParameter(parameter, value, 0)
            encoded = text.encode()
            size = ctypes.c_size_t(len(encoded) + 1)
            library.espeak_Synth(encoded, size, 0, 1, 0, espeak_wise.CHARS_UTF8, None, None)
        finally:
            library.espeak_Terminate()
    if not chunks:
        raise ValueError("espeak-ng made no sound of the text; give an English one.")
    return np.concatenate(chunks), marks, rate


def _collect(chunks: list, marks: list, waveform, num_samples: int, events) -> int:
    """espeak-ng's callback: keep the samples and the marks of a piece of speech; 0 lets it go on."""
    if waveform and num_samples > 0:
        chunks.append(np.ctypeslib.as_array(waveform, (num_samples,)).copy())
    index = 0
    while events[index].type != _EVENT_END_OF_LIST:
        event = events[index]
        if event.type == _EVENT_WORD:
            marks.append(_Mark(event.sample, event.text_position, None))
        elif event.type == _EVENT_PHONEME:
            marks.append(_Mark(event.sample, event.text_position, event.id.decode()))
        index += 1
    return 0


def _settings(voice: Voice, prosody: Prosody) -> dict[int, int]:
    """espeak-ng's parameters and their values."""
    return {
        _RATE: int(np.clip(round(voice.rate_wpm * prosody.rate_factor), *_RATE_LIMITS_WPM)),
        _VOLUME: _VOLUME_PERCENT,
        _PITCH: int(np.clip(round(voice.pitch + prosody.pitch_shift), 0, 99)),
        _RANGE: int(np.clip(round(prosody.pitch_range), 0, 99)),
    }


@contextmanager
def _fresh_library() -> Iterator[tuple[ctypes.CDLL, bytes]]:
    """espeak-ng, newly loaded: it keeps its pitch flutter and gain from one utterance to the next in static variables
    that no call resets, so only a fresh copy (6 ms) makes an utterance independent of those before it."""
    library_path, data_path = espeak_files()
    library = ctypes.CDLL(library_path)
    unload = getattr(_ctypes, "dlclose", None) or _ctypes.FreeLibrary
    try:
        yield library, data_path
    finally:
        unload(library._handle)


@functools.cache
def espeak_files() -> tuple[str, bytes]:
    """A private copy of the library, which no other user of it in this process keeps loaded.

    Returns:
        Paths of the copy and of espeak-ng's data.

    Raises:
        ImportError: espeakng-loader is missing.
    """
    library_path, data_path = espeak_wise.espeak_paths()
    folder = tempfile.mkdtemp(prefix="wise_hf_espeak_")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return shutil.copy(library_path, folder), data_path
