"""Aligned words as plain dicts: from phoneme boundaries, shared out evenly, or from times that somebody else found."""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np

from .dictionary_wise import dictionary_lookup
from .pronunciation_wise import pronounce, pronounce_foreign
from .spoken_text_wise import split_words
from .transcript_tags_wise import MAX_REMARK_WORDS, is_tag
from .word_formats_wise import ADVICE, read_word_times, seconds


logger = logging.getLogger(__name__)

LEAST_PHONEME_S = 0.01
USUAL_PHONEME_S = 0.08
MOST_WRITTEN_WORDS = 2
CLOSING = {"[": "]", "(": ")", "{": "}", "<": ">", "*": "*"}  # of tags
WITHIN_SIGNS = re.compile(r"\w(?:.*\w)?", re.DOTALL)  # a word without the signs around it

Span = tuple[float, float]


def timed_word(word: str, phonemes: list[str], times: np.ndarray) -> dict:
    """One aligned word.

    Args:
        word: its spelling.
        phonemes: its ARPAbet phonemes, at least one.
        times: (phonemes + 1,) their boundaries in seconds, rising.

    Returns:
        {"word", "start_s", "end_s", "phonemes": [{"phoneme", "start_s", "end_s"}]}.
    """
    edges = [float(time) for time in times]
    parts = [
        {"phoneme": phoneme, "start_s": start_s, "end_s": end_s}
        for phoneme, (start_s, end_s) in zip(phonemes, pairwise(edges), strict=True)
    ]
    return {"word": word, "start_s": edges[0], "end_s": edges[-1], "phonemes": parts}


def moved(word: Mapping, by_s: float) -> dict:
    """A word, and its phonemes where it has them, at other times.

    Args:
        word: with `start_s` and `end_s` in seconds.
        by_s: how much later, in seconds; below 0 earlier.
    """
    times = {name: word[name] + by_s for name in ("start_s", "end_s")}
    phonemes = [moved(phoneme, by_s) for phoneme in word.get("phonemes") or []]
    return {**word, **times, **({"phonemes": phonemes} if phonemes else {})}


def share_out(words: list[str], phonemes: list[list[str]], start_s: float, end_s: float) -> list[dict]:
    """Words without gaps between two times, every phoneme as long as the others.

    Args:
        words: their spellings, at least one.
        phonemes: of each word, at least one.
        start_s: start of the first word in seconds.
        end_s: end of the last word in seconds, after its start.

    Returns:
        Aligned words as of `timed_word`.
    """
    edges = np.cumsum([0, *map(len, phonemes)])
    times = np.linspace(start_s, end_s, edges[-1] + 1)
    spans = pairwise(edges.tolist())
    return [
        timed_word(word, sounds, times[first : last + 1])
        for word, sounds, (first, last) in zip(words, phonemes, spans, strict=True)
    ]


@dataclass
class _Spoken:
    """A word with the times it came with, which may be missing or wrong, and the number of its entry."""

    entry: int
    word: str
    start_s: float | None
    end_s: float | None
    phonemes: list[str]
    phoneme_starts_s: list[float | None]


def _spoken(number: int, entry: dict) -> list[_Spoken]:
    """The entry's spoken words in English: none for a silence mark, several for "11:30" or "well-known"."""
    parts = _parts_of(entry["word"])
    start_s, end_s = entry["start_s"], entry["end_s"]
    if len(parts) == 1:
        names, starts_s = _given_phonemes(entry["phonemes"])
        names = names or pronounce(parts[0], dictionary_lookup)
        return [_Spoken(number, parts[0], start_s, end_s, names, starts_s)]
    sounds = [pronounce(part, dictionary_lookup) for part in parts]
    if not parts or start_s is None or end_s is None:
        return [_Spoken(number, part, None, None, names, []) for part, names in zip(parts, sounds, strict=True)]
    shared = share_out(parts, sounds, start_s, end_s)
    return [_Spoken(number, w["word"], w["start_s"], w["end_s"], s, []) for w, s in zip(shared, sounds, strict=True)]


def _spoken_foreign(number: int, entry: dict, language: str | None) -> list[_Spoken]:
    """The entry as a word in any script; none for what has no letter or digit."""
    found = None if is_tag(entry["word"]) else WITHIN_SIGNS.search(entry["word"])
    if found is None:
        return []
    word = found[0]
    names, starts_s = _given_phonemes(entry["phonemes"])
    names = names or pronounce_foreign(word, language)
    return [_Spoken(number, word, entry["start_s"], entry["end_s"], names, starts_s)]


def _all_spoken(entries: list[dict], spell: Callable[[int, dict], list[_Spoken]]) -> list[_Spoken]:
    in_tags = _in_tags([entry["word"] for entry in entries])
    return [word for number, entry in enumerate(entries) if number not in in_tags for word in spell(number, entry)]


def _in_tags(words: Sequence[str]) -> set[int]:
    """The numbers of the entries that make a tag together, as "[MUSIC" and "PLAYING]" of a recogniser do."""
    inside: set[int] = set()
    for first, word in enumerate(words):
        closing = CLOSING.get(word.lstrip()[:1])
        if closing is None or first in inside:
            continue
        for end in range(first + 1, min(first + MAX_REMARK_WORDS, len(words)) + 1):
            text = " ".join(words[first:end])
            if closing in text.lstrip()[1:]:
                inside.update(range(first, end) if is_tag(text) else ())
                break
    return inside


def _parts_of(word: str) -> list[str]:
    """The spoken words of an entry, which may be "New York" but not a sentence: its words would be shared out."""
    if is_tag(word):
        return []
    written = [piece for piece in word.split() if split_words(piece)]
    if len(written) > MOST_WRITTEN_WORDS:
        raise ValueError(f"An entry is {len(written)} words, expected one with own times; {ADVICE}.")
    return split_words(word)


def _given_phonemes(given: list[dict]) -> tuple[list[str], list[float | None]]:
    """Names without stress and place, and start times of the phonemes a word came with; none when one has no name."""
    names = [re.sub(r"\d|_[BIES]$", "", phoneme["phoneme"]).upper() for phoneme in given]
    starts_s = [phoneme["start_s"] for phoneme in given]
    return (names, starts_s) if all(names) else ([], [])


def _fill_missing(words: list[_Spoken], duration_s: float) -> list[tuple[float | None, float | None]]:
    """A missing end is the next word's start, a missing start the last word's end; else phonemes of usual length."""
    nexts = [word.start_s for word in words[1:]] + [duration_s]
    lasts = [0.0] + [word.end_s for word in words[:-1]]
    filled = []
    for word, last, following in zip(words, lasts, nexts, strict=True):
        start_s, end_s = word.start_s, word.end_s
        usual_s = USUAL_PHONEME_S * len(word.phonemes)
        if start_s is None and end_s is not None:
            start_s = end_s - usual_s if last is None else last
        elif end_s is None and start_s is not None:
            end_s = start_s + usual_s if following is None else following
        filled.append((start_s, end_s))
    return filled


def _clip(span: tuple[float | None, float | None], duration_s: float) -> Span | None:
    """The part of a span inside the audio; None where there is none."""
    if None in span:
        return None
    start_s, end_s = (min(max(time, 0.0), duration_s) for time in span)
    return (start_s, end_s) if start_s < end_s else None


def _part(before: Span, span: Span) -> tuple[Span, Span | None]:
    """Two spans without their overlap, halved between them; the later one is dropped where it is not later."""
    if span[0] >= before[1]:
        return before, span
    middle = (span[0] + before[1]) / 2
    if before[0] < span[0] < middle < before[1] < span[1]:
        return (before[0], middle), (middle, span[1])
    return before, None


def _settle(spans: list[Span | None]) -> list[Span | None]:
    """The spans in order and without overlap; None for those that cannot be right."""
    settled: list[Span | None] = []
    last = None
    for span in spans:
        if span and last is not None:
            settled[last], span = _part(settled[last], span)
        settled.append(span)
        last = len(settled) - 1 if span else last
    return settled


def _gaps(spans: list[Span | None]) -> list[tuple[int, int]]:
    """(first, one after) of every run of words without times."""
    missing = np.array([0, *(span is None for span in spans), 0], int)
    return list(zip(np.flatnonzero(np.diff(missing) == 1), np.flatnonzero(np.diff(missing) == -1), strict=True))


def _interpolate(spans: list[Span | None], counts: list[int], duration_s: float) -> list[Span]:
    """Gives words without times the room between their neighbours, or shares the neighbours' time with them.

    Args:
        spans: start and end of each word in seconds, None where missing.
        counts: phonemes of each word, to which the times are proportional.
        duration_s: length of the audio in seconds.

    Returns:
        The spans, all present.
    """
    spans = list(spans)
    for first, after in _gaps(spans):
        start_s = spans[first - 1][1] if first else 0.0
        end_s = spans[after][0] if after < len(spans) else duration_s
        if end_s - start_s < LEAST_PHONEME_S * sum(counts[first:after]):
            if first:
                first, start_s = first - 1, spans[first - 1][0]
            if after < len(spans):
                after, end_s = after + 1, spans[after][1]
        edges = np.cumsum([0, *counts[first:after]]) / sum(counts[first:after]) * (end_s - start_s) + start_s
        spans[first:after] = pairwise([*edges[:-1].tolist(), end_s])
    return spans


def _check_unit(words: list[_Spoken], duration_s: float) -> None:
    """Refuses times in another unit than seconds, or of another recording: half are too late, or all are too short."""
    times_s = [word.start_s or word.end_s / 2 for word in words if word.start_s or word.end_s]
    late = sum(time_s > duration_s for time_s in times_s)
    if late and 2 * late >= len(times_s):
        raise ValueError(
            f"{late} of {len(times_s)} words lie beyond the end of the recording at {duration_s:.2f} s; give times of "
            "this recording, in seconds, or call milliseconds 'start_ms' and 'end_ms'."
        )
    timed = [word for word in words if None not in (word.start_s, word.end_s)]
    spoken_s = sum(max(word.end_s - word.start_s, 0.0) for word in timed)
    if 0.0 < spoken_s < LEAST_PHONEME_S / 2 * sum(len(word.phonemes) for word in timed):
        raise ValueError(f"{len(timed)} words last {spoken_s:.4f} s together, too short to be spoken; give seconds.")


def _check_usable(words: list[_Spoken], settled: list[Span | None]) -> None:
    """Refuses words of which most would have to be shared out: these are no times that somebody found."""
    entries = {word.entry for word in words}
    usable = {word.entry for word, span in zip(words, settled, strict=True) if span}
    if 2 * len(usable) < len(entries):
        raise ValueError(
            f"Of {len(entries)} words {len(usable)} have times that can be used (inside the recording, in order, each "
            f"end after its start), expected at least half; {ADVICE}."
        )


def _with_phonemes(word: _Spoken, span: Span) -> dict:
    """The word with its phonemes at their given times where these fit the span, else spread evenly."""
    times = np.linspace(*span, len(word.phonemes) + 1)
    inner = word.phoneme_starts_s[1:]
    if len(inner) == len(times) - 2 and None not in inner and (np.diff([span[0], *inner, span[1]]) > 0).all():
        times[1:-1] = inner
    return timed_word(word.word, word.phonemes, times)


def words_from_times(words: Sequence[Mapping] | Mapping, duration_s: float, language: str | None = "en") -> list[dict]:
    """The words of `repair_times`; the log tells what was repaired."""
    repaired, told = repair_times(words, duration_s, language)
    if told is not None:
        logger.warning("%s", told)
    return repaired


def repair_times(
    words: Sequence[Mapping] | Mapping, duration_s: float, language: str | None = "en"
) -> tuple[list[dict], str | None]:
    """Aligned words from the word times of a recogniser, a TextGrid or another aligner.

    Silence marks are left out, words are spelt as by `split_words`, times are clipped to the audio, overlaps halved,
    missing or impossible times interpolated; phonemes without times are spread evenly. Words of another language than
    English stay as they are, each with its phonemes by espeak-ng where that is installed.

    Args:
        words: as of `read_word_times`: {"word", "start_s", "end_s"} in order, times in seconds or None, with or
            without "phonemes": [{"phoneme", "start_s", ...}], or the names that known recognisers use.
        duration_s: length of the audio in seconds.
        language: ISO 639-1 code of what is spoken; `None` = not known, and not English. Words none of which has a
            Latin letter or a digit are never taken for English.

    Returns:
        Words with times and phonemes inside the audio, in order, without overlap; and a sentence that tells how many
        times are not as given, None where all are.

    Raises:
        ValueError: no word is left, an entry is no word or has an unknown key, the times of most words are missing,
            impossible or in another unit, or the duration is not positive.
    """
    if not (seconds(duration_s) or 0.0) > 0:
        raise ValueError(f"The duration is {duration_s!r} s, expected a positive number; pass the audio's length.")
    duration_s = float(duration_s)
    entries = read_word_times(words)
    spoken = _all_spoken(entries, _spoken) if language == "en" else []
    spoken = spoken or _all_spoken(entries, partial(_spoken_foreign, language=None if language == "en" else language))
    if not spoken:
        raise ValueError(f"None of the {len(entries)} entries is a word; pass spoken words.")
    _check_unit(spoken, duration_s)
    settled = _settle([_clip(span, duration_s) for span in _fill_missing(spoken, duration_s)])
    _check_usable(spoken, settled)
    spans = _interpolate(settled, [len(word.phonemes) for word in spoken], duration_s)
    repaired = sum((word.start_s, word.end_s) != span for word, span in zip(spoken, spans, strict=True))
    told = f"{repaired} of {len(spoken)} word times were missing or impossible and repaired." if repaired else None
    return [_with_phonemes(word, span) for word, span in zip(spoken, spans, strict=True)], told
