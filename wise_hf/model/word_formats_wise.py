"""Word times as recognisers and aligners write them -> one form, in seconds."""

import math
import re
from collections.abc import Mapping, Sequence


# What a word, a sound and their times are called, and how many of the unit make a second. Known writers: this package,
# Whisper and those around it, transformers, Vosk, Deepgram, AssemblyAI, AWS, Google, Speechmatics, Gentle, Praat.
WORDS = ("word", "text", "token", "content", "punctuated_word", "label")
PHONEMES = ("phoneme", "phone", "label")
STARTS = {"start_s": 1, "start": 1, "begin": 1, "t0": 1, "start_time": 1, "startTime": 1, "xmin": 1, "start_ms": 1000}
ENDS = {"end_s": 1, "end": 1, "t1": 1, "end_time": 1, "endTime": 1, "xmax": 1, "end_ms": 1000}
CONFIDENCES = ("confidence", "conf", "probability", "score")
# What they tell besides. `start_offset` counts frames, `startOffset` letters: no times.
PASSED_OVER = {
    *(*CONFIDENCES, "avg_logprob", "speaker_confidence", "fit", "attention", "probabilities"),
    *("speaker", "speakerTag", "speaker_label", "channel", "channelTag", "language", "lang"),
    *("id", "segment_id", "index", "type", "case", "alignedWord", "tokens", "alternatives", "is_eos", "attaches_to"),
    *("start_offset", "end_offset", "startOffset", "endOffset"),
    *("probabilities", "timestamps", "p", "t_dtw", "speaker_turn_next"),
}
HALF_CHARACTER = re.compile("[\ud800-\udfff]")  # JSON may tell of one by its number; UTF-8 cannot
NO_TEXT = re.compile(r"\[_.*\]")  # such as [_BEG_] among whisper.cpp's tokens
# A name that is told though it is not known: what is said is none. At most seven parts, or matching could take long.
TIME_NAME = re.compile(r"(?i:start|begin|end|stop|from|to|time|stamp|duration|offset|second|sec|s|ms|_|-| ){1,7}")
LISTS = ("words", "word_segments", "chunks", "result")
ADVICE = (
    "give each word 'word', and 'start_s' and 'end_s' in seconds (or 'start' and 'end', 'begin' and 'end', 't0' and "
    "'t1', 'start_time' and 'end_time'), or 'start_ms' and 'end_ms' in milliseconds"
)


def read_word_times(words: Sequence[Mapping] | Mapping) -> list[dict]:
    """Words with times from a list that a recogniser or an aligner wrote.

    Args:
        words: dicts in order, with a name of `WORDS`, of `STARTS` and of `ENDS`, and where known `phonemes`; or dicts
            that each hold a list of such `words`; or a dict that holds either under a name of `LISTS` or `segments`,
            or pieces of words under `transcription`, as whisper.cpp writes them.

    Returns:
        {"word", "start_s", "end_s", "confidence", "phonemes": [{"phoneme", "start_s", "end_s"}]} each; times that are
        missing or no finite number are None, and so is a confidence that is not within 0 to 1.

    Raises:
        ValueError: for anything else, naming it.
    """
    entries = _list_in(words) if isinstance(words, Mapping) else words
    if isinstance(entries, (str, bytes)) or not isinstance(entries, Sequence):
        raise ValueError(f"The words are of type {type(entries).__name__}, expected a list of dicts; {ADVICE}.")
    within = _words_of_segments(entries)
    return _read_words(entries if within is None else within)


def seconds(value: object) -> float | None:
    """A finite number, or a string of one such as "1.2" or Google's "1.2s"; None for anything else."""
    try:
        number = float(value.removesuffix("s") if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _list_in(words: Mapping) -> object:
    """The list of words in what a recogniser wrote about a whole recording."""
    if isinstance(words.get("transcription"), list):
        return _join_pieces(words["transcription"])
    for name in LISTS:
        if name in words:
            return words[name]
    found = _words_of_segments(words.get("segments"))
    if found is None:
        raise ValueError(
            "A dict holds no list of words ('words', or 'segments' that each have 'words'); have the recogniser tell "
            f"word times, and {ADVICE}."
        )
    return found


def _words_of_segments(segments: object) -> list | None:
    """The words of segments in a row; None where not every one has a list of them."""
    listed = segments if isinstance(segments, list) else []
    lists = [segment.get("words") if isinstance(segment, Mapping) else None for segment in listed]
    if not lists or not all(isinstance(its, list) for its in lists):
        return None
    return [word for its in lists for word in its]


def _join_pieces(segments: list) -> list[dict]:
    """The words of whisper.cpp, whose tokens, or segments where it wrote no tokens, are words or pieces of them.

    A word begins with a blank; no text is what matches `NO_TEXT`.
    """
    words: list[dict] = []
    for segment in segments:
        tokens = segment.get("tokens") if isinstance(segment, Mapping) else None
        for piece in _read_words(tokens if isinstance(tokens, list) and tokens else [segment]):
            if NO_TEXT.fullmatch(piece["word"]):
                continue
            if words and not piece["word"][:1].isspace():
                words[-1] |= {"word": words[-1]["word"] + piece["word"], "end_s": piece["end_s"]}
            else:
                words.append(piece)
    return words


def _read_words(entries: Sequence) -> list[dict]:
    read: list[dict] = []
    for entry in entries:
        try:
            read.append(_read_word(entry))
        except ValueError as error:
            raise ValueError(f"Entry {len(read) + 1}: {error}") from error
    return read


def _read_word(entry: object) -> dict:
    if not isinstance(entry, Mapping):
        raise ValueError(f"it is of type {type(entry).__name__}, expected a dict; {ADVICE}.")
    entry = _unnested(entry)
    sounds = entry.pop("phonemes", None) or entry.pop("phones", None) or []
    if not isinstance(sounds, Sequence) or isinstance(sounds, str):
        raise ValueError(
            f"its phonemes are of type {type(sounds).__name__}, expected a list; give dicts of 'phoneme', 'start_s' "
            "and 'end_s'."
        )
    read = {"word": _name(entry, WORDS), **_times(entry, WORDS), "confidence": _confidence(entry)}
    return read | {"phonemes": [_read_phoneme(sound) for sound in sounds]}


def _unnested(entry: Mapping) -> dict:
    """The entry without what AWS, Speechmatics (`alternatives`), transformers (`timestamp`) and whisper.cpp nest."""
    flat = dict(entry)
    match flat.get("alternatives"):
        case [Mapping() as likeliest, *_]:
            flat = {**likeliest, **flat}
    match flat.get("timestamp"):
        case [start_s, end_s]:
            flat |= {"start": start_s, "end": end_s}
            del flat["timestamp"]
    match flat.get("offsets"):
        case {"from": start_ms, "to": end_ms}:
            flat |= {"start_ms": start_ms, "end_ms": end_ms}
            del flat["offsets"]
    return flat


def _read_phoneme(sound: object) -> dict:
    if isinstance(sound, str):
        sound = {"phoneme": sound}
    if not isinstance(sound, Mapping):
        raise ValueError(
            f"a phoneme is of type {type(sound).__name__}, expected a dict; give it 'phoneme', 'start_s' and 'end_s'."
        )
    without_length = {name: value for name, value in sound.items() if name != "duration"}  # Gentle's have no times
    return {"phoneme": _name(sound, PHONEMES), **_times(without_length, PHONEMES)}


def _name(entry: Mapping, names: Sequence[str]) -> str:
    written = next((entry[name] for name in names if name in entry), None)
    if not isinstance(written, str):
        raise ValueError(f"it has no string '{names[0]}'; {ADVICE}.")
    if HALF_CHARACTER.search(written):
        raise ValueError(
            f"its '{names[0]}' holds half a character (one of two surrogates), expected text; write the file in UTF-8."
        )
    return written


def _times(entry: Mapping, names: Sequence[str]) -> dict[str, float | None]:
    """`start_s` and `end_s` of an entry, in which nothing may stand that is not known: it could be a time."""
    unknown = [str(key) for key in entry if key not in {*names, *STARTS, *ENDS, *PASSED_OVER}]
    if unknown:
        told = ", ".join(repr(key) for key in unknown if TIME_NAME.fullmatch(key)) or "a name"
        raise ValueError(f"it has {told:.200}, which is not known; {ADVICE}.")
    return {"start_s": _time(entry, STARTS), "end_s": _time(entry, ENDS)}


def _confidence(entry: Mapping) -> float | None:
    given = (seconds(entry[name]) for name in CONFIDENCES if name in entry)
    return next((number for number in given if number is not None and 0 <= number <= 1), None)


def _time(entry: Mapping, units: Mapping[str, int]) -> float | None:
    given = [name for name in units if entry.get(name) is not None]
    if len(given) > 1:
        raise ValueError(f"it has both {' and '.join(map(repr, given))}; give one of them.")
    number = seconds(entry[given[0]]) if given else None
    return None if number is None else number / units[given[0]]
