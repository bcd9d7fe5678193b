"""NIST CTM (`recording channel start duration word [confidence]` a line, `;;` comments) -> words."""

import re

from wise_hf.data.word_files.word_file import WordFile
from wise_hf.model.word_formats_wise import seconds


FIELDS = ("recording", "channel", "start", "duration", "word")
LETTERED_CHANNELS = {"A": "0", "B": "1"}
UNKNOWN = "*"
NO_WORD = "@"  # an alternative in which nothing is said
ALTERNATIVES = ("<ALT_BEGIN>", "<ALT>", "<ALT_END>")


def read_ctm(file: WordFile) -> list[dict]:
    """The words of one recording and channel; of alternatives the first.

    Raises:
        ValueError: naming the line that is none of a CTM, or all recordings or channels where it has several.
    """
    labelled, is_first = [], True
    for number, line in enumerate(file.text.split("\n"), start=1):
        fields = line.split()
        if not fields or fields[0].startswith(";;"):
            continue
        if len(fields) < len(FIELDS):
            raise ValueError(f"line {number}: {len(fields)} values, expected at least 5: {' '.join(FIELDS)}.")
        recording, channel, start, duration, word = fields[: len(FIELDS)]
        if word in ALTERNATIVES:
            is_first = word != "<ALT>"
        elif is_first and word != NO_WORD:
            whose = {"recording": recording, "channel": _channel(channel)}
            labelled.append((whose, {"word": word, **_times(start, duration, number)}))
    return file.choose(labelled)


def _channel(written: str) -> str:
    """Its number from 0; a CTM counts from 1, or by letters."""
    if re.fullmatch("[0-9]{1,9}", written) and int(written) > 0:
        return str(int(written) - 1)
    return LETTERED_CHANNELS.get(written.upper(), written)


def _times(start: str, duration: str, number: int) -> dict[str, float | None]:
    start_s, duration_s = (None if written == UNKNOWN else seconds(written) for written in (start, duration))
    for written, time_s in ((start, start_s), (duration, duration_s)):
        if time_s is None and written != UNKNOWN:
            raise ValueError(f"line {number}: a start or duration is no time in seconds; where it is unknown write *.")
    # The sum of two decimals, to the microsecond: the next word's start is the same number.
    end_s = None if None in (start_s, duration_s) else round(start_s + duration_s, 6)
    return {"start_s": start_s, "end_s": end_s}
