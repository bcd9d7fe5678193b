"""Samples cut into frames that overlap."""

import numpy as np

from wise_hf.model.mfcc_wise import pad_to_frame


def frames_of(samples: np.ndarray, frame: int, hop: int) -> np.ndarray:
    """(n,) samples to (T, frame) whole frames, one at least: audio shorter than a frame ends in zeros."""
    return np.lib.stride_tricks.sliding_window_view(pad_to_frame(samples, frame), frame)[::hop]
