"""Text to spoken words: numbers and abbreviations are spelt out, accents, punctuation and tags of noises go."""

import re
import unicodedata
from collections.abc import Callable

from .spoken_numbers_wise import (
    CURRENCIES,
    MONTHS,
    spell_date,
    spell_digits,
    spell_fraction,
    spell_money,
    spell_number,
    spell_ordinal,
    spell_plural,
    spell_time,
)
from .transcript_tags_wise import without_tags


# With their point, in upper or lower case.
ABBREVIATIONS = {
    **{"mr": "mister", "mrs": "missus", "ms": "miz", "dr": "doctor", "prof": "professor", "jr": "junior"},
    **{"sr": "senior", "vs": "versus", "etc": "et cetera", "approx": "approximately", "dept": "department"},
    **{"ave": "avenue", "blvd": "boulevard", "e.g": "for example", "i.e": "that is"},
}
# With their point, before a name.
TITLES = {
    **{"Gen": "general", "Sgt": "sergeant", "Capt": "captain", "Lt": "lieutenant", "Col": "colonel", "Mt": "mount"},
    **{"Gov": "governor", "Sen": "senator", "Rep": "representative", "Rev": "reverend"},
}
# Before a number.
NUMBERED = {
    **{"no": "number", "nos": "numbers", "p": "page", "pp": "pages"},
    **{"vol": "volume", "ch": "chapter", "fig": "figure", "ext": "extension"},
}
SYMBOLS = str.maketrans({"&": " and ", "%": " percent ", "+": " plus ", "=": " equals ", "@": " at "})
DEGREES = {"C": "celsius", "F": "fahrenheit"}
# What is said after "per", and how it is written: 5 km/h, $20/hr.
RATES = {
    "hour": "hours?|hrs?|h",
    "minute": "minutes?|min",
    "second": "seconds?|secs?|s",
    **{word: word for word in ("day", "night", "week", "month", "year", "person", "pound", "gallon", "liter", "kg")},
}
ADDRESS_SIGNS = {"@": "at", ".": "dot", "/": "slash", "-": "dash", "_": "underscore", ":": "colon", "=": "equals"}
TOP_DOMAINS = "com|org|net|edu|gov|mil|int|info|biz|io|ai|eu|uk|de|fr|pl|jp"
# What Unicode decomposition leaves alone or splits in another way, and signs without a width.
LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}
    | {"Æ": "AE", "Œ": "OE", "Ø": "O", "Đ": "D", "Ð": "D", "Þ": "TH", "Ł": "L"}
    | dict.fromkeys("’‘ʼ`´＇‛", "'")
    | dict.fromkeys("\u00ad\u200b\u200c\u200d\u2060\ufeff", "")
)
# An em dash is two hyphens: neither a minus nor a range.
SIGNS = str.maketrans(
    {"‐": "-", "‑": "-", "‒": "-", "–": "-", "—": "--", "―": "--", "⁄": "/"}
    | {"№": "#", "²": " squared ", "³": " cubed ", "\u00a0": " ", "≈": "~"}
)

Rule = tuple[re.Pattern, Callable[[re.Match], str] | str]

_WHOLE = r"\d{1,3}(?:,\d{3})+|\d+"
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)*"
_SIGN = "[$£€¥₹]"
_CODE = "USD|EUR|GBP|JPY|INR"
_SCALE = r"((?:[\s-](?=\w{4}))?(?i:thousand|million|billion|trillion|bn|mm|[kmbt])\b)?"
_MONTH = "|".join(month.title() for month in MONTHS)
_SHORT_MONTH = "Sept|" + "|".join(month[:3].title() for month in MONTHS)
_ABBREVIATION = "|".join(map(re.escape, ABBREVIATIONS))
_RATES = {re.compile(pattern): word for word, pattern in RATES.items()}
# Around a number that is no part of another, of an amount of money or a time.
_ALONE = r"(?<![\w.,$£€¥₹/:-])"
_ENDS = r"(?![\w/]|[-.,:]\d)"
_FIRST_DIGIT = r"(?<![\d.,])"
_BEFORE_MINUS = r"(?<![^\s(\[=+*/:~])"
_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*")


def _rule(pattern: str, said: Callable[[re.Match], str | None] | str) -> Rule:
    """What is said in place of a pattern: a template, or a function that gives words or None to leave it as it is."""

    def replaced(match: re.Match) -> str:
        words = match.expand(said) if isinstance(said, str) else said(match)
        return match[0] if words is None else f" {words} "

    return re.compile(pattern), replaced


def _address(match: re.Match) -> str:
    address = re.sub(r"^(?:https?|ftp)://(?=\w)", "", match[0])
    # A sign is said between two names, the first of several.
    address = re.sub(
        r"(?<=[^\W_])([\W_])[\W_]*(?=[^\W_])", lambda sign: f" {ADDRESS_SIGNS.get(sign[1], '')} ", address
    )
    return re.sub(r"^www\b", "w w w", address)


def _digits(match: re.Match) -> str:
    return f"{'plus ' if match[0].startswith('+') else ''}{spell_digits(match[0])}"


def _time(match: re.Match) -> str | None:
    return spell_time(*match.groups())


def _rate(match: re.Match) -> str:
    return f"{match[1]} per {next(word for pattern, word in _RATES.items() if pattern.fullmatch(match[2]))}"


def _month(name: str) -> str:
    return next(month.title() for month in MONTHS if month.startswith(name[:3].lower()))


def _mixed_number(match: re.Match) -> str:
    part = spell_fraction(match[2], match[3])
    return f"{spell_number(match[1])} and {re.sub('^one ', 'a ', part)}"


def _money(match: re.Match) -> str:
    country, sign, amount, up_to, scale, more = match.groups()
    words = spell_money(sign, amount, scale, up_to)
    if country:
        words = words.replace(f" {CURRENCIES[sign][0]}", f" {' '.join(country)} {CURRENCIES[sign][0]}", 1)
    return f"{words} to" if more else words


def _degrees(match: re.Match) -> str:
    return f"{match[1]} degree{'' if match[1] == '1' else 's'} {DEGREES.get(match[2], '')}"


# In the order in which they are applied; each leaves words, or digits for a later one.
RULES = (
    _rule(r"(?<![\w@])(?:(?:https?|ftp)://|www\.)[^\s<>\"]+", _address),
    _rule(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+", _address),
    _rule(rf"(?<![\w@.-])[A-Za-z0-9][\w-]*(?:\.[\w-]+)*\.(?:{TOP_DOMAINS})\b(?:/[^\s<>\"]*)?", _address),
    # Abbreviations.
    _rule(r"\b([AaPp])\.\s?([Mm])\b\.?", r"\1\2"),
    _rule(r"\bSt\b\.?(?=\s+[A-Z])", "saint"),
    _rule(r"\bSt\b\.?|\bst\.", "street"),
    _rule(r"\bDr\b", "doctor"),
    _rule(rf"\b({'|'.join(TITLES)})\.(?=\s+[A-Z])", lambda match: TITLES[match[1]]),
    _rule(rf"(?i)(?<!\d)(?<!\d\s)\b({_ABBREVIATION})\.", lambda match: ABBREVIATIONS[match[1].lower()]),
    _rule(r"\b(Nos?|pp?|[Vv]ol|[Cc]h|[Ff]ig|[Ee]xt)\.\s?(?=\d)", lambda match: NUMBERED[match[1].lower()]),
    # Dates.
    _rule(rf"\b({_SHORT_MONTH})\b\.?(?=\s*\d)", lambda match: _month(match[1])),
    _rule(rf"(?:(?<=\d\s)|(?<=\d(?:st|nd|rd|th)\s))({_SHORT_MONTH})\b\.?", lambda match: _month(match[1])),
    _rule(r"(?<![\w-])(\d{4})-(\d\d?)-(\d\d?)(?![\d-])", lambda match: spell_date(*match.groups())),
    _rule(
        rf"{_ALONE}(\d\d?)([/.-])(\d\d?)\2((?:19|20)\d\d|(?<=/)\d\d){_ENDS}",
        lambda match: spell_date(match[4], match[1], match[3]),
    ),
    _rule(rf"\b({_MONTH})\s+(\d\d?)(?![\w:%/-]|[.,]\d|\s?[ap]m\b)", r"\1 \2th"),
    _rule(rf"{_ALONE}(\d\d?)\s+({_MONTH})\b", r"\1th \2"),
    # Thousands, telephone numbers and other digits in groups.
    _rule(rf"{_ALONE}[1-9]\d{{0,2}}(?: \d{{3}})* 000{_ENDS}", lambda match: match[0].replace(" ", ",")),
    _rule(r"(?<!\w)\+(?=(?:[ ().-]{0,2}\d){7})[\d ().-]*\d(?!\w)", _digits),
    _rule(r"(?<!\w)\(\d{3}\)\s?\d{3}[ .-]?\d{4}(?!\w)", _digits),
    _rule(rf"{_ALONE}\d+(?:-\d+){{2,}}{_ENDS}", _digits),
    _rule(rf"{_ALONE}(?:\d{{3}}[ .]\d{{3}}[ .]\d{{4}}|\d{{4}}(?: \d{{4}}){{3}}){_ENDS}", _digits),
    _rule(rf"{_ALONE}0\d{{2,4}} \d{{3,4}}(?: \d{{2,4}})*{_ENDS}", _digits),
    _rule(rf"{_ALONE}(?!\d00-\d\d00)\d{{3}}-\d{{4}}{_ENDS}|{_ALONE}\d-\d{{3}}(?=-[A-Z])", _digits),
    _rule(rf"{_ALONE}911{_ENDS}", _digits),
    # Money, and signs before numbers and between them.
    _rule(rf"−(?=\s?{_SIGN}?\.?\d)|{_BEFORE_MINUS}-(?={_SIGN})|(?<=\d)\s?-\s?(?=[\d.]+\s?=)", "minus"),
    _rule(r"×(?=\s?\d)", "times"),
    _rule(r"÷(?=\s?\d)", "divided by"),
    _rule(r"(?<!\w)#\s?(?=\d)", "number"),
    _rule(r"(?<!\w)#(?=[A-Za-z])", "hashtag"),
    _rule(rf"~\s?(?={_SIGN}?\d)", "about"),
    _rule(rf"(?<=\d)(\s?[A-Za-z]{{0,10}})/({'|'.join(RATES.values())})\b", _rate),
    _rule(
        rf"(?:\b([A-Z]{{1,2}}))?({_SIGN})\s?({_NUMBER}|\.\d\d)(?:\s?-\s?({_NUMBER}))?{_SCALE}"
        rf"(\s?-\s?(?={_SIGN}))?",
        _money,
    ),
    _rule(rf"{_ALONE}(\d{{1,4}})[-/]\1{_ENDS}", r"\1 \1"),
    _rule(rf"{_ALONE}(\d+)(?:\s{{1,2}}|-)(\d\d?)/([234568]|1[06])(?![\d/]|[.,:]\d)", _mixed_number),
    _rule(rf"(?<![\d:,./])((?:{_BEFORE_MINUS}-)?\d[\d:,./]*(?:%|°?[A-Za-z]{{0,3}}|\s+[ap]m))\s*-\s*(?=\d)", r"\1 to"),
    _rule(rf"{_BEFORE_MINUS}-(?=\.?\d)", "minus"),
    _rule(rf"{_ALONE}(\d+)/(\d+)(?![\d/]|[.,:]\d)", lambda match: spell_fraction(match[1], match[2])),
    _rule(rf"\b({_CODE})\s?({_NUMBER}){_SCALE}", lambda match: spell_money(*match.groups())),
    _rule(
        rf"{_FIRST_DIGIT}({_NUMBER}){_SCALE}\s?((?:{_CODE})\b|{_SIGN}(?!\s?\d))",
        lambda match: spell_money(match[3], match[1], match[2]),
    ),
    _rule(rf"{_FIRST_DIGIT}({_NUMBER})\s?¢", lambda match: f"{match[1]} cent{'' if match[1] == '1' else 's'}"),
    # Times and measures.
    _rule(r"(?i)(?<![\d:.])(\d\d?):(\d\d)(?::(\d\d))?(?![\d:])(?:\s*([ap]m)\b)?", _time),
    _rule(r"(?i)(?<![\d:.])(\d\d?)\.(\d\d)()\s*([ap]m)\b", _time),
    _rule(r"(?<![\w.])(\d)'\s?(\d\d?)(?!\d)(?:\"|'')?", r"\1 foot \2"),
    _rule(rf"{_FIRST_DIGIT}({_NUMBER})\s?°\s?([CF](?![A-Za-z]))?", _degrees),
    # Numbers.
    _rule(rf"{_FIRST_DIGIT}(\d+)'?s(?!\w)", lambda match: spell_plural(match[1])),
    _rule(rf"(?i){_FIRST_DIGIT}({_WHOLE})(?:st|nd|rd|th)(?![A-Za-z])", lambda match: spell_ordinal(match[1])),
    _rule(rf"(?<![\w.])\.\d+|{_NUMBER}", lambda match: spell_number(match[0])),
)


def plain_letters(text: str) -> str:
    """The text without accents and ligatures, with plain apostrophes; what has no Latin base letter stays.

    Args:
        text: any text.

    Returns:
        The folded text, in its own case.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(LETTERS))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _is_small(character: str) -> bool:
    """Whether it is a fraction, or a digit above or below the line: it stays apart from the number before it."""
    kind = unicodedata.decomposition(character).partition(" ")[0]
    return character.isnumeric() and kind in ("<fraction>", "<super>", "<sub>")


def _plain_signs(text: str) -> str:
    # Signs before the letters are folded, and those that folding leaves, such as the hyphen of a no-break hyphen.
    text = "".join(f" {character} " if _is_small(character) else character for character in text.translate(SIGNS))
    text = plain_letters(text).translate(SIGNS)
    return "".join(str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in text)


def split_words(text: str, keep_nonverbal: bool = False) -> list[str]:
    """The spoken words of a text: what the aligner looks for and the tokenizer sees.

    Accents are folded, punctuation goes, apostrophes inside a word stay, hyphens split. Numbers with all that goes
    with them (amounts of money, times, dates, telephone numbers), addresses and common abbreviations are spelt out in
    lower case; other words keep their case, as do the letters of units, "kg" or "am". What is not spoken goes: tags
    such as [noise] or (laughs), markup, speakers' names.

    Args:
        text: English text of any length.
        keep_nonverbal: tags of what a speaker does without words are words: "laughter", "breathing", "cough".

    Returns:
        Words made of Latin letters and inner apostrophes; empty when the text has no Latin letter or digit.

    Raises:
        ValueError: the text is not a string.
    """
    if not isinstance(text, str):
        raise ValueError(f"The text is a {type(text).__name__}, expected a string; pass the transcript as str.")
    text = without_tags(_plain_signs(text), keep_nonverbal)
    if not re.search(r"[A-Za-z0-9]", text):
        return []
    for pattern, said in RULES:
        text = pattern.sub(said, text)
    return _WORD.findall(text.translate(SYMBOLS))
