"""Aligned words as plain dicts: from phoneme boundaries, shared out evenly, or from times that somebody else found."""

import logging
import math
import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .acoustics_wise import dictionary_lookup
from .pronunciation_wise import pronounce
from .spoken_text_wise import split_words


logger = logging.getLogger(__name__)

# What label files write where nobody speaks.
SILENCE_MARKS = {"sil", "sp", "spn", "eps"}
NO_WORD = re.compile(r"<.*>|\[.*\]|\{.*\}|\+\+.*")
LEAST_PHONEME_S = 0.01
USUAL_PHONEME_S = 0.08

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
    """A word with the times it came with, which may be missing or wrong."""

    word: str
    start_s: float | None
    end_s: float | None
    phonemes: list[str]
    phoneme_starts_s: list[float | None]


def _seconds(value: object) -> float | None:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return seconds if math.isfinite(seconds) else None


def _spoken(entry: dict) -> list[_Spoken]:
    """The entry's spoken words: none for a silence mark, several for "11:30" or "well-known"."""
    if not isinstance(entry, dict) or not isinstance(entry.get("word"), str):
        raise ValueError(f"The entry {str(entry)[:60]!r} has no string 'word'; give word, start_s and end_s.")
    mark = entry["word"].strip()
    parts = [] if mark.lower() in SILENCE_MARKS or NO_WORD.fullmatch(mark) else split_words(mark)
    start_s, end_s = _seconds(entry.get("start_s")), _seconds(entry.get("end_s"))
    if len(parts) == 1:
        names, starts_s = _given_phonemes(entry.get("phonemes"))
        return [_Spoken(parts[0], start_s, end_s, names or pronounce(parts[0], dictionary_lookup), starts_s)]
    sounds = [pronounce(part, dictionary_lookup) for part in parts]
    if not parts or start_s is None or end_s is None:
        return [_Spoken(part, None, None, names, []) for part, names in zip(parts, sounds, strict=True)]
    shared = share_out(parts, sounds, start_s, end_s)
    return [_Spoken(w["word"], w["start_s"], w["end_s"], s, []) for w, s in zip(shared, sounds, strict=True)]


def _given_phonemes(given: list[dict] | None) -> tuple[list[str], list[float | None]]:
    """Names without stress and start times of the phonemes a word came with; nothing when one has no name."""
    names = [re.sub(r"\d", "", str(phoneme.get("phoneme") or "")).upper() for phoneme in given or []]
    starts_s = [_seconds(phoneme.get("start_s")) for phoneme in given or []]
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


def _with_phonemes(word: _Spoken, span: Span) -> dict:
    """The word with its phonemes at their given times where these fit the span, else spread evenly."""
    times = np.linspace(*span, len(word.phonemes) + 1)
    inner = word.phoneme_starts_s[1:]
    if len(inner) == len(times) - 2 and None not in inner and (np.diff([span[0], *inner, span[1]]) > 0).all():
        times[1:-1] = inner
    return timed_word(word.word, word.phonemes, times)


def words_from_times(words: list[dict], duration_s: float) -> list[dict]:
    """Aligned words from the word times of a recogniser, a TextGrid or another aligner.

    Silence marks are left out, words are spelt as by `split_words`, times are clipped to the audio, overlaps halved,
    missing or impossible times interpolated; phonemes without times are spread evenly.

    Args:
        words: {"word", "start_s", "end_s"} in order, times in seconds or None, with or without
            "phonemes": [{"phoneme", "start_s", ...}].
        duration_s: length of the audio in seconds.

    Returns:
        Words with times and phonemes inside the audio, in order, without overlap.

    Raises:
        ValueError: no word is left, an entry is no word, or the duration is not positive.
    """
    if not (_seconds(duration_s) or 0.0) > 0:
        raise ValueError(f"The duration is {duration_s!r} s, expected a positive number; pass the audio's length.")
    spoken = [word for entry in words for word in _spoken(entry)]
    if not spoken:
        raise ValueError(f"None of the {len(words)} entries is a word in Latin letters or digits; pass spoken words.")
    duration_s = float(duration_s)
    given = _fill_missing(spoken, duration_s)
    settled = _settle([_clip(span, duration_s) for span in given])
    spans = _interpolate(settled, [len(word.phonemes) for word in spoken], duration_s)
    repaired = sum((word.start_s, word.end_s) != span for word, span in zip(spoken, spans, strict=True))
    if repaired:
        logger.info("%d of %d word times were missing or impossible and repaired.", repaired, len(spoken))
    return [_with_phonemes(word, span) for word, span in zip(spoken, spans, strict=True)]
