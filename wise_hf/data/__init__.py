"""Corpora as `datasets`: readers, folds and map functions."""

from wise_hf.data.collator import WISECollator
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.corpora.iemocap.check import describe_segments
from wise_hf.data.corpora.iemocap.reader import load_iemocap
from wise_hf.data.fold_file import read_folds, write_folds
from wise_hf.data.folds import Fold, make_folds, split_dataset, without_tested_text
from wise_hf.data.labels import with_labels
from wise_hf.data.word_ids import with_word_ids


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
