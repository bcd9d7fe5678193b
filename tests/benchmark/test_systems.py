"""A recording to scores by WISE and by what else one could run: all are measured alike."""

from functools import partial

import numpy as np
import pytest
import torch
from transformers import Wav2Vec2Config, WhisperConfig, WhisperFeatureExtractor
from wise_hf.synthetic.recording_benchmark import (
    STATUS,
    THEIR_SYSTEMS,
    compare_memory,
    compare_scores,
    our_systems,
    wav2vec2_scores,
    whisper_base_frames,
    whisper_scores,
    wise_scores,
)

from wise_hf.model.configuration_wise import FrameEncoderConfig
from wise_hf.synthetic import recording_benchmark


TEXT = "Come inside."
SMALL = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
SMALL |= {"conv_dim": [8] * 7, "num_conv_pos_embedding_groups": 2, "num_labels": 4, "classifier_proj_size": 8}
SMALL_WHISPER = {"d_model": 16, "encoder_layers": 2, "encoder_attention_heads": 2, "encoder_ffn_dim": 16}


@pytest.fixture(scope="module")
def samples() -> np.ndarray:
    pytest.importorskip("espeakng_loader")
    pytest.importorskip("pocketsphinx")
    from wise_hf.synthetic.demo_corpus import VOICES
    from wise_hf.synthetic.espeak import speak

    return speak(TEXT, VOICES[0]).samples


@pytest.fixture
def ours() -> dict:
    encoder = FrameEncoderConfig(
        encoder=WhisperConfig(**SMALL_WHISPER), inputs=WhisperFeatureExtractor().to_dict(), layers=[1, 2]
    )
    return {"MFCC": partial(wise_scores, TEXT), "frames": partial(wise_scores, TEXT, encoder)}


@pytest.fixture
def theirs() -> dict:
    whisper = WhisperConfig(**SMALL_WHISPER, num_labels=4, classifier_proj_size=8)
    return {"wav2vec2": partial(wav2vec2_scores, Wav2Vec2Config(**SMALL)), "Whisper": partial(whisper_scores, whisper)}


def test_every_system_scores_a_recording(samples, ours, theirs):
    for make in (*ours.values(), *theirs.values()):
        scores = make()(samples)
        assert scores.shape == (1, 4)
        assert scores.sum() == pytest.approx(1)


def test_each_of_ours_is_compared_with_each_of_theirs(samples, ours, theirs, monkeypatch):
    def taken(runs, repeats):
        assert all(run().shape == (1, 4) for run in runs)
        return [1.0, 2.0, 4.0, 8.0]

    monkeypatch.setattr(recording_benchmark, "time_in_turn", taken)
    compared = compare_scores(samples, ours, theirs, repeats=1)
    told = f"{len(samples) / 16_000:.1f} s to scores"
    assert {each.name: each.ratio for each in compared} == {
        f"{told}, MFCC / wav2vec2": 4.0,
        f"{told}, MFCC / Whisper": 8.0,
        f"{told}, frames / wav2vec2": 2.0,
        f"{told}, frames / Whisper": 4.0,
    }


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells the memory of a process")
def test_the_memory_is_that_of_a_process_that_does_nothing_else():
    held = torch.ones(100_000_000)  # 400 MB in this process
    compared = compare_memory(np.zeros(1600, np.float32), {"nothing": nothing}, {"much": much})
    assert [each.name for each in compared] == ["memory, nothing / much"]
    assert compared[0].theirs - compared[0].ours == pytest.approx(len(held), rel=0.3)


def nothing():
    return np.sum


def much():
    return lambda samples: np.ones(100_000_000, np.int8).sum()


def test_the_sizes_are_those_of_the_published_models():
    with torch.device("meta"):
        encoder = whisper_base_frames()
        whisper = THEIR_SYSTEMS["Whisper-base classifier"]().args[0]
        wav2vec2 = THEIR_SYSTEMS["wav2vec2-base"]().args[0]
    assert (encoder.layers, encoder.feature_size) == ([2, 3], 512)
    sizes = [sum(each.numel() for each in model.parameters()) / 1e6 for model in (whisper, wav2vec2)]
    assert sizes == pytest.approx([20.7, 94.6], abs=0.2), "millions of weights"


def test_ours_are_named_by_their_frames():
    assert list(our_systems(TEXT)) == ["MFCC", "Whisper-base frames"]
