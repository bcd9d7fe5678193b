"""The order of utterances in an epoch."""

import numpy as np
import pytest
import torch

from wise_hf.training.batch_order import SimilarLengths


def order_of(lengths: list[int], batch_size: int, seed: int) -> list[int]:
    return list(SimilarLengths(lengths, batch_size, torch.Generator().manual_seed(seed)))


@pytest.mark.parametrize(("count", "batch_size"), [(1, 4), (7, 4), (8, 4), (1000, 16)])
def test_every_utterance_comes_once_in_an_order_that_the_seed_decides(count, batch_size):
    lengths = list(range(count))
    first = order_of(lengths, batch_size, 1)
    assert sorted(first) == lengths and first == order_of(lengths, batch_size, 1)
    assert count == 1 or first != order_of(lengths, batch_size, 2)


def test_a_batch_holds_similar_lengths_and_long_batches_come_at_any_time():
    lengths = np.random.default_rng(0).integers(1, 100, 1600).tolist()
    batches = np.array(order_of(lengths, 16, 0)).reshape(-1, 16)
    of_batches = np.array(lengths)[batches]
    assert of_batches.std(axis=1).mean() < 0.15 * np.std(lengths)
    early, late = of_batches[:50].mean(), of_batches[50:].mean()
    assert abs(early - late) < 0.6 * np.std(lengths)


@pytest.mark.parametrize("lengths", [[6] * 128, list(range(128))], ids=["equally long", "of different lengths"])
def test_the_utterances_of_a_batch_meet_others_in_the_next_epoch(lengths):
    first, second = (np.array(order_of(lengths, 8, seed)).reshape(-1, 8) for seed in (0, 1))
    met_again = [len(set(one) & set(other)) for one in first for other in second]
    assert max(met_again) <= 6


def test_the_last_and_smaller_batch_is_as_long_as_any():
    lengths = np.random.default_rng(0).integers(1, 100, 165).tolist()
    rests = [np.array(lengths)[order_of(lengths, 16, seed)[-5:]].mean() for seed in range(200)]
    assert np.mean(rests) == pytest.approx(np.mean(lengths), rel=0.05)
