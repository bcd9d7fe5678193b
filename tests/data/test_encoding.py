"""Recordings that are encoded together, as on a GPU, have the frames that they have one at a time."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import (
    PreTrainedModel,
    Wav2Vec2Config,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2Model,
    WavLMConfig,
    WavLMModel,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperModel,
)

from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.encoding import encode_by_length
from wise_hf.data.prepare import prepare
from wise_hf.data.unusable import UnusableUtterances
from wise_hf.data.wise_frames import Frames
from wise_hf.model.pretrained_encoder import FrameEncoderSource, read_frame_encoder


IDS = dict.fromkeys(("pad_token_id", "bos_token_id", "eos_token_id", "decoder_start_token_id"), 0)
WHISPER = {"d_model": 16, "vocab_size": 8, "encoder_layers": 2, "decoder_layers": 1, "encoder_attention_heads": 2}
SIZES = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
SIZES |= {"conv_dim": [8] * 7, "num_conv_pos_embedding_groups": 2}


def whisper() -> PreTrainedModel:
    return WhisperModel(WhisperConfig(**WHISPER, **IDS, decoder_attention_heads=2))


def wavlm() -> PreTrainedModel:
    return WavLMModel(WavLMConfig(**SIZES, feat_extract_norm="layer", do_stable_layer_norm=True))


def wav2vec2() -> PreTrainedModel:
    return Wav2Vec2Model(Wav2Vec2Config(**SIZES))  # its group norm sees the padding of a batch


def saved(folder: Path, model: PreTrainedModel) -> Path:
    model.save_pretrained(folder)
    is_whisper = model.config.model_type == "whisper"
    (WhisperFeatureExtractor if is_whisper else Wav2Vec2FeatureExtractor)().save_pretrained(folder)
    return folder


@pytest.fixture
def waveforms() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    lengths = [16_000, 3_000, 40_001, 15_700, 1, 16_000]
    return [0.1 * rng.standard_normal(length, dtype=np.float32) for length in lengths]


@pytest.mark.parametrize("make", [whisper, wavlm, wav2vec2])
def test_together_and_one_at_a_time_give_the_same_frames(tmp_path, waveforms, make, in_batches):
    torch.manual_seed(0)
    encoder = read_frame_encoder(str(saved(tmp_path, make())), layers=(1, 2))
    together = encode_by_length(encoder, waveforms)
    for frames, waveform in zip(together, waveforms, strict=True):
        assert np.abs(frames).max() > 0.1
        np.testing.assert_allclose(frames, encoder.encode(waveform), atol=1e-5)


def test_those_of_similar_length_are_together_and_a_batch_has_its_limit(tmp_path, waveforms, monkeypatch):
    encoder, batches = read_frame_encoder(str(saved(tmp_path, whisper())), layers=(1,)), []
    encode_batch = encoder.encode_batch

    def encoded(recordings):
        batches.append([len(each) for each in recordings])
        return encode_batch(recordings)

    monkeypatch.setattr(encoder, "encode_batch", encoded)
    encode_by_length(encoder, waveforms, batch_s=2.0)
    assert batches == [[40_001], [16_000, 16_000], [15_700, 3_000], [1]]


def test_on_a_gpu_a_corpus_is_prepared_in_this_process_with_the_same_frames(
    spoken_corpus, tmp_path, monkeypatch, in_batches
):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr("wise_hf.data.cache.ROWS_TOGETHER", 5)
    frames = Frames(encoder=FrameEncoderSource(str(saved(tmp_path / "encoder", whisper())), (1, 2)), with_mfcc=True)
    corpus = load_folder(spoken_corpus).select(range(12))
    expected = frames.prepare(corpus)
    batches, together = [], encode_by_length

    def encoded(encoder, waveforms):
        batches.append(len(waveforms))
        return together(encoder, waveforms)

    monkeypatch.setattr("wise_hf.data.utterance_features.encode_by_length", encoded)
    monkeypatch.setattr(FrameEncoderSource, "is_on_gpu", True)
    prepared = frames.prepare(corpus, num_proc=2)
    assert batches == [5, 5, 2]
    assert prepared.column_names == expected.column_names
    for one, other in zip(prepared.with_format("numpy"), expected.with_format("numpy"), strict=True):
        np.testing.assert_allclose(one["input_features"], other["input_features"], atol=2e-3)  # float16
        assert all(np.array_equal(one[name], other[name]) for name in ("phoneme_lengths", "word_lengths"))


def test_on_a_gpu_what_cannot_be_used_is_told_and_costs_no_other(spoken_corpus, tmp_path, monkeypatch):
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(FrameEncoderSource, "is_on_gpu", True)
    folder = shutil.copytree(spoken_corpus, tmp_path / "corpus")
    corpus = load_folder(folder).select(range(3))
    Path(corpus[1]["audio"]).write_bytes(b"no audio")
    frames = Frames(encoder=FrameEncoderSource(str(saved(tmp_path / "encoder", whisper())), (1,)))
    with pytest.raises(UnusableUtterances) as caught:
        prepare(corpus, frames.feature_extractor(), encoder=frames.encoder)
    assert list(caught.value.reasons) == [1]
    assert len(frames.prepare(corpus.select([0, 2]))) == 2
