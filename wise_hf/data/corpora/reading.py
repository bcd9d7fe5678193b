"""The corpus that options name -> its utterances."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from datasets import Dataset

from wise_hf.data.corpora import CORPORA, Corpus
from wise_hf.data.options import Options, as_label_map, as_path, different_names, option, positive
from wise_hf.data.unusable import without_unusable
from wise_hf.model.configuration_wise import EMOTIONS


def as_emotions(value: str | Sequence[str]) -> str | list[str]:
    """`a,b,c`, a list of them, or the name of a corpus's set."""
    label_sets = dict.fromkeys(name for corpus in CORPORA.values() for name in corpus.label_sets)
    if isinstance(value, str) and value in label_sets:
        return value
    names = different_names(value)
    if len(names) < 2:
        raise ValueError(
            f"'{value!s:.80}' is not two or more different names with commas between them, nor a set of emotions "
            f"({', '.join(label_sets)})"
        )
    return names


def as_corpus_options(value: str | Mapping[str, object]) -> dict[str, object]:
    try:
        given = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        given = None
    if not isinstance(given, Mapping):
        raise ValueError(f'\'{value!s:.80}\' is not a JSON object such as {{"name": "value"}}')
    return dict(given)


def _listed(tell: Callable[[Corpus], str]) -> str:
    """Something of every corpus that has it, for `--help`."""
    return "; ".join(f"{each.name}: {tell(each)}" for each in CORPORA.values() if tell(each))


@dataclass(frozen=True, kw_only=True)
class CorpusOptions(Options):
    """Which recordings, and how they are prepared."""

    _argument_group_name = "corpus"

    data_dir: Annotated[Path, as_path] = option(help="the corpus's folder")
    dataset: str = option("folder", help=f"what DATA_DIR is: {_listed(lambda each: each.what)}")
    emotions: Annotated[list[str] | str | None, as_emotions] = option(
        None,
        help=f"comma-separated, e.g. {','.join(EMOTIONS)}, or a set that the corpus has: "
        f"{_listed(lambda each: ', '.join(each.label_sets))} (default: its usual ones, of most corpora all)",
    )
    label_map: Annotated[dict[str, str] | str | None, as_label_map] = option(
        None, help="read emotions as others: calm=neutral,..."
    )
    num_proc: Annotated[int, positive] = option(2, help="processes for alignment and features")
    skip_unusable: bool = option(
        False,
        help="pass over recordings that cannot be used (missing, damaged, too long, without speech, ...) and count "
        "them; else they are all named and stop the run",
    )
    corpus_options: Annotated[dict[str, object] | str | None, as_corpus_options] = option(
        None, help="options of the corpus's own, as JSON; those below can be given by their names"
    )

    @property
    def corpus(self) -> Corpus:
        """The entry of the registry."""
        if self.dataset not in CORPORA:
            raise ValueError(f"There is no corpus '{self.dataset}'; choose one of {', '.join(CORPORA)}.")
        return CORPORA[self.dataset]

    @property
    def corpus_title(self) -> str:
        """What results call the corpus."""
        return self.corpus.title(self.data_dir)


def read_corpus(options: CorpusOptions) -> tuple[Dataset, int]:
    """Read the corpus that the options name.

    Returns:
        Its utterances, and how many more there are that cannot be read and are passed over (`--skip_unusable`).

    Raises:
        ValueError: for options of another corpus, or a corpus that cannot be used.
    """
    corpus = options.corpus
    own = _own_options(corpus, options.corpus_options or {})
    if isinstance(options.emotions, str) and options.emotions not in corpus.label_sets:
        raise _of_other_corpora(f"--emotions {options.emotions}", lambda each: options.emotions in each.label_sets)
    label_map = options.label_map or {}
    dataset, unusable = corpus.read(options.data_dir, options.emotions, label_map, options.num_proc, **own)
    if unusable is not None and not options.skip_unusable:
        raise unusable
    return dataset, 0 if unusable is None else len(unusable.reasons)


def read_usable(options: CorpusOptions, prepare: Callable[[Dataset], object]) -> tuple[Dataset, int]:
    """Read the corpus that the options name, without what cannot be prepared where that is passed over.

    Args:
        options: which corpus, and whether anything is passed over (`--skip_unusable`).
        prepare: what is to be done with it, and raises UnusableUtterances where it cannot be.

    Returns:
        The utterances, and how many recordings were passed over.

    Raises:
        ValueError: see `read_corpus`.
    """
    whole, num_unread = read_corpus(options)
    corpus = without_unusable(whole, prepare) if options.skip_unusable else whole
    return corpus, num_unread + len(whole) - len(corpus)


def _own_options(corpus: Corpus, given: Mapping[str, object]) -> dict[str, object]:
    """What was given of the corpus's own options, checked by its dataclass."""
    for name in given:
        if name not in corpus.option_names:
            raise _of_other_corpora(f"--{name}", lambda each, name=name: name in each.option_names)
    checked = corpus.options(**given)
    return {name: getattr(checked, name) for name in given}


def _of_other_corpora(told: str, has_it: Callable[[Corpus], bool]) -> ValueError:
    names = [each.name for each in CORPORA.values() if has_it(each)]
    if not names:
        return ValueError(f"{told}: no corpus has this option; leave it out.")
    return ValueError(f"{told}: this is for {' or '.join(names)}; leave it out, or give --dataset {names[0]}.")


def emotions_in_order(dataset: Dataset, options: CorpusOptions) -> list[str]:
    """The labels in the order of their numbers: as asked for, else sorted, without those that no utterance has."""
    present = set(dataset["emotion"])
    wanted = options.emotions or sorted(present)
    if isinstance(wanted, str):
        wanted = dict.fromkeys(options.corpus.label_sets[wanted].values())
    return [emotion for emotion in wanted if emotion in present]
