"""Words as they come: equal to all of them at once, and at the same cost for each."""

import time
from dataclasses import replace

import pytest
import torch
from model_inputs import (
    assert_equal,
    every_variant,
    make_batch,
    make_model,
    random_utterance,
    random_utterances,
    variants,
)

from wise_hf.model.word_by_word_wise import WordByWord


def single_words(utterance):
    pairs = zip(utterance.word_ids, utterance.words, strict=True)
    return [replace(utterance, word_ids=[word_id], words=[word]) for word_id, word in pairs]


def inputs(model, utterance):
    batch = make_batch(model, [utterance])
    return {name: value for name, value in batch.items() if name != "labels"}


@variants(every_variant())
def test_after_every_word_it_is_the_whole_model_on_the_words_so_far(variant):
    model = make_model(variant, num_members=3)
    by_word = WordByWord(model)
    for utterance in random_utterances(model.config, (5, 2)):
        by_word.start()
        for count, word in enumerate(single_words(utterance), 1):
            ((probabilities, attention),) = by_word.add(inputs(model, word))
            first = replace(utterance, word_ids=utterance.word_ids[:count], words=utterance.words[:count])
            whole = model(**make_batch(model, [first]))
            assert_equal(torch.tensor(probabilities).double(), whole.logits[0].softmax(-1), 1e-6)
            if attention is not None:
                assert_equal(torch.tensor(attention).double(), whole.attention_weights[0], 1e-6)


@variants()
def test_several_words_at_once_are_these_words_one_by_one(variant):
    model = make_model(variant)
    utterance = random_utterance(model.config, 0, 5)
    one_by_one, at_once = WordByWord(model), WordByWord(model)
    singly = [one_by_one.add(inputs(model, word))[0] for word in single_words(utterance)]
    for (its, weights), (same, as_many) in zip(singly, at_once.add(inputs(model, utterance)), strict=True):
        assert its == pytest.approx(same) and weights == (as_many if weights is None else pytest.approx(as_many))


def test_scores_far_apart_stay_exact():
    model = make_model()
    with torch.no_grad():
        model.wise.word_attention.context.mul_(1000)
    utterance = random_utterance(model.config, 1, 6)
    scored = WordByWord(model).add(inputs(model, utterance))
    whole = model(**make_batch(model, [utterance]))
    assert_equal(torch.tensor(scored[-1][0]).double(), whole.logits[0].softmax(-1), 1e-6)


def test_a_late_word_costs_what_an_early_one_does_and_nothing_grows():
    model = make_model(dtype=torch.float32)
    by_word = WordByWord(model, num_weighted=20)
    word = inputs(model, random_utterance(model.config, 0, 1))
    seconds = []
    for _ in range(1200):
        start = time.perf_counter()
        ((_, attention),) = by_word.add(word)
        seconds.append(time.perf_counter() - start)
    early, late = (sorted(its)[len(its) // 2] for its in (seconds[10:110], seconds[1000:1100]))
    assert late < 3 * early
    assert len(attention) == 20
