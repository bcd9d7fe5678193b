"""Every regular expression of the package, and texts that make one that goes back and forth take for ever."""

import ast
import importlib
import pkgutil
import re
import string
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from re import _constants as op
from re import _parser

import wise_hf
from fuzz.running import Target


NAMES = ("compile", "search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn")
FUNCTIONS = {f"re.{name}" for name in NAMES}
SIGNS = (*" aA1.,:-'\"/<[(*\né",)
LENGTH = 800


def patterns() -> set[re.Pattern]:
    """Those that stand in the code, and those that modules have made."""
    names = ["wise_hf", *(each.name for each in pkgutil.walk_packages(wise_hf.__path__, "wise_hf."))]
    modules = [importlib.import_module(name) for name in names if not name.endswith("__main__")]
    made = {each for module in modules for each in _within(vars(module).values())}
    hub_card = Path(__file__).resolve().parents[2] / "hub_card"
    files = [*(Path(module.__file__) for module in modules), *hub_card.rglob("*.py")]
    return made | {re.compile(each) for file in files for each in _written(file)}


def _within(values: Iterable) -> Iterator[re.Pattern]:
    for value in values:
        if isinstance(value, re.Pattern):
            yield value
        elif isinstance(value, (tuple, list)):
            yield from _within(value)
        elif isinstance(value, dict):
            yield from _within(list(value))


def _written(file: Path) -> Iterator[str | bytes]:
    """What stands as a pattern in a call of `re`."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
        if is_call and ast.unparse(node.func) in FUNCTIONS and isinstance(node.args[0], ast.Constant):
            yield node.args[0].value


def attacks(pattern: re.Pattern) -> Iterator[str | bytes]:
    """A text that matches but for its end, with a sign repeated at each place, the rest behind it or not."""
    matching = _matching(_parser.parse(pattern.pattern, pattern.flags))
    for at in range(len(matching) + 1):
        for sign in SIGNS:
            for rest in {matching[at:], ""}:
                text = matching[:at] + sign * LENGTH + rest + "\0"
                yield text if isinstance(pattern.pattern, str) else text.encode("latin-1")


def _matching(parsed: Iterable) -> str:
    """A text for a parsed pattern, in which what may be there is there; conditions around it are not looked at."""
    text = ""
    for kind, told in parsed:
        match kind:
            case op.LITERAL:
                text += chr(told)
            case op.IN | op.NOT_LITERAL | op.ANY:
                text += _sign(kind, told)
            case op.BRANCH:
                text += _matching(told[1][0])
            case op.SUBPATTERN | op.MAX_REPEAT | op.MIN_REPEAT | op.POSSESSIVE_REPEAT:
                text += _matching(told[-1]) * max(1, told[0] or 0 if kind != op.SUBPATTERN else 1)
            case op.ATOMIC_GROUP:
                text += _matching(told)
    return text


def _sign(kind: object, told: object) -> str:
    """A sign that one place of a pattern takes."""
    one = _parser.SubPattern(_parser.State(), [(kind, told)])
    compiled = re._compiler.compile(one)
    return next((sign for sign in (*SIGNS, *string.printable) if compiled.match(sign)), "")


def pattern_target(attacked: Sequence[re.Pattern]) -> Target:
    """A target whose case is the number of a pattern, which is matched with all its attacks."""

    def attack(number: bytes) -> None:
        pattern = attacked[int(number)]
        for text in attacks(pattern):
            pattern.fullmatch(text)
            pattern.search(text)

    return Target("patterns", lambda number: str(number).encode(), attack)
