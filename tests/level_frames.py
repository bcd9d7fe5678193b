"""Frames that are no MFCC: two values every 20 ms."""

import numpy as np

from wise_hf.model.frames_wise import FrameExtractor
from wise_hf.model.mfcc_wise import frame_sizes, pad_to_frame


def levels(samples: np.ndarray, sampling_rate: int, *, frame_ms: float, hop_ms: float) -> np.ndarray:
    """How loud a frame is, and how much of it changes from one sample to the next."""
    frame, hop = frame_sizes(sampling_rate, frame_ms, hop_ms)
    frames = np.lib.stride_tricks.sliding_window_view(pad_to_frame(samples, frame), frame)[::hop]
    return np.log(np.stack([frames.std(1), np.diff(frames).std(1)], 1) + 1e-6)


LEVELS = FrameExtractor(levels, feature_size=2, hop_ms=20)
