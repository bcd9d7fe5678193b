"""Real small files -> cases: changed at random, as a bad disk does, and piece by piece, as somebody hostile does."""

import json
import re
from collections.abc import Callable, Sequence
from random import Random


Mutate = Callable[[Random, Sequence[bytes]], bytes]

MOST_CHANGES = 6
MOST_BYTES = 20_000
LONG = (10, 10, 10, 10, 300, 300, 300, 5_000, 20_000)  # how often something is repeated
DEPTHS = (5, 60, 900, 990, 5_000, 50_000)  # Python's own limit is 1,000
NUMBERS = (b"0", b"-1", b"1e999", b"nan", b"-inf", b"1e-400", b"2" * 5_000, b"4294967296", b"1e300", b"0.1.2", b"1_0")
SIGNS = (
    b"\0",
    b'"',
    b"'",
    b",",
    b";",
    b":",
    b"\n",
    b"\r",
    b"\r\n",
    b"\t",
    b" ",
    b"\xff",
    b"[",
    b"{",
    b"<",
    b"(",
    b"\\",
)
OTHERS = (
    "\ufeff",
    "\u2028",
    "\x1c",
    "\u0663",
    "\ufdfa",
    "\u0301",
    "İ",
    "ß",
    "𝟏",
    "½",
    "\u200b",
    "null",
    "true",
    "../x",
)
PIECES = (*NUMBERS, *SIGNS, *(each.encode() for each in OTHERS))
EXTREMES = (0, 1, -1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)


def change_bytes(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """Bytes, and numbers of several bytes, most of them where headers are; parts that are gone, twice or another's."""
    data = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(1, MOST_CHANGES)):
        at = int(len(data) * rng.random() ** 3)
        match rng.randrange(8):
            case 0 | 1:
                data[at : at + 1] = rng.randbytes(1)
            case 2 | 3:
                size, order = rng.choice((1, 2, 3, 4, 8)), rng.choice(("little", "big"))
                number = rng.choice(EXTREMES) % (1 << 8 * size)
                data[at : at + size] = number.to_bytes(size, order)
            case 4:
                del data[at : at + rng.choice((1, 2, 8, 100, len(data)))]
            case 5:
                part = data[at : at + rng.choice((1, 4, 30, 500))]
                data[at:at] = part * rng.choice((1, 2, 50))
            case 6:
                data[at:at] = rng.randbytes(rng.choice((1, 4, 60)))
            case 7:
                other = rng.choice(seeds)
                data[at:] = other[int(len(other) * rng.random()) :]
    return bytes(data[:MOST_BYTES])


def change_text(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """The same with words and signs; some are repeated very often."""
    if rng.random() < 0.2:
        return change_bytes(rng, seeds)
    words = re.findall(rb"\w+|\s+|.", rng.choice(seeds), re.DOTALL)
    for _ in range(rng.randint(1, MOST_CHANGES)):
        at = rng.randrange(len(words) + 1)
        match rng.randrange(6):
            case 0:
                del words[at : at + rng.choice((1, 1, 2, 20, len(words)))]
            case 1 | 2:
                words[at : at + rng.randrange(2)] = [rng.choice(PIECES)]
            case 3:
                words[at:at] = words[at : at + rng.choice((1, 3, 40))] * rng.choice((1, 2, 50))
            case 4:
                piece = rng.choice((rng.choice(PIECES), b"a", b"a ", b"1", b".", rng.choice(words or [b"-"])))
                words[at:at] = [piece * min(rng.choice(LONG), MOST_BYTES // len(piece))]
            case 5 if len(words) > 1:
                first, second = rng.randrange(len(words)), rng.randrange(len(words))
                words[first], words[second] = words[second], words[first]
    return b"".join(words)[:MOST_BYTES]


def change_json(rng: Random, seeds: Sequence[bytes]) -> bytes:
    """Values of other types and sizes in a file that stays JSON."""
    if rng.random() < 0.25:
        return change_text(rng, seeds)
    value = json.loads(rng.choice(seeds))
    for _ in range(rng.randint(1, MOST_CHANGES)):
        value = _changed(rng, value)
    text = json.dumps(value, ensure_ascii=rng.random() < 0.5).replace('"DEEP"', _deep(rng), 3)
    return text.encode(errors="surrogatepass")[: 5 * MOST_BYTES]


def _changed(rng: Random, value: object) -> object:
    """The value with something else at a random place in it."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        changed = {**value, key: _changed(rng, value[key])}
        match rng.randrange(8):
            case 0:
                changed.pop(key)
            case 1:
                changed[rng.choice((*OTHERS, "", "start", "end", "text", "words", "x" * 300))] = changed[key]
        return changed
    if isinstance(value, list) and value and rng.random() < 0.9:
        at = rng.randrange(len(value))
        changed = [*value[:at], _changed(rng, value[at]), *value[at + 1 :]]
        match rng.randrange(8):
            case 0:
                changed.pop(at)
            case 1:
                changed *= min(rng.choice((2, 2, 100)), 1 + MOST_BYTES // len(repr(changed)))
        return changed
    return _junk(rng, value)


def _junk(rng: Random, value: object) -> object:
    match rng.randrange(10):
        case 0:
            return rng.choice((None, True, False, [], {}, "", " ", -1, 0, 1, 2))
        case 1:
            return rng.choice((float("nan"), float("inf"), 1e308, -1e-320, 10**400, 2**63, -(2**31), 0.5))
        case 2:
            return rng.choice(("\ud800", "\0", *OTHERS)) * rng.choice((1, 1, 30))
        case 3:
            return rng.choice(("a", "a ", ".", "1", "-", "é")) * rng.choice(LONG)
        case 4:
            return str(value)[:1_000]
        case 5:
            return [value]
        case 6:
            return {rng.choice(("x", "0", "word", "name")): value}
        case 7:
            return [value] * min(rng.choice((2, 1_000)), 1 + MOST_BYTES // len(repr(value)))
        case 8:
            return "DEEP"
    return rng.randint(-100, 100_000)


def _deep(rng: Random) -> str:
    depth = rng.choice(DEPTHS)
    return rng.choice(('{"a":' * depth + "1" + "}" * depth, "[" * depth + "]" * depth))
