"""Speech encoders of every family with random weights, small enough to run in milliseconds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import (
    AutoConfig,
    AutoModel,
    PreTrainedConfig,
    SeamlessM4TFeatureExtractor,
    SequenceFeatureExtractor,
    Wav2Vec2FeatureExtractor,
    WhisperFeatureExtractor,
)


NUM_LAYERS, SIZE, RATE = 3, 16, 16_000
WHISPER_WINDOW_FRAMES = 50  # 1 s instead of 30
GROUP, LAYER = {"feat_extract_norm": "group"}, {"feat_extract_norm": "layer", "do_stable_layer_norm": True}
_SIZES = {"hidden_size": SIZE, "num_hidden_layers": NUM_LAYERS, "num_attention_heads": 2, "intermediate_size": 32}
_CONVOLUTIONS = {"conv_dim": (8,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2}
_TOKENS = ("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id")
_WHISPER = {
    "d_model": SIZE,
    "vocab_size": 8,
    "max_source_positions": WHISPER_WINDOW_FRAMES,
    **{"encoder_layers": NUM_LAYERS, "encoder_attention_heads": 2, "encoder_ffn_dim": 32},
    **{"decoder_layers": 1, "decoder_attention_heads": 2, "decoder_ffn_dim": 32},
    **dict.fromkeys(_TOKENS, 0),
}
# Name -> type of the model, and its settings.
FAMILIES: dict[str, tuple[str, dict]] = {
    "whisper": ("whisper", _WHISPER),
    "wav2vec2-group": ("wav2vec2", _SIZES | _CONVOLUTIONS | GROUP),
    "wav2vec2-layer": ("wav2vec2", _SIZES | _CONVOLUTIONS | LAYER | {"conv_bias": True}),
    "hubert": ("hubert", _SIZES | _CONVOLUTIONS | LAYER),
    "wavlm": ("wavlm", _SIZES | _CONVOLUTIONS | LAYER | {"num_buckets": 16, "max_bucket_distance": 32}),
    "unispeech": ("unispeech", _SIZES | _CONVOLUTIONS | GROUP),
    "unispeech-sat": ("unispeech-sat", _SIZES | _CONVOLUTIONS | LAYER),
    "wav2vec2-bert": ("wav2vec2-bert", _SIZES | {"conv_depthwise_kernel_size": 5, "add_adapter": True}),
}


def encoder_config(family: str) -> PreTrainedConfig:
    """The configuration of a small encoder."""
    model_type, settings = FAMILIES[family]
    return AutoConfig.for_model(model_type, **settings)


def feature_extractor_of(family: str) -> SequenceFeatureExtractor:
    """The feature extractor that goes with it."""
    if family == "whisper":
        return WhisperFeatureExtractor(chunk_length=1)
    if family == "wav2vec2-bert":
        return SeamlessM4TFeatureExtractor()
    return Wav2Vec2FeatureExtractor(return_attention_mask=family.endswith("layer"))


def save_encoder(family: str, folder: Path) -> None:
    """Write a pretrained model, as the Hub has them: weights that half precision holds, and the feature extractor."""
    torch.manual_seed(0)
    model = AutoModel.from_config(encoder_config(family))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_((3 * parameter if parameter.ndim > 1 else parameter).half().float())
    model.save_pretrained(folder)
    feature_extractor_of(family).save_pretrained(folder)


def save_all(folder: Path, save: Callable[[str, Path], object] = save_encoder) -> None:
    """A folder for each family."""
    for family in FAMILIES:
        save(family, folder / family)


def sound(num_samples: int, seed: int = 0) -> np.ndarray:
    """(n,) float32: noise whose level and colour change all the time."""
    rng = np.random.default_rng(seed)
    times_s = np.arange(num_samples) / RATE
    level = 0.05 + 0.05 * np.sin(2 * np.pi * 2.3 * times_s + seed)
    tone = np.sin(2 * np.pi * (300 + 100 * np.sin(times_s + seed)) * times_s)
    return (level * (rng.standard_normal(num_samples) + tone)).astype(np.float32)
