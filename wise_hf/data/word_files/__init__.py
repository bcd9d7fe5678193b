"""Word times that people bring, as recognisers, aligners and subtitles write them -> one form."""

from pathlib import Path

from wise_hf.data.word_files.captions import read_captions
from wise_hf.data.word_files.ctm import read_ctm
from wise_hf.data.word_files.json_words import read_json_words
from wise_hf.data.word_files.textgrid import read_textgrid
from wise_hf.data.word_files.word_file import WordFile, decoded


READERS = {
    ".json": read_json_words,
    ".jsonl": read_json_words,
    ".textgrid": read_textgrid,
    ".ctm": read_ctm,
    ".vtt": read_captions,
    ".srt": read_captions,
}


def read_word_file(
    path: str | Path, recording: str | None = None, channel: int | None = None, speaker: str | None = None
) -> list[dict]:
    """The words of a recording from a file, whose format its suffix tells (`READERS`).

    Args:
        path: JSON of a recogniser or of wise_hf, a TextGrid, NIST CTM, WebVTT or SubRip.
        recording: name of the recording without suffix, where the file is of several.
        channel: from 0, where the file is of several.
        speaker: who is meant, where the file is of several.

    Returns:
        {"word", "start_s", "end_s", "phonemes": [{"phoneme", "start_s", "end_s"}]} each, times in seconds or None and
        phonemes where the file has them: as `wise_hf.model.word_times_wise.words_from_times` takes and repairs them.

    Raises:
        ValueError: naming the file, and what about it cannot be used.
    """
    path = Path(path)
    wanted = {"recording": recording, "channel": None if channel is None else str(channel), "speaker": speaker}
    try:
        read = READERS.get(path.suffix.lower())
        if read is None:
            raise ValueError(f"it has none of the suffixes {', '.join(READERS)}; name it by its format.")
        return read(WordFile(path, decoded(path.read_bytes()), wanted))
    except OSError as error:
        raise ValueError(f"{path.name}: it cannot be read ({error.strerror}); give a file of word times.") from error
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error
