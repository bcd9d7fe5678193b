"""Words to ARPAbet phonemes."""

import ctypes
import re
import threading
from collections.abc import Callable, Iterable
from functools import lru_cache

from .espeak_wise import CHARS_UTF8, DONT_EXIT, IPA_SOUNDS, PHONEMES_AS_IPA, choose_voice, espeak_paths, start_espeak
from .spoken_text_wise import plain_letters


DictionaryLookup = Callable[[str], str | None]

# At each place the longest spelling counts; enough to give any Latin word a plausible sound.
LETTER_SOUNDS = {
    **{"tion": "SH AH N", "sion": "ZH AH N", "ough": "AO", "augh": "AO", "eigh": "EY"},
    **{"tch": "CH", "igh": "AY", "sch": "SH", "ing": "IH NG", "dge": "JH"},
    **{"ch": "CH", "sh": "SH", "th": "TH", "ph": "F", "gh": "G", "wh": "W", "wr": "R", "kn": "N", "ck": "K"},
    **{"ee": "IY", "ea": "IY", "ie": "IY", "oo": "UW", "ou": "AW", "ow": "OW", "oi": "OY", "oy": "OY", "oa": "OW"},
    **{"ai": "EY", "ay": "EY", "ei": "EY", "ey": "IY", "au": "AO", "aw": "AO", "ew": "UW", "ue": "UW"},
    **{"ar": "AA R", "er": "ER", "ir": "ER", "or": "AO R", "ur": "ER"},
    **{"ng": "NG", "ce": "S EH", "ci": "S IH", "cy": "S IY", "qu": "K W"},
    **{"a": "AE", "e": "EH", "i": "IH", "o": "AA", "u": "AH", "y": "IY"},
    **{"b": "B", "c": "K", "d": "D", "f": "F", "g": "G", "h": "HH", "j": "JH", "k": "K", "l": "L", "m": "M"},
    **{"n": "N", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "v": "V", "w": "W", "x": "K S", "z": "Z"},
}
# What people say for a unit, beside its letters.
UNITS_IN_FULL = {
    **{"kg": "kilograms", "km": "kilometers", "cm": "centimeters", "mm": "millimeters", "ml": "milliliters"},
    **{"ft": "feet", "lb": "pounds", "lbs": "pounds", "mph": "miles an hour", "hz": "hertz", "khz": "kilohertz"},
    **{"mhz": "megahertz", "ghz": "gigahertz", "kb": "kilobytes", "mb": "megabytes", "gb": "gigabytes"},
    **{"tb": "terabytes", "hr": "hour", "hrs": "hours", "min": "minutes", "mins": "minutes", "sec": "seconds"},
    **{"secs": "seconds"},
}
VOICELESS = {"P", "T", "K", "F", "TH"}
SIBILANTS = {"S", "Z", "SH", "ZH", "CH", "JH"}
MAX_ALTERNATIVES = 4
LONGEST_COMPOUND = 100  # letters; the dictionary's longest word has 34
ESPEAK_VOICES = {"zh": "cmn", "no": "nb", "jw": "id"}  # where they are not called as the language is


def _longest_first(table: Iterable[str]) -> re.Pattern:
    return re.compile("|".join(re.escape(key) for key in sorted(table, key=len, reverse=True)))


_SPELLING = _longest_first(LETTER_SOUNDS)
_IPA = _longest_first(IPA_SOUNDS)  # signs that are not among them (stress, length) are dropped


def _looked_up(word: str, dictionary_lookup: DictionaryLookup) -> list[str]:
    return re.sub(r"\d", "", dictionary_lookup(word) or "").split()


def _s_sound(phonemes: list[str]) -> list[str]:
    if phonemes[-1] in SIBILANTS:
        return ["IH", "Z"]
    return ["S"] if phonemes[-1] in VOICELESS else ["Z"]


def _ed_sound(phonemes: list[str]) -> list[str]:
    if phonemes[-1] in ("T", "D"):
        return ["IH", "D"]
    return ["T"] if phonemes[-1] in VOICELESS | {"S", "SH", "CH"} else ["D"]


# Endings, their sounds after the phonemes of a stem, and what the stem may have lost before them.
ENDINGS = (
    ("'s", _s_sound, ("",)),
    ("s'", _s_sound, ("",)),
    ("es", _s_sound, ("", "e")),
    ("s", _s_sound, ("",)),
    ("ed", _ed_sound, ("", "e")),
    ("ing", lambda _: ["IH", "NG"], ("", "e")),
)


def _from_ending(word: str, dictionary_lookup: DictionaryLookup) -> list[str]:
    for ending, sound, restored in ENDINGS:
        stem = word.removesuffix(ending)
        if stem == word or len(stem) < 2:
            continue
        doubled = [stem[:-1]] if stem[-1] == stem[-2] else []
        for candidate in [stem + letters for letters in restored] + doubled:
            phonemes = _looked_up(candidate, dictionary_lookup)
            if phonemes:
                return phonemes + sound(phonemes)
    return []


def _from_compound(word: str, dictionary_lookup: DictionaryLookup) -> list[str]:
    if len(word) > LONGEST_COMPOUND:
        return []
    # The most even cut that gives two dictionary words: "bookworm" -> "book" + "worm".
    for cut in sorted(range(3, len(word) - 2), key=lambda position: abs(2 * position - len(word))):
        first, second = (_looked_up(part, dictionary_lookup) for part in (word[:cut], word[cut:]))
        if first and second:
            return first + second
    return []


# espeak-ng keeps its state in global variables.
_espeak_lock = threading.Lock()


@lru_cache(maxsize=1)
def _espeak() -> ctypes.CDLL | None:
    try:
        library_path, data_path = espeak_paths()
        library = ctypes.CDLL(library_path)
        return library if start_espeak(library, data_path, DONT_EXIT) >= 0 else None
    except (ImportError, OSError, AttributeError):
        return None


def _from_espeak(word: str, voice: str = "en-us") -> list[str]:
    with _espeak_lock:
        library = _espeak()
        if library is None:
            return []
        try:
            choose_voice(library, voice)
        except ValueError:
            return []
        text = ctypes.c_char_p(word.encode())
        ipa = library.espeak_TextToPhonemes(ctypes.byref(text), CHARS_UTF8, PHONEMES_AS_IPA) or b""
    return [phoneme for sign in _IPA.findall(ipa.decode("utf-8", "ignore")) for phoneme in IPA_SOUNDS[sign]]


def _from_letter_names(word: str, dictionary_lookup: DictionaryLookup) -> list[str]:
    """The names of the letters of a word without a vowel, such as "kg"."""
    if re.search("[^b-df-hj-np-tv-xz]", word):
        return []
    return [phoneme for letter in word for phoneme in _looked_up(letter, dictionary_lookup)]


def _from_letters(word: str) -> list[str]:
    # Doubled consonants sound once and a last e is silent.
    spelling = re.sub(r"([b-df-hj-np-tv-z])\1", r"\1", re.sub(r"[^a-z]", "", plain_letters(word).lower()))
    spelling = re.sub(r"(?<=..)(?<![aeiou])e$", "", spelling)
    return [phoneme for letters in _SPELLING.findall(spelling) for phoneme in LETTER_SOUNDS[letters].split()]


def pronounce(word: str, dictionary_lookup: DictionaryLookup) -> list[str]:
    """The ARPAbet phonemes of one word, from the best source that knows it.

    The sources in order: the dictionary, the dictionary's word without a simple ending, two dictionary words in
    one, espeak-ng where espeakng_loader is installed, the names of the letters of an abbreviation without a vowel, a
    letter-to-sound table.

    Args:
        word: a word as `split_words` makes it.
        dictionary_lookup: lower-case word -> its phonemes joined by blanks, or None.

    Returns:
        Upper-case phonemes without stress digits, at least one.

    Raises:
        ValueError: the word has no Latin letter.
    """
    spelling = plain_letters(word).lower().strip("'")
    if not re.search("[a-z]", spelling):
        raise ValueError("A word has no Latin letter, so no pronunciation; pass words of split_words.")
    return (
        _looked_up(spelling, dictionary_lookup)
        or _from_ending(spelling, dictionary_lookup)
        or _from_compound(spelling, dictionary_lookup)
        or _from_espeak(spelling)
        or _from_letter_names(spelling, dictionary_lookup)
        or _from_letters(spelling)
    )


def pronounce_foreign(word: str, language: str | None) -> list[str]:
    """The phonemes of a word of another language, as ARPAbet's nearest ones.

    Args:
        word: in any script.
        language: ISO 639-1 code, such as "pl"; `None` where it is not known.

    Returns:
        What espeak-ng says; without it, or of a language that it does not speak, what a letter-to-sound table for
        English makes of Latin letters, and one "SPN" (spoken, no matter what) of others.
    """
    said = _from_espeak(word.lower(), ESPEAK_VOICES.get(language, language)) if language else []
    return said or _from_letters(word) or ["SPN"]


def pronunciations(word: str, dictionary_lookup: DictionaryLookup) -> list[list[str]]:
    """All the ways of saying a word ("the": DH AH, DH IY; "kg": K EY JH IY, kilograms), the usual one first.

    Args:
        word: a word as `split_words` makes it.
        dictionary_lookup: as in `pronounce`; alternatives are entries such as "the(2)".

    Returns:
        1 to MAX_ALTERNATIVES different phoneme lists.
    """
    spelling = plain_letters(word).lower().strip("'")
    variants = [pronounce(word, dictionary_lookup)]
    if spelling in UNITS_IN_FULL:
        in_full = UNITS_IN_FULL[spelling].split()
        variants.append([phoneme for part in in_full for phoneme in pronounce(part, dictionary_lookup)])
    for number in range(2, MAX_ALTERNATIVES + 2 - len(variants)):
        phonemes = _looked_up(f"{spelling}({number})", dictionary_lookup)
        if not phonemes:
            break
        if phonemes not in variants:
            variants.append(phonemes)
    return variants
