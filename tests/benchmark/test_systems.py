"""Systems from a recording to scores."""

from functools import partial

import pytest
import torch
from test_recording_rows import THEIRS
from transformers import WhisperConfig, WhisperFeatureExtractor

from wise_hf.benchmark.systems import THEIR_SYSTEMS, our_systems, whisper_base_frames, whisper_scores, wise_scores
from wise_hf.model.configuration_wise import FrameEncoderConfig


SMALL_WHISPER = {"d_model": 16, "encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 16}


def test_ours_score_a_recording(come_inside):
    encoder = FrameEncoderConfig(
        encoder=WhisperConfig(**SMALL_WHISPER), inputs=WhisperFeatureExtractor().to_dict(), layers=[1, 2]
    )
    for score in (wise_scores(come_inside.text), wise_scores(come_inside.text, encoder)):
        scores = score(come_inside.samples)
        assert len(scores) == 4
        assert sum(each["score"] for each in scores) == pytest.approx(1)


def test_theirs_score_a_recording(come_inside):
    whisper = WhisperConfig(**SMALL_WHISPER, num_labels=4, classifier_proj_size=8)
    for make in (*THEIRS.values(), partial(whisper_scores, whisper)):
        scores = make()(come_inside.samples)
        assert scores.shape == (1, 4)
        assert scores.sum() == pytest.approx(1)


def test_the_sizes_are_those_of_the_published_models():
    with torch.device("meta"):
        encoder = whisper_base_frames()
        whisper = THEIR_SYSTEMS["Whisper-base classifier"]().args[0]
        wav2vec2 = THEIR_SYSTEMS["wav2vec2-base"]().args[0]
    assert (encoder.layers, encoder.feature_size) == ([2, 3], 512)
    sizes = [sum(each.numel() for each in model.parameters()) / 1e6 for model in (whisper, wav2vec2)]
    assert sizes == pytest.approx([20.7, 94.6], abs=0.2), "millions of weights"


def test_ours_are_named_by_their_frames():
    assert list(our_systems("Come inside.")) == ["MFCC", "Whisper-base frames"]
