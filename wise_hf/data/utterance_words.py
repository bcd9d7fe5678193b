"""The map functions for words: an utterance of a corpus reader -> its words on the time line.

Apart from that for features (`utterance_features.py`): the cache hashes a module with all that it imports, and a
change of the features should align nothing anew.
"""

from wise_hf.data.schema import UTTERANCE_FEATURES, Utterance, Word
from wise_hf.model.alignment_wise import check_length
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.found_words_wise import find_words
from wise_hf.model.recognised_wise import Recogniser


# Columns of an utterance without words.
UNHEARD = {"text": None, "words": [], "alignment": None, "fit": None}


def align_utterance(utterance: Utterance, sampling_rate: int = 16_000, recogniser: Recogniser | None = None) -> dict:
    """Find the words of an utterance that has none yet: its text is aligned; without text a recogniser hears it first.

    Args:
        utterance: one of a corpus reader.
        sampling_rate: rate that the aligner works at, in Hz.
        recogniser: see `find_words`; one that a cache knows again (`RecogniserSource`).

    Returns:
        What `find_words` says of the columns of the schema: `text`, `words`, `alignment`, ...

    Raises:
        ValueError: naming the recording, where it has no words, its audio cannot be used or it is too long.
    """
    try:
        # Also where its words are known: the pipeline takes no more.
        check_length(utterance["end_s"] - utterance["start_s"])
        if utterance["alignment"] is not None:
            return {}
        samples = read_audio(utterance["audio"], sampling_rate, utterance["start_s"], utterance["end_s"])
        found = find_words(samples, utterance["text"], sampling_rate, recogniser)
    except ValueError as error:
        raise ValueError(f"{utterance['audio']}: {error}") from error
    words = [{name: word.get(name) for name in Word.__annotations__} for word in found["words"]]
    return {name: value for name, value in found.items() if name in UTTERANCE_FEATURES} | {"words": words}


def hear_utterance(utterance: Utterance, sampling_rate: int = 16_000, recogniser: Recogniser | None = None) -> dict:
    """`align_utterance` of an utterance whose text and words, if it has some, are not looked at."""
    return align_utterance(utterance | UNHEARD, sampling_rate, recogniser)
