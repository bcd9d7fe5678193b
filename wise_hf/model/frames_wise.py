"""What makes the frames of a recording: the MFCC of the paper, or a frame extractor of one's own."""

import math
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module

import numpy as np

from .mfcc_wise import FRAME_MS, HOP_MS, NUM_CEPSTRA, frame_sizes, mfcc_native, num_frames
from .opensmile_wise import load_opensmile, mfcc_opensmile


@dataclass(frozen=True)
class FrameExtractor:
    """A way to make frames.

    Args:
        extract: called as `extract(samples, sampling_rate, frame_ms=..., hop_ms=...)` with (n,) float32 in [-1, 1];
            gives (T, feature_size) float, a row for each of the `num_frames` frames that begin every hop_ms.
        feature_size: values a frame.
        frame_ms: length of a frame in milliseconds, unless the user asks for another.
        hop_ms: step between the starts of two frames in milliseconds, likewise.
        is_mfcc: the values are those of `mfcc_native`, which some augmentations count on.
        check: raises ImportError where something is missing that `extract` needs.
    """

    extract: Callable[..., np.ndarray]
    feature_size: int
    frame_ms: float = FRAME_MS
    hop_ms: float = HOP_MS
    is_mfcc: bool = False
    check: Callable[[], object] = lambda: None

    def __post_init__(self):
        if self.feature_size < 1:
            raise ValueError(f"feature_size is {self.feature_size}, expected 1 or more values a frame.")


# Named for what they were when there was nothing else; any other name is `module:attribute`.
MFCC_BACKENDS = {
    "native": FrameExtractor(mfcc_native, 3 * NUM_CEPSTRA, is_mfcc=True),
    "opensmile": FrameExtractor(mfcc_opensmile, 3 * NUM_CEPSTRA, is_mfcc=True, check=load_opensmile),
}


# The environment variable of those that saved models may name, with commas between them.
ALLOWED = "WISE_FRAME_EXTRACTORS"


@lru_cache(maxsize=8)
def frame_extractor(name: str) -> FrameExtractor:
    """The frame extractor of a name.

    Args:
        name: of `MFCC_BACKENDS`, or `module:attribute` of a `FrameExtractor` that Python can import.

    Raises:
        ValueError: there is none of that name.
    """
    if name in MFCC_BACKENDS:
        return MFCC_BACKENDS[name]
    module, _, attribute = str(name).partition(":")
    known = f"expected one of {', '.join(map(repr, MFCC_BACKENDS))}, or 'module:attribute' of a FrameExtractor"
    if not module or not attribute:
        raise ValueError(f"mfcc_backend is {name!r:.80}, {known}.")
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"mfcc_backend is {name!r}, which cannot be imported ({error}); {known}.") from error
    if type(found).__name__ != FrameExtractor.__name__:  # a saved model's own code has a class of its own
        raise ValueError(f"mfcc_backend is {name!r}, which is a {type(found).__name__}; {known}.")
    return found


def check_allowed(name: str) -> None:
    """Refuse the frame extractor that a saved model names, unless the user has allowed it: importing it runs code.

    Args:
        name: see `frame_extractor`.

    Raises:
        ValueError: its module is not imported yet, and `ALLOWED` does not name it.
    """
    module, colon, _ = str(name).partition(":")
    if colon and module not in sys.modules and name not in map(str.strip, os.environ.get(ALLOWED, "").split(",")):
        raise ValueError(
            f"The model names the frame extractor {name!r:.80}, whose module would be run; if you trust it, import "
            f"the module first, or set the environment variable {ALLOWED} to this name."
        )


def extract_frames(
    name: str, samples: np.ndarray, sampling_rate: int, feature_size: int, frame_ms: float, hop_ms: float
) -> np.ndarray:
    """The frames of a recording, held against what they should be.

    Args:
        name: see `frame_extractor`.
        samples: (n,) float32, mono, in [-1, 1].
        sampling_rate: in Hz.
        feature_size, frame_ms, hop_ms: see `FrameExtractor`.

    Returns:
        (T, feature_size) float32.

    Raises:
        ValueError: the extractor gave another shape.
    """
    frames = frame_extractor(name).extract(samples, sampling_rate, frame_ms=frame_ms, hop_ms=hop_ms)
    frames = np.asarray(frames, dtype=np.float32)
    expected = (num_frames(len(samples), sampling_rate, frame_ms, hop_ms), feature_size)
    if frames.shape != expected:
        frame, hop = frame_sizes(sampling_rate, frame_ms, hop_ms)
        raise ValueError(
            f"The frame extractor {name!r} gave the shape {frames.shape} for {len(samples)} samples, expected "
            f"{expected}: a row for each frame of {frame} samples every {hop}."
        )
    return frames


def num_encoded_frames(num_samples: int, hop: int) -> int:
    """Frames that an encoder makes of a recording: every sample is in one, however short the recording.

    Args:
        num_samples: of the recording.
        hop: samples from the start of one frame to the next.
    """
    return max(1, math.ceil(num_samples / hop))


def frames_around(
    name: str, samples: np.ndarray, sampling_rate: int, count: int, centre_twice: int, hop: int
) -> np.ndarray:
    """Frames with the same centres as those of an encoder; beyond the recording is silence.

    Args:
        name: see `frame_extractor`.
        samples: (n,) float32, mono, in [-1, 1].
        sampling_rate: in Hz.
        count: frames, 1 or more.
        centre_twice: twice the samples from the recording's start to the centre of the first frame.
        hop: samples from one centre to the next.

    Returns:
        (count, values) float32.
    """
    own, hop_ms = frame_extractor(name), 1000 * hop / sampling_rate
    frame, _ = frame_sizes(sampling_rate, own.frame_ms, hop_ms)
    start = (centre_twice - frame) // 2
    end = start + (count - 1) * hop + frame
    padded = np.pad(samples, (max(0, -start), max(0, end - len(samples))))[max(0, start) :][: end - start]
    return extract_frames(name, padded, sampling_rate, own.feature_size, own.frame_ms, hop_ms)
