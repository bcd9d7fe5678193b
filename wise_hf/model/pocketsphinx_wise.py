"""pocketsphinx's embedded English language model as a recogniser: the default where no transcript is given."""

import re
from typing import Any

import numpy as np

from .decoder_wise import SAMPLING_RATE, check_samples, decode, drop_decoder, is_silent, make_decoder, shared_decoder
from .recognised_wise import Recognised
from .speech_wise import ANY_SPEECH_PROBABILITY, WINDOW_S, hear_speech


PURPOSE = "transcribe"
# <s>, <sil>, [NOISE], ++LAUGH++ are no words.
FILLER = re.compile(r"[<\[+(].*")
# The dictionary numbers alternative pronunciations: "the(2)".
ALTERNATIVE = re.compile(r"\(\d+\)$")
FRAME_S = 0.01
MARGIN_S = 0.3  # heard before and after speech
# At most so many states are searched in a frame; without a limit it takes nearly twice as long, with about as many
# errors.
MOST_STATES = 3000


def _make_recogniser():
    # The second, flat search costs time and on real speech made slightly more errors than it mended.
    return make_decoder(fwdflat=False, maxhmmpf=MOST_STATES)


def recognise_english(samples: np.ndarray, sampling_rate: int = SAMPLING_RATE) -> Recognised:
    """What is said in a recording, as far as a small embedded recogniser hears it: it takes everything for English.

    Args:
        samples: (n,) float, mono, in [-1, 1].
        sampling_rate: in Hz, 16000.

    Returns:
        Lower-case words with times and confidence; none when nothing was heard.

    Raises:
        ValueError: no finite mono audio at 16 kHz, or the recogniser cannot decode it.
        ImportError: pocketsphinx or silero-vad is not installed.
    """
    samples = check_samples(samples, sampling_rate)
    if is_silent(samples):
        return Recognised([])
    first, spoken = _spoken_part(samples)
    lock, decoder = shared_decoder(PURPOSE, _make_recogniser)
    with lock:
        try:
            decode(decoder, spoken)
            segments = [] if decoder.hyp() is None else list(decoder.seg())
        except RuntimeError as error:
            drop_decoder(PURPOSE)
            raise ValueError(f"The recogniser failed on this audio ({error}); pass its transcript instead.") from error
    return Recognised([_word(segment, first) for segment in segments if not FILLER.fullmatch(segment.word)])


def _spoken_part(samples: np.ndarray) -> tuple[int, np.ndarray]:
    """The samples from the first to the last speech, all where there is none, and the frame at which they begin.

    Silence around the words costs time, and more errors: the recogniser takes the mean over what it hears from it.
    """
    spoken = np.flatnonzero(hear_speech(samples) >= ANY_SPEECH_PROBABILITY)
    if not len(spoken):
        return 0, samples
    first = max(0, round((spoken[0] * WINDOW_S - MARGIN_S) / FRAME_S))
    stop_s = (spoken[-1] + 1) * WINDOW_S + MARGIN_S
    return first, samples[round(first * FRAME_S * SAMPLING_RATE) : round(stop_s * SAMPLING_RATE)]


def _word(segment: Any, first: int) -> dict:
    return {
        "word": ALTERNATIVE.sub("", segment.word),
        "start_s": (first + segment.start_frame) * FRAME_S,
        "end_s": (first + segment.end_frame + 1) * FRAME_S,
        "confidence": segment.prob,
    }
