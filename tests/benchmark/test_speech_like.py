"""Random batches and utterances like speech."""

import numpy as np
import pytest
import torch
from model_inputs import tiny_config

from wise_hf.benchmark.speech_like import prepared_utterances, speech_like_batch, speech_like_collator
from wise_hf.model.configuration_wise import WISEConfig


def test_the_batch_is_as_long_and_as_uneven_as_speech():
    batch = speech_like_batch(WISEConfig(), utterances=300)
    words, phonemes, frames = (batch[name] for name in ("attention_mask", "word_lengths", "phoneme_lengths"))
    assert batch["input_features"].shape[2] == 39
    for lengths, mean, limit in ((words.sum(1), 15, 128), (phonemes, 4, 14), (frames, 6, 64)):
        there = lengths[lengths > 0].double()
        assert there.mean() == pytest.approx(mean, rel=0.1)
        assert there.std() > 0.3 * mean
        assert there.max() <= limit


def test_the_same_seed_gives_the_same_batch():
    first, second, other = (
        speech_like_batch(tiny_config(feature_size=39), utterances=3, seed=seed) for seed in (1, 1, 2)
    )
    torch.testing.assert_close(first, second)
    assert first["input_features"].shape != other["input_features"].shape


def test_prepared_utterances_go_through_their_collator():
    known = prepared_utterances(np.random.default_rng(0), 6, ["happy", "sad"])
    batch = speech_like_collator(known, ["happy", "sad"])(known)
    assert batch["labels"].tolist() == [0, 1, 0, 1, 0, 1]
    assert batch["input_features"].shape[2] == 39
