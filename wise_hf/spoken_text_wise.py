"""Text to spoken words: numbers, amounts of money and abbreviations are spelt out, accents and punctuation go."""

import re
import unicodedata


ABBREVIATIONS = {
    "mr": "mister",
    "mrs": "missus",
    "ms": "miz",
    "dr": "doctor",
    "prof": "professor",
    "st": "saint",
    "jr": "junior",
    "sr": "senior",
    "vs": "versus",
    "etc": "et cetera",
    "approx": "approximately",
    "dept": "department",
}
SYMBOLS = {"&": " and ", "%": " percent ", "+": " plus ", "=": " equals ", "@": " at "}
CURRENCIES = {"$": "dollar", "£": "pound", "€": "euro"}
APOSTROPHES = "’‘ʼ`´＇‛"
# What Unicode decomposition leaves alone.
LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"}
    | {"Æ": "AE", "Œ": "OE", "Ø": "O", "Đ": "D", "Ð": "D", "Þ": "TH", "Ł": "L"}
)
UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
ORDINALS = {
    "one": "first",
    "two": "second",
    "three": "third",
    "five": "fifth",
    "eight": "eighth",
    "nine": "ninth",
    "twelve": "twelfth",
}
LARGEST_NUMBER = 10**15

# Whole labels that stand for no word: what aligners and segment files write where nobody speaks.
SILENCE_MARKS = {"sil", "!sil", "sp", "spn", "eps", "pau", "noi", "nsn", "h#", "#h"}
# What is always a tag, whatever stands inside: [noise], <unk>, {lg}, ++GARBAGE++.
_TAG = re.compile(r"\[[^\[\]]*\]|<[^<>]*>|\{[^{}]*\}|\+\+[^\s+]+\+\+")

_CURRENCY = re.compile(r"([$£€])\s?(\d+(?:\.\d+)?)")
_NUMBER = re.compile(r"(\d+)(?:\.(\d+))?(st|nd|rd|th|s)?(?![^\W\d_])|(\d+)", re.IGNORECASE)
_ABBREVIATION = re.compile(rf"\b({'|'.join(ABBREVIATIONS)})\.", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*")


def spell_integer(number: int) -> str:
    """English words of a whole number, e.g. 42 -> "forty two".

    Args:
        number: 0 <= number < 10**15.

    Returns:
        Lower-case words joined by blanks.
    """
    if number < 20:
        return (UNITS + TEENS)[number]
    if number < 100:
        return f"{TENS[number // 10]} {UNITS[number % 10]}" if number % 10 else TENS[number // 10]
    size, name = next((size, name) for size, name in SCALES if number >= size)
    head = f"{spell_integer(number // size)} {name}"
    return f"{head} {spell_integer(number % size)}" if number % size else head


def _spell_year(number: int) -> str:
    century, rest = divmod(number, 100)
    if rest == 0:
        return f"{spell_integer(century)} hundred"
    return f"{spell_integer(century)} {'oh ' if rest < 10 else ''}{spell_integer(rest)}"


def _ordinal(cardinal: str) -> str:
    *head, last = cardinal.split()
    if last.endswith("y"):
        return " ".join([*head, f"{last[:-1]}ieth"])
    return " ".join([*head, ORDINALS.get(last, f"{last}th")])


def _plural(cardinal: str) -> str:
    *head, last = cardinal.split()
    last = f"{last[:-1]}ies" if last.endswith("y") else f"{last}es" if last == "six" else f"{last}s"
    return " ".join([*head, last])


def _spell_digits(digits: str) -> str:
    return " ".join(UNITS[int(digit)] for digit in digits)


def _spell_cardinal(digits: str) -> str:
    number = int(digits) if len(digits) <= 15 else LARGEST_NUMBER
    if number >= LARGEST_NUMBER or (len(digits) > 1 and digits[0] == "0"):
        return _spell_digits(digits)
    if len(digits) == 4 and (1100 <= number < 2000 or 2010 <= number < 2100):
        return _spell_year(number)
    return spell_integer(number)


def _spell_number(match: re.Match) -> str:
    whole, decimals, suffix, glued = match.groups()
    spoken = _spell_cardinal(whole or glued)
    if decimals:
        spoken = f"{spoken} point {_spell_digits(decimals)}"
    elif suffix:
        spoken = _plural(spoken) if suffix.lower() == "s" else _ordinal(spoken)
    return f" {spoken} "


def _spell_currency(match: re.Match) -> str:
    symbol, amount = match.groups()
    return f" {amount} {CURRENCIES[symbol]}{'' if amount == '1' else 's'} "


def plain_letters(text: str) -> str:
    """The text without accents and ligatures, with plain apostrophes; what has no Latin base letter stays.

    Args:
        text: any text.

    Returns:
        The folded text, in its own case.
    """
    for apostrophe in APOSTROPHES:
        text = text.replace(apostrophe, "'")
    decomposed = unicodedata.normalize("NFKD", text.translate(LETTERS))
    return "".join(character for character in decomposed if not unicodedata.combining(character))


def _ascii_digits(text: str) -> str:
    return "".join(str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in text)


def is_tag(token: str) -> bool:
    """Whether a label of a transcript or a segment file is no word but a noise tag or a silence mark.

    Args:
        token: one label, such as "[noise]", "<unk>", "sil" or "++UH++".

    Returns:
        True where the whole label is a tag.
    """
    token = token.strip()
    return token.lower() in SILENCE_MARKS or bool(token) and not _TAG.sub("", token).strip()


def split_words(text: str) -> list[str]:
    """The spoken words of a text: what the aligner looks for and the tokenizer sees.

    Accents are folded, punctuation goes, apostrophes inside a word stay, hyphens split; digits, percentages,
    amounts of money and common abbreviations are spelt out in lower case, other words keep their case.

    Args:
        text: English text of any length.

    Returns:
        Words made of Latin letters and inner apostrophes; empty when the text has no Latin letter or digit.

    Raises:
        ValueError: the text is not a string.
    """
    if not isinstance(text, str):
        raise ValueError(f"The text is a {type(text).__name__}, expected a string; pass the transcript as str.")
    text = _ascii_digits(plain_letters(text))
    if not re.search(r"[A-Za-z0-9]", text):
        return []
    text = _ABBREVIATION.sub(lambda match: f"{ABBREVIATIONS[match[1].lower()]} ", text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    text = _NUMBER.sub(_spell_number, _CURRENCY.sub(_spell_currency, text))
    for symbol, spoken in SYMBOLS.items():
        text = text.replace(symbol, spoken)
    return _WORD.findall(text)
