"""WebVTT and SubRip -> words: at their own times where the file has these, else shared out over a cue."""

import io
import logging
import re
from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

import numpy as np
import webvtt
from webvtt.errors import MalformedCaptionError, MalformedFileError

from wise_hf.data.word_files.word_file import WordFile
from wise_hf.model.transcript_tags_wise import without_tags


logger = logging.getLogger(__name__)

Timed = tuple[str, float, float]  # a text, its start and its end in seconds

STAMP = re.compile(r"<((?:\d+:)?\d{1,2}:\d{1,2}\.\d{1,3})>")
UNDERLINED = re.compile(r"<u>([^<>]*)</u>")
BLANK_FIRST_LINE = re.compile(r"^([\d:. ]+-->[^\n]*\n)[ \t]+\n", re.MULTILINE)


def read_captions(file: WordFile) -> list[dict]:
    """The words of the cues.

    Words have times of their own in stamps as YouTube writes them (`kids<00:00:00.480><c> are</c>`), where each is
    underlined in turn as Whisper does (`--highlight_words`), and where each has its own cue. Else the words of a cue
    are shared out over it by their letters, and the log says how many.

    Raises:
        ValueError: for a file, or cues in it, that cannot be read.
    """
    cues = _cues(file)
    is_underlined = any(UNDERLINED.search(text) for text, _, _ in cues)
    words = [_shared_out(*piece) for piece in (_highlighted(cues) if is_underlined else _pieces(cues))]
    shared = sum(len(some) for some in words if len(some) > 1)
    if shared:
        count = sum(map(len, words))
        logger.warning(
            "%s: %d of %d words have no times of their own; they share those of their cue.", file.path, shared, count
        )
    return [word for some in words for word in some]


def _cues(file: WordFile) -> list[Timed]:
    """Each cue's text with its tags; raises ValueError where webvtt-py would leave out some."""
    text = BLANK_FIRST_LINE.sub(r"\1", file.text)  # YouTube's, which ends a cue in older versions of webvtt-py
    try:
        read = webvtt.WebVTT.from_buffer(io.StringIO(text), format=file.path.suffix[1:].lower())
    except MalformedFileError as error:
        raise ValueError("it does not begin as WebVTT or SubRip does; save it as one of them.") from error
    except MalformedCaptionError:  # which quotes lines
        raise ValueError("a cue has no times; write times such as 00:00:01.000 --> 00:00:02.500.") from None
    cues = [(cue.raw_text, _seconds(cue.start), _seconds(cue.end)) for cue in read if cue.raw_text.strip()]
    expected = sum("-->" in line and bool(below.strip()) for line, below in pairwise(text.split("\n")))
    if len(cues) != expected or not cues:
        raise ValueError(
            f"{len(cues)} of {expected} cues can be read; write times such as 00:00:01.000 --> 00:00:02.500 and a "
            "text below them."
        )
    return cues


def _pieces(cues: Sequence[Timed]) -> Iterator[Timed]:
    """The text between two stamps, or of a whole cue.

    Where there are stamps, a cue also shows again the lines of the one before it: these are no new words.
    """
    are_stamped, shown = any(STAMP.search(text) for text, _, _ in cues), []
    for text, start_s, end_s in cues:
        lines = text.split("\n")
        plain = [" ".join(without_tags(line).split()) for line in lines]
        new = [line for line, told in zip(lines, plain, strict=True) if STAMP.search(line) or told not in shown]
        shown = plain if are_stamped else []
        first, *stamped = STAMP.split("\n".join(new))
        times_s = [start_s, *map(_seconds, stamped[::2]), end_s]
        yield from ((piece, *span) for piece, span in zip([first, *stamped[1::2]], pairwise(times_s), strict=True))


def _highlighted(cues: Sequence[Timed]) -> Iterator[Timed]:
    """The words that are underlined in turn in cues of one sentence; other cues with underlined words in one piece."""
    for said, alike in groupby(cues, key=lambda cue: _letters(cue[0])):
        run = list(alike)
        marked = [(word, *times_s) for text, *times_s in run for word in UNDERLINED.findall(text)]
        letters = _letters(" ".join(word for word, _, _ in marked))
        if said and letters and letters == said * (len(letters) // len(said)):
            yield from marked
        elif marked:
            yield run[0][0], run[0][1], run[-1][2]
        else:
            yield from run


def _letters(text: str) -> str:
    return re.sub(r"\W", "", without_tags(text))


def _seconds(stamp: str) -> float:
    return round(sum(float(part) * 60**power for power, part in enumerate(reversed(stamp.split(":")))), 3)


def _shared_out(text: str, start_s: float, end_s: float) -> list[dict]:
    """The words of a text, each with a part of its time."""
    words = [word for word in without_tags(text).split() if re.search(r"\w", word)]
    shares = np.cumsum([0, *map(len, words)]) / (sum(map(len, words)) or 1)
    edges_s = [round(time_s, 6) for time_s in (start_s + shares * (end_s - start_s)).tolist()]
    return [
        {"word": word, "start_s": first_s, "end_s": last_s}
        for word, (first_s, last_s) in zip(words, pairwise(edges_s), strict=True)
    ]
