"""Command lines and configuration files -> options."""

import dataclasses
import json
import sys
from argparse import SUPPRESS, Action, HelpFormatter
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import ClassVar, NoReturn, TypeVar

import yaml
from transformers import HfArgumentParser

from wise_hf.data.corpora import CORPORA
from wise_hf.data.corpora.reading import CorpusOptions, as_corpus_options
from wise_hf.data.options import Options


Kind = TypeVar("Kind", bound=Options)
FILES = (".yaml", ".yml", ".json")
TRUTH = "tag:yaml.org,2002:bool"


def parse(kind: type[Kind], description: str | None, arguments: Sequence[str] | None = None) -> Kind:
    """Read options from a command line, whose first word may be a YAML or JSON file of them.

    What stands beside the file on the command line counts more than what is in it.

    Args:
        kind: a dataclass of options; its bases are the groups of `--help`.
        description: what `--help` begins with.
        arguments: the words of the command line; `None` = those of this process.

    Returns:
        The options. What is wrong with them is told on standard error, and ends the process with status 2.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    path = Path(words.pop(0)) if words and words[0].endswith(FILES) else None
    parser = _Parser(
        _groups(kind),
        usage="%(prog)s [FILE.yaml] [OPTIONS]",
        description=description,
        allow_abbrev=False,
        formatter_class=HelpFormatter,
    )
    _add_contraries(parser, kind)
    from_file = {}
    if path is not None:
        from_file = _read_file(path, parser)
        parser.source = f"{path} and the command line: " if words else f"{path}: "
    if "" in [*words, *from_file.values()]:
        parser.error("a value is empty; give one, or leave its option out")
    for action in parser._actions:
        if action.dest in from_file:
            action.required = False
    parser.set_defaults(**from_file)
    values = vars(parser.parse_args(words))
    try:
        return kind(**_with_corpus_options(values))
    except ValueError as error:
        parser.error(str(error))


class _Parser(HfArgumentParser):
    """Its errors begin with where the options are from, where that is a file."""

    source = ""

    def error(self, message: str) -> NoReturn:
        super().error(self.source + message)


def _groups(kind: type[Options]) -> list[type[Options]]:
    """The dataclasses that it is made of, and those of all corpora where it names one."""
    groups = [base for base in kind.__mro__ if dataclasses.is_dataclass(base) and "__annotations__" in vars(base)]
    own = [corpus.options for corpus in CORPORA.values() if corpus.option_names]
    return groups + (own if issubclass(kind, CorpusOptions) else [])


def _add_contraries(parser: HfArgumentParser, kind: type[Options]) -> None:
    for field in dataclasses.fields(kind):
        if field.metadata.get("const") is True:
            name = field.name
            parser.add_argument(f"--no-{name}", f"--no_{name}", dest=name, action="store_false", help=SUPPRESS)


def _read_file(path: Path, parser: HfArgumentParser) -> dict[str, object]:
    if not path.is_file():
        parser.error(f"{path} is not there; give a YAML or JSON file of options.")
    try:
        text = path.read_text(encoding="utf-8-sig")
        is_json = path.suffix == ".json"
        values = json.loads(text, object_pairs_hook=_once) if is_json else yaml.load(text, _PlainYaml)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        parser.error(f"{path} cannot be read ({' '.join(str(error).split())}).")
    if not isinstance(values, dict):
        parser.error(f"{path} holds no options with their values, such as epochs: 5.")
    known = {action.dest: action for action in parser._actions if action.dest != "help"}
    for name in values.keys() - known.keys():
        near = get_close_matches(str(name), known, n=1)
        parser.error(f"{path}: there is no option {name!s:.60}" + (f"; is {near[0]} meant?" if near else "."))
    return {name: _from_file(value, known[name]) for name, value in values.items() if value is not None}


def _once(pairs: Sequence[tuple[Hashable, object]]) -> dict:
    """Names with their values; raises ValueError for a name that stands there twice."""
    values = dict(pairs)
    if len(values) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"{name!s:.60} is given twice; give it once")
    return values


class _PlainYaml(yaml.SafeLoader):
    """YAML without aliases, by which a few lines stand for gigabytes; only `true` and `false` are truth values.

    In YAML 1.1 `no`, which is Norwegian, is another word for `false`.
    """

    yaml_implicit_resolvers: ClassVar[dict] = {
        first: [each for each in resolvers if each[0] != TRUTH or first in "tTfF"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("a value is given as *NAME; write it out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        _once([(name.value, None) for name, _ in node.value if isinstance(name, yaml.ScalarNode)])
        return super().construct_mapping(node, deep)


def _from_file(value: object, action: Action) -> object:
    """A single value as the text that a command line has, which argparse then converts; lists item by item."""
    if isinstance(value, list) and action.nargs == "+":
        return [action.type(item) for item in value]
    return value if isinstance(value, list | dict) else str(value)


def _with_corpus_options(values: Mapping[str, object]) -> dict[str, object]:
    """The options of corpora, where they are given, under the one name that all corpora share."""
    defaults = {each.name: each.default for corpus in CORPORA.values() for each in dataclasses.fields(corpus.options)}
    given = {name: values[name] for name in defaults.keys() & values.keys() if values[name] != defaults[name]}
    rest = {name: value for name, value in values.items() if name not in defaults}
    if not given:
        return rest
    return rest | {"corpus_options": as_corpus_options(rest["corpus_options"] or {}) | given}
