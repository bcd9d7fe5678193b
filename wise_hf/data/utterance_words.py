"""The map function for words: an utterance of a corpus reader -> its words on the time line."""

from wise_hf.data.schema import UTTERANCE_FEATURES
from wise_hf.model.alignment_wise import check_length
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.transcription_wise import find_words


def align_utterance(row: dict, sampling_rate: int = 16_000) -> dict:
    """
    Find the words of an utterance that has none yet: its text is aligned; without text it is transcribed first.

    Args:
        row: one utterance (`wise_hf.data.schema.UTTERANCE_FEATURES`).
        sampling_rate: rate that the aligner works at, in Hz.

    Returns:
        What `find_words` says of the columns of the schema: `text`, `words`, `alignment`, ...

    Raises:
        ValueError: naming the recording, where it has no words, its audio cannot be used or it is too long.
    """
    try:
        check_length(row["end_s"] - row["start_s"])  # also where its words are known: the pipeline takes no more
        if row["alignment"] is not None:
            return {}
        samples = read_audio(row["audio"], sampling_rate, row["start_s"], row["end_s"])
        found = find_words(samples, row["text"], sampling_rate)
    except ValueError as error:
        raise ValueError(f"{row['audio']}: {error}") from error
    return {name: value for name, value in found.items() if name in UTTERANCE_FEATURES}
