"""Speech to text with pocketsphinx's embedded English language model: the default where no transcript is given."""

import re

import numpy as np

from .alignment_wise import align, check_length
from .decoder_wise import SAMPLING_RATE, check_samples, decode, drop_decoder, is_silent, make_decoder, shared_decoder
from .speech_wise import NoSpeechError, check_speech


PURPOSE = "transcribe"
# <s>, <sil>, [NOISE], ++LAUGH++ are no words.
FILLER = re.compile(r"[<\[+(].*")
# The dictionary numbers alternative pronunciations: "the(2)".
ALTERNATIVE = re.compile(r"\(\d+\)$")


def _make_recogniser():
    # The second, flat search costs time and on real speech made slightly more errors than it mended.
    return make_decoder(fwdflat=False)


def _clean(tokens: list[str]) -> str:
    return " ".join(ALTERNATIVE.sub("", token) for token in tokens if not FILLER.fullmatch(token))


def transcribe(samples: np.ndarray, sampling_rate: int = SAMPLING_RATE) -> str:
    """What is said in a recording, as far as a small embedded recogniser hears it.

    Args:
        samples: (n,) float, mono, in [-1, 1].
        sampling_rate: in Hz, 16000.

    Returns:
        Lower-case words joined by blanks; "" when nothing was heard.

    Raises:
        ValueError: no finite mono audio at 16 kHz, or the recogniser cannot decode it.
        ImportError: pocketsphinx is not installed.
    """
    samples = check_samples(samples, sampling_rate)
    if is_silent(samples):
        return ""
    lock, decoder = shared_decoder(PURPOSE, _make_recogniser)
    with lock:
        try:
            decode(decoder, samples)
            if decoder.hyp() is None:
                return ""
            return _clean([segment.word for segment in decoder.seg()])
        except RuntimeError as error:
            drop_decoder(PURPOSE)
            raise ValueError(f"The recogniser failed on this audio ({error}); pass its transcript instead.") from error


def find_words(samples: np.ndarray, text: str | None = None, sampling_rate: int = SAMPLING_RATE) -> dict:
    """The words of a recording on its time line: its text is aligned, and without text it is transcribed first.

    Args:
        samples: (n,) float, mono, in [-1, 1].
        text: what is said, or `None`.
        sampling_rate: in Hz, 16000.

    Returns:
        `text`, `words` (aligned words, each with its `fit`), `alignment`: `aligner`, `asr+aligner`, `doubtful` where
        the words fit so badly that something else is said, or much more, or `uniform` where nothing aligned; and
        `fit`, from 0 to 1 how well all of them fit what is said, `None` where nothing aligned.

    Raises:
        NoSpeechError: nobody speaks in the recording, or no word of it was heard.
        ValueError: no finite mono audio at 16 kHz, no English word in the text or too many, or too long a recording.
    """
    check_length(len(check_samples(samples, sampling_rate)) / sampling_rate)
    said = _heard(samples, sampling_rate) if text is None else text
    alignment = align(samples, said, sampling_rate)
    source = "asr+aligner" if text is None and alignment.source == "aligner" else alignment.source
    return {"text": said, "words": alignment.words, "alignment": source, "fit": alignment.fit}


def _heard(samples: np.ndarray, sampling_rate: int) -> str:
    """What is said; at least a word."""
    check_speech(samples, sampling_rate)
    heard = transcribe(samples, sampling_rate)
    if not heard:
        raise NoSpeechError("No word was heard in the recording; give what is said in it as its text, or another one.")
    return heard
