"""The utterances of a corpus that a model has never heard: the test part of its fold."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from datasets import Dataset

from wise_hf.data.corpora.reading import CorpusOptions, read_corpus
from wise_hf.data.fold_file import read_folds
from wise_hf.data.options import Options, as_path, option, positive


@dataclass(frozen=True, kw_only=True)
class FoldOptions(Options):
    """Which part of a corpus."""

    _argument_group_name = "fold"

    folds_file: Annotated[Path | None, as_path] = option(
        None, help="folds.json of the model's run: takes the test part alone"
    )
    fold: Annotated[int, positive] = option(1, help="which of them, from 1")


@dataclass(frozen=True, kw_only=True)
class CorpusPartOptions(FoldOptions, CorpusOptions):
    """A corpus, or a part of it."""


def read_test_part(options: CorpusPartOptions) -> Dataset:
    """The corpus that the options name, or the test part of a fold of it.

    Raises:
        ValueError: for a corpus that cannot be used, or no such fold.
    """
    corpus, _ = read_corpus(options)
    if options.folds_file is None:
        return corpus
    folds = read_folds(options.folds_file, corpus)
    if options.fold > len(folds) or not folds[options.fold - 1].test:
        raise ValueError(
            f"{options.folds_file} has no fold {options.fold} with a test part; it has {len(folds)} folds."
        )
    return corpus.select(folds[options.fold - 1].test)
