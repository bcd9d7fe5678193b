"""Options as dataclasses: a field says what it is for, and its annotation what it may be, wherever it comes from."""

import dataclasses
import re
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import get_args, get_type_hints


def option(default: object = dataclasses.MISSING, *, help: str, **argparse_options: object) -> object:
    """A field that `transformers.HfArgumentParser` can parse.

    Args:
        default: the value where none is given; without one the option is required.
        help: one line for `--help`; the default is added where there is one.
        argparse_options: further arguments of `ArgumentParser.add_argument`, e.g. `choices`.
    """
    has_default = default not in (dataclasses.MISSING, None) and default is not False
    told = f"{help} (default: {default})" if has_default else help
    metadata = {"help": told.replace("%", "%%"), **argparse_options}
    return dataclasses.field(default=default, metadata=metadata)


def switch(default: bool | None = None, *, help: str, **argparse_options: object) -> object:
    """An option that is on by `--NAME`, off by `--no-NAME`, and otherwise left to another option."""
    return option(default, help=f"{help}; --no-... turns it off", nargs="?", const=True, **argparse_options)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """Base of dataclasses of options: checks and converts every value.

    A field annotated `Annotated[int, positive]` gets what `positive` makes of the value, be it from a command line, a
    file or Python. `None` stands for an option that is not given, and is left as it is.

    Raises:
        ValueError: naming the option, for a value that it cannot have.
    """

    def __post_init__(self):
        hints = get_type_hints(type(self), include_extras=True)
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value is None:
                continue
            try:
                for convert in getattr(hints[field.name], "__metadata__", ()):
                    value = convert(value)
                _check_choice(value, field, hints[field.name])
            except (TypeError, ValueError) as error:
                raise ValueError(f"--{field.name}: {error}.") from error
            object.__setattr__(self, field.name, value)


def _check_choice(value: object, field: dataclasses.Field, hint: object) -> None:
    choices = field.metadata.get("choices")
    if choices is not None and value not in choices:
        raise ValueError(f"'{value!s:.80}' is not one of {', '.join(choices)}")
    if bool in (hint, *get_args(hint)) and not isinstance(value, bool):
        raise ValueError(f"'{value!s:.80}' is neither true nor false")


class WrongValue(ArgumentTypeError, ValueError):
    """A value that an option cannot have; argparse, too, says it in these words."""


def positive(value: int | str) -> int:
    """A whole number above 0."""
    text = str(value)
    if not re.fullmatch("[0-9]{1,18}", text) or int(text) < 1:
        raise WrongValue(f"'{value!s:.80}' is not a whole number above 0")
    return int(text)


def whole_number(value: int | str) -> int:
    """A whole number, 0 or above."""
    return 0 if str(value) == "0" else positive(value)


def as_seed(value: int | str) -> int:
    """A whole number that all random generators take."""
    seed = whole_number(value)
    if seed >= 2**32:
        raise WrongValue(f"'{value!s:.80}' is not below 2**32")
    return seed


def _number(low: float, high: float, kind: str) -> Callable[[float | str], float]:
    def check(value: float | str) -> float:
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            number = float("nan")
        if not low <= number < high:
            raise ValueError(f"'{value!s:.80}' is not {kind}")
        return number

    return check


share = _number(0.0, 1.0, "a number of at least 0 and below 1")
not_negative = _number(0.0, float("inf"), "a number of at least 0")
positive_number = _number(1e-12, float("inf"), "a number above 0")


def as_path(value: str | Path) -> Path:
    """A file or folder."""
    if str(value) == "":
        raise WrongValue("give a name; it is empty")
    return Path(value)


def different_names(value: str | Sequence[str]) -> list[str]:
    """`a,b,c`, or a list of names."""
    found = [name.strip() for name in value.split(",")] if isinstance(value, str) else value
    is_list = isinstance(found, list | tuple) and all(isinstance(name, str) for name in found)
    if not is_list or not all(found) or len(set(found)) < len(found):
        raise ValueError(f"'{value!s:.80}' is not a list of different names with commas between them")
    return list(found)


def as_label_map(value: str | Mapping[str, str]) -> dict[str, str]:
    """`calm=neutral,excited=happy`, or a mapping."""
    if isinstance(value, Mapping) and all(isinstance(each, str) for pair in value.items() for each in pair):
        return dict(value)
    if not isinstance(value, str):
        raise WrongValue(f"'{value!s:.80}' is not a mapping of labels to emotions")
    pairs = [pair.split("=") for pair in value.split(",")] if value else []
    if not all(len(pair) == 2 and pair[0].strip() and pair[1].strip() for pair in pairs):
        raise ValueError(f"'{value!s:.80}' is not a list of OLD=NEW with commas between them")
    return {old.strip(): new.strip() for old, new in pairs}
