"""Praat TextGrid, as the Montreal Forced Aligner writes it (tiers `words` and `phones`) -> words."""

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence

from praatio.utilities.constants import INTERVAL_TIER
from praatio.utilities.errors import PraatioException
from praatio.utilities.textgrid_io import parseTextgridStr

from wise_hf.data.word_files.word_file import WordFile
from wise_hf.model.transcript_tags_wise import is_tag
from wise_hf.model.word_formats_wise import seconds


# `words`, `anna - words` where a recording has several speakers, `words (channel 0)` in wise_hf's own timelines.
TIER = re.compile(
    r"(?:(?P<speaker>.+?) - )?(?P<kind>word|phone|phoneme)s?(?: \(channel (?P<channel>\d+)\))?", re.IGNORECASE
)
HEADER = re.compile(r'\s*File type = "ooTextFile.*\n\s*(?:Object class = )?"TextGrid"')
# How many tiers there are, and how many intervals a tier has: in the long form, and in the short one.
TIERS = re.compile(r"<exists>\s+(?:size ?= ?)?(\d+)")
SIZE = re.compile(r'intervals: ?size ?= ?(\d{1,9})\b|"IntervalTier"\s+"(?:[^"]|"")*"\s+\S+\s+\S+\s+(\d{1,9})\b')
PARTS = re.compile(r"(?:item|intervals|points) ?\[")
LABEL = re.compile(r'(?:name|text|mark) ?= ?"')
EXPONENT = re.compile(r"(^|= ?)(-?\d+(?:\.\d*)?[eE][-+]?\d{1,3})[ \t]*$", re.MULTILINE)


def read_textgrid(file: WordFile) -> list[dict]:
    """The labelled intervals of the words' tier, each with those of the phones' tier that lie in it.

    Raises:
        ValueError: for what is no TextGrid or is cut off, has no tier of words, or several.
    """
    tiers = [tier for tier in _tiers(file.text) if tier["class"] == INTERVAL_TIER]
    matches = [(TIER.fullmatch(tier["name"].strip()), tier) for tier in tiers]
    named = [(match.groupdict(), (match["kind"].lower(), tier)) for match, tier in matches if match]
    chosen = file.choose(named) if named or len(tiers) != 1 else [("word", tiers[0])]
    words = [tier for kind, tier in chosen if kind == "word"]
    phones = [tier for kind, tier in chosen if kind != "word"]
    if len(words) != 1 or len(phones) > 1:
        names = ", ".join(repr(tier["name"]) for tier in tiers) or "none"
        raise ValueError(f"its tiers are {names:.200}; call one 'words', and one 'phones' where there are phones.")
    return _with_phones(
        _intervals(words[0], "word"), [phone for tier in phones for phone in _intervals(tier, "phoneme")]
    )


def _tiers(text: str) -> list[dict]:
    """As praatio reads them, whatever their times are: it keeps what is out of order and overlaps."""
    if not HEADER.match(text):
        raise ValueError("it does not begin as a TextGrid in Praat's text format; save it as a text file there.")
    if any(len(LABEL.findall(part)) > 1 for part in PARTS.split(text)):  # praatio would take quadratic time
        raise ValueError("a label holds what looks like a line of a TextGrid; mend it.")
    # praatio knows no numbers such as 1e-05, and loses a last line that does not end.
    plain = EXPONENT.sub(lambda number: f"{number[1]}{float(number[2]):.9f}", text) + "\n"
    try:
        tiers = parseTextgridStr(plain, includeEmptyIntervals=True)["tiers"]
    except (PraatioException, ValueError, IndexError) as error:
        raise ValueError("it cannot be read as a TextGrid; save it again in Praat.") from error
    _check_whole(text, tiers)
    return tiers


def _check_whole(text: str, tiers: Sequence[Mapping]) -> None:
    read = [len(tier["entries"]) for tier in tiers if tier["class"] == INTERVAL_TIER]
    told = [int(long or short) for long, short in SIZE.findall(text)]
    if read != told or TIERS.findall(text)[:1] != [str(len(tiers))]:
        raise ValueError(f"it holds {len(tiers)} tiers of {read!s:.60} intervals but announces others; it is damaged.")


def _intervals(tier: Mapping, kind: str) -> list[dict]:
    """The labelled intervals of a tier."""
    read = []
    for number, (start, end, label) in enumerate(tier["entries"], 1):
        times_s = {"start_s": seconds(start), "end_s": seconds(end)}
        if None in times_s.values():
            raise ValueError(f"tier '{tier['name']:.60}': label {number} has no times in seconds; mend them in Praat.")
        if label:
            read.append({kind: label, **times_s})
    return read


def _with_phones(words: Sequence[dict], phones: Sequence[dict]) -> list[dict]:
    """The words, each with the phones whose middle lies in it; a phone such as `spn` tells of no sound."""
    held = [word | {"phonemes": []} for word in words]
    starts_s = [word["start_s"] for word in words]
    for phone in phones:
        middle_s = (phone["start_s"] + phone["end_s"]) / 2
        before = held[: bisect_right(starts_s, middle_s)][-1:]
        if before and middle_s < before[0]["end_s"] and not is_tag(phone["phoneme"]):
            before[0]["phonemes"].append(phone)
    return held
