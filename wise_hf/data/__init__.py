"""Corpora as `datasets`: readers, folds and map functions."""

from wise_hf.data.folder import load_folder
from wise_hf.data.folds import make_folds
from wise_hf.data.iemocap import load_iemocap


__all__ = ["load_folder", "load_iemocap", "make_folds"]
