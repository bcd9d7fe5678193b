"""A recording to scores: WISE on MFCC and on the frames of a speech encoder, beside transformers' classifiers.

All weights are random, which changes neither time nor memory, so that nothing is downloaded.
"""

from collections.abc import Callable, Mapping
from functools import partial

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
from wise_hf.model.frame_encoder_wise import frame_times
from wise_hf.model.mfcc_wise import SAMPLING_RATE
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.model.pipeline_wise import WISEAudioClassificationPipeline
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.model.recognised_wise import Recogniser


Scorer = Callable[[np.ndarray], object]
Systems = Mapping[str, Callable[[], Scorer]]

NUM_EMOTIONS = 4
WHISPER_BASE = {"d_model": 512, "encoder_layers": 6, "encoder_attention_heads": 8, "encoder_ffn_dim": 2048}
FRAME_LAYERS = (2, 3)  # what `middle_layers` takes of Whisper-base


def whisper_base_frames() -> FrameEncoderConfig:
    """Whisper-base's encoder, cut to the layers that our recipe takes."""
    encoder = WhisperConfig(**WHISPER_BASE | {"encoder_layers": max(FRAME_LAYERS)})
    return FrameEncoderConfig(encoder=encoder, inputs=WhisperFeatureExtractor().to_dict(), layers=FRAME_LAYERS)


def wise_pipeline(
    text: str = "", frame_encoder: FrameEncoderConfig | None = None, recogniser: str | Recogniser | None = None
) -> WISEAudioClassificationPipeline:
    """A whole WISE, on the CPU.

    Args:
        text: whose words it knows.
        frame_encoder: makes the frames; `None` = MFCC.
        recogniser: hears words, see `WISEAudioClassificationPipeline`.
    """
    torch.manual_seed(0)
    tokenizer = build_tokenizer(sorted(set(text.lower().split())))
    own = {"level": "speech", "normalization": "none"}
    if frame_encoder is not None:
        own |= {"frames": "encoder", "feature_size": frame_encoder.feature_size}
        own |= frame_times(frame_encoder.encoder).of_extractor(SAMPLING_RATE)
    extractor = WISEFeatureExtractor(**own)
    config = WISEConfig(vocab_size=len(tokenizer), feature_size=extractor.feature_size, frame_encoder=frame_encoder)
    model, processor = WISEForAudioClassification(config).eval(), WISEProcessor(extractor, tokenizer)
    return WISEAudioClassificationPipeline(model=model, processor=processor, recogniser=recogniser, device="cpu")


def wise_scores(text: str | None, frame_encoder: FrameEncoderConfig | None = None) -> Scorer:
    """Samples of a sentence at 16 kHz to scores.

    Args:
        text: the sentence; `None` where pocketsphinx is to hear it.
        frame_encoder: see `wise_pipeline`.
    """
    return partial(_classified, wise_pipeline(text or "", frame_encoder), text=text)


def _classified(classify: WISEAudioClassificationPipeline, samples: np.ndarray, **known: object) -> list[dict]:
    return classify({"array": samples, "sampling_rate": SAMPLING_RATE, **known})


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
def _scores(model: nn.Module, encode: FeatureExtractionMixin, samples: np.ndarray) -> torch.Tensor:
    return model(**encode(samples, sampling_rate=SAMPLING_RATE, return_tensors="pt")).logits.softmax(-1)


def our_systems(text: str) -> Systems:
    """WISE, by what its frames are."""
    return {
        "MFCC": partial(wise_scores, text),
        "Whisper-base frames": partial(wise_scores, text, whisper_base_frames()),
    }


THEIR_SYSTEMS: Systems = {"wav2vec2-base": wav2vec2_scores, "Whisper-base classifier": whisper_scores}
