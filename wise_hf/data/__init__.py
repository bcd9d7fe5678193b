"""Corpora as `datasets`: readers, folds and columns."""

from importlib import import_module

from wise_hf.data.collator import WISECollator
from wise_hf.data.columns import with_labels, with_word_ids
from wise_hf.data.fold_file import read_folds, write_folds
from wise_hf.data.folds import Fold, make_folds, split_dataset, without_tested_text


# Taken from there when they are asked for: the readers build on this package.
_OF_CORPORA = {
    "describe_segments": "wise_hf.data.corpora.iemocap.words",
    "load_folder": "wise_hf.data.corpora.folder",
    "load_iemocap": "wise_hf.data.corpora.iemocap.reader",
}

__all__ = [
    "Fold",
    "WISECollator",
    "describe_segments",
    "load_folder",
    "load_iemocap",
    "make_folds",
    "read_folds",
    "split_dataset",
    "with_labels",
    "with_word_ids",
    "without_tested_text",
    "write_folds",
]


def __getattr__(name: str) -> object:
    if name in _OF_CORPORA:
        return getattr(import_module(_OF_CORPORA[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
