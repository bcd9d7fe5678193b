"""A recording to scores: WISE on MFCC and on the frames of a speech encoder, beside transformers' classifiers.

All weights are random, which changes neither time nor memory, so that nothing is downloaded.
"""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import (
    FeatureExtractionMixin,
    PreTrainedConfig,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForSequenceClassification,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForAudioClassification,
)

from wise_hf.data.embeddings import build_tokenizer
from wise_hf.model.configuration_wise import FrameEncoderConfig, WISEConfig
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.mfcc_wise import SAMPLING_RATE
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.synthetic.benchmarking import WHISPER_BASE_SIZE, WHISPER_FRAMES, Measurement, time_in_turn


Scorer = Callable[[np.ndarray], torch.Tensor]
Systems = Mapping[str, Callable[[], Scorer]]

NUM_EMOTIONS = 4
WHISPER_BASE = {"d_model": WHISPER_BASE_SIZE, "encoder_layers": 6}
WHISPER_BASE |= {"encoder_attention_heads": 8, "encoder_ffn_dim": 2048}
FRAME_LAYERS = (2, 3)  # what `middle_layers` takes of Whisper-base
STATUS = Path("/proc/self/status")


def whisper_base_frames() -> FrameEncoderConfig:
    """Whisper-base's encoder, cut to the layers that our recipe takes."""
    encoder = WhisperConfig(**WHISPER_BASE | {"encoder_layers": max(FRAME_LAYERS)})
    return FrameEncoderConfig(encoder=encoder, inputs=WhisperFeatureExtractor().to_dict(), layers=FRAME_LAYERS)


def wise_scores(text: str, frame_encoder: FrameEncoderConfig | None = None) -> Scorer:
    """Samples of a sentence at 16 kHz to scores: level, aligner, frames and a WISE model.

    Args:
        text: the sentence.
        frame_encoder: makes the frames; `None` = MFCC.
    """
    torch.manual_seed(0)
    tokenizer = build_tokenizer(sorted(set(text.lower().split())))
    own = {"level": "speech", "normalization": "none"}
    if frame_encoder is not None:
        own |= WHISPER_FRAMES | {"feature_size": frame_encoder.feature_size}
    extractor = WISEFeatureExtractor(**own)
    config = WISEConfig(vocab_size=len(tokenizer), feature_size=extractor.feature_size, frame_encoder=frame_encoder)
    model = WISEForAudioClassification(config).eval()
    return partial(_scores, model, partial(WISEProcessor(extractor, tokenizer), text=text))


def wav2vec2_scores(config: PreTrainedConfig | None = None) -> Scorer:
    """Samples at 16 kHz to scores: transformers' classifier in the sizes of wav2vec2-base."""
    torch.manual_seed(0)
    model = Wav2Vec2ForSequenceClassification(config or Wav2Vec2Config(num_labels=NUM_EMOTIONS)).eval()
    return partial(_scores, model, Wav2Vec2FeatureExtractor())


def whisper_scores(config: PreTrainedConfig | None = None) -> Scorer:
    """Samples at 16 kHz to scores: transformers' classifier in the sizes of Whisper-base, which pads to 30 s."""
    torch.manual_seed(0)
    model = WhisperForAudioClassification(config or WhisperConfig(**WHISPER_BASE, num_labels=NUM_EMOTIONS)).eval()
    return partial(_scores, model, WhisperFeatureExtractor())


@torch.inference_mode()
def _scores(model: nn.Module, encode: FeatureExtractionMixin | partial, samples: np.ndarray) -> torch.Tensor:
    return model(**encode(samples, sampling_rate=SAMPLING_RATE, return_tensors="pt")).logits.softmax(-1)


def our_systems(text: str) -> Systems:
    """WISE, by what its frames are."""
    return {
        "MFCC": partial(wise_scores, text),
        "Whisper-base frames": partial(wise_scores, text, whisper_base_frames()),
    }


THEIR_SYSTEMS: Systems = {"wav2vec2-base": wav2vec2_scores, "Whisper-base classifier": whisper_scores}


def compare_scores(
    samples: np.ndarray, ours: Systems, theirs: Systems = THEIR_SYSTEMS, repeats: int = 5
) -> list[Measurement]:
    """The time from a recording to its scores, all systems in turn.

    Args:
        samples: (samples,) float32 in [-1, 1] at 16 kHz.
        ours, theirs: by name, what makes a system.
        repeats: runs of each.

    Returns:
        Each of ours against each of theirs.
    """
    runs = [partial(make(), samples) for make in (*ours.values(), *theirs.values())]
    took = time_in_turn(runs, repeats)
    return _pairs(f"{len(samples) / SAMPLING_RATE:.1f} s to scores", ours, theirs, took, "s")


def compare_memory(samples: np.ndarray, ours: Systems, theirs: Systems = THEIR_SYSTEMS) -> list[Measurement]:
    """The most memory that a process takes which does nothing but score a recording, PyTorch and all; Linux only.

    Args:
        samples, ours, theirs: see `compare_scores`.

    Returns:
        Each of ours against each of theirs.
    """
    took = [_in_own_process(make, samples) for make in (*ours.values(), *theirs.values())]
    return _pairs("memory", ours, theirs, took, "bytes")


def _pairs(told: str, ours: Systems, theirs: Systems, took: list[float], unit: str) -> list[Measurement]:
    by_name = dict(zip([*ours, *theirs], took, strict=True))
    pairs = product(ours, theirs)
    return [Measurement(f"{told}, {own} / {other}", by_name[own], by_name[other], unit) for own, other in pairs]


def _in_own_process(make: Callable[[], Scorer], samples: np.ndarray) -> int:
    threads = torch.get_num_threads()
    with ProcessPoolExecutor(1, get_context("spawn"), torch.set_num_threads, (threads,)) as process:
        return process.submit(_peak_bytes, make, samples).result()


def _peak_bytes(make: Callable[[], Scorer], samples: np.ndarray) -> int:
    make()(samples)
    # Not getrusage: its figure is inherited from the process that started this one.
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())[1])
