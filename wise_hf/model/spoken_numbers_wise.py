"""Numbers to English words: whole and decimal numbers, years, ordinals, fractions, times, dates and money."""

UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
TEENS = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
ORDINALS = {
    **{"one": "first", "two": "second", "three": "third", "five": "fifth"},
    **{"eight": "eighth", "nine": "ninth", "twelve": "twelfth"},
}
# Longer numbers are read digit by digit.
MAX_DIGITS = 15
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
# One and many of a currency, one and many of its hundredth.
CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}
CURRENCIES |= {"GBP": CURRENCIES["£"], "EUR": CURRENCIES["€"], "JPY": CURRENCIES["¥"], "INR": CURRENCIES["₹"]}
CURRENCIES |= {"USD": ("U S dollar", "U S dollars", "cent", "cents")}
AMOUNT_SCALES = {
    **{"k": "thousand", "m": "million", "mm": "million", "b": "billion", "bn": "billion", "t": "trillion"},
    **{name: name for _, name in SCALES},
}


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


def spell_digits(text: str) -> str:
    """Digit by digit, e.g. "(555) 1234" -> "five five five one two three four".

    Args:
        text: what is no digit in it is passed over.

    Returns:
        Lower-case words joined by blanks.
    """
    return " ".join(UNITS[int(character)] for character in text if character.isdigit())


def _quantity(digits: str) -> str:
    digits = digits.replace(",", "")
    if len(digits) > MAX_DIGITS or (len(digits) > 1 and digits[0] == "0"):
        return spell_digits(digits)
    return spell_integer(int(digits))


def _year(number: int) -> str:
    century, rest = divmod(number, 100)
    if rest == 0:
        return f"{spell_integer(century)} hundred"
    return f"{spell_integer(century)} {'oh ' if rest < 10 else ''}{spell_integer(rest)}"


def _whole(digits: str) -> str:
    is_year = len(digits) == 4 and ("1100" <= digits < "2000" or "2010" <= digits < "2100")
    return _year(int(digits)) if is_year else _quantity(digits)


def spell_number(text: str) -> str:
    """A number as it is said, e.g. "2.5", "1,000", "007", "1999" (a year), ".5" or "3.11.2" (a version).

    Args:
        text: digits, in which commas part thousands and points what they part.

    Returns:
        Lower-case words joined by blanks.
    """
    whole, *parts = text.split(".")
    if not parts:
        return _whole(whole)
    if len(parts) > 1:
        return " point ".join(_quantity(part) for part in [whole, *parts] if part)
    return f"{_quantity(whole) if whole else ''} point {spell_digits(parts[0])}".strip()


def spell_ordinal(digits: str) -> str:
    """The place in an order, e.g. "21" -> "twenty first".

    Args:
        digits: a whole number.

    Returns:
        Lower-case words joined by blanks.
    """
    *head, last = _whole(digits).split()
    last = f"{last[:-1]}ieth" if last.endswith("y") else ORDINALS.get(last, f"{last}th")
    return " ".join([*head, last])


def spell_plural(digits: str) -> str:
    """Several of a number, e.g. "1990" -> "nineteen nineties".

    Args:
        digits: a whole number.

    Returns:
        Lower-case words joined by blanks.
    """
    *head, last = _whole(digits).split()
    last = f"{last[:-1]}ies" if last.endswith("y") else f"{last}es" if last == "six" else f"{last}s"
    return " ".join([*head, last])


def spell_fraction(above: str, below: str) -> str:
    """A fraction, e.g. 3 and 4 -> "three quarters"; what is hardly one is two numbers, as in 24/7 and 9/11.

    Args:
        above: digits before the stroke.
        below: digits after it.

    Returns:
        Lower-case words joined by blanks.
    """
    if len(above + below) > 6 or not 0 < int(above) < int(below) or int(below) > 10 and int(below) not in (16, 100):
        return f"{_whole(above)} {_whole(below)}"
    part = {2: "half", 4: "quarter"}.get(int(below)) or spell_ordinal(str(int(below)))
    return f"{spell_integer(int(above))} {part}{'' if int(above) == 1 else 's'}"


def spell_time(hour: str, minute: str, second: str | None, half: str | None) -> str | None:
    """A time of day, e.g. 7:05 -> "seven oh five", 12:00 -> "twelve o'clock", 14:00 -> "fourteen hundred".

    Args:
        hour: one or two digits.
        minute: two digits.
        second: two digits or None.
        half: "am" or "pm", which is said at the end, or None.

    Returns:
        Words joined by blanks, or None for what is no time.
    """
    if int(hour) > 24 or int(minute) > 59:
        return None
    if int(minute) or second:
        said = f"{'oh ' if minute[0] == '0' else ''}{spell_integer(int(minute))}"
    else:
        said = "" if half else "o'clock" if 1 <= int(hour) <= 12 else "hundred"
    words = [spell_integer(int(hour)), said, _quantity(second) if second else "", half or ""]
    return " ".join(word for word in words if word)


def spell_date(year: str, month: str, day: str) -> str | None:
    """A date, e.g. "december twenty fifth twenty twenty four".

    Args:
        year: two or four digits.
        month: digits; changed with the day where it is none, as in 25/12/2024.
        day: digits.

    Returns:
        Lower-case words joined by blanks, or None for what is no date.
    """
    if int(month) > 12:
        month, day = day, month
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return None
    return f"{MONTHS[int(month) - 1]} {spell_ordinal(str(int(day)))} {_whole(year)}"


def _amount(number: str) -> str:
    return spell_number(number) if "." in number else _quantity(number)


def spell_money(currency: str, amount: str, scale: str | None = None, up_to: str | None = None) -> str:
    """An amount of money, e.g. "five dollars and ninety nine cents" or "one point five million dollars".

    Args:
        currency: a key of `CURRENCIES`.
        amount: a number as of `spell_number`.
        scale: a key of `AMOUNT_SCALES` or None.
        up_to: the number at the other end of a range or None.

    Returns:
        Words joined by blanks.
    """
    one, many, cent, cents = CURRENCIES[currency]
    whole, _, decimals = amount.partition(".")
    if scale or up_to or decimals and len(decimals) != 2:
        numbers = " to ".join(_amount(each) for each in (amount, up_to) if each)
        return " ".join(part for part in (numbers, AMOUNT_SCALES.get((scale or "").strip(" -").lower()), many) if part)
    parts = []
    if whole.strip("0") or not decimals.strip("0"):
        parts.append(f"{_quantity(whole)} {one if whole == '1' else many}")
    if decimals.strip("0"):
        parts.append(f"{spell_integer(int(decimals))} {cent if decimals == '01' else cents}")
    return " and ".join(parts)
