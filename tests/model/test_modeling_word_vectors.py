"""A model without a word embedding: vectors of words are given to it, or made by its word encoder."""

import pytest
import torch
from model_inputs import assert_equal, make_batch, make_model, variants
from text_encoders import tiny_bert

from wise_hf.model.pretrained_word_encoder import read_word_encoder
from wise_hf.model.word_by_word_wise import WordByWord


VARIANTS = ({}, {"modality": "text"}, {"interaction": False}, {"attention": False})


def with_vectors(model, batch):
    """The batch with vectors in place of the words' numbers."""
    shape = (*batch["attention_mask"].shape, model.config.word_embedding_size)
    vectors = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=model.dtype)
    return {name: value for name, value in batch.items() if name != "input_ids"} | {"word_vectors": vectors}


def batch_of(model, **padding):
    model.config.vocab_size = 11  # for random words
    batch = make_batch(model, **padding)
    model.config.vocab_size = 0
    return with_vectors(model, batch)


@variants(VARIANTS)
def test_vectors_are_normalised_and_take_the_place_of_the_embeddings(variant):
    model, other = make_model(variant, vocab_size=0), make_model(variant, vocab_size=20)
    assert model.get_input_embeddings() is None
    assert set(other.state_dict()) - set(model.state_dict()) == {"wise.word_embeddings.weight"}
    batch = batch_of(model)
    other.load_state_dict(model.state_dict(), strict=False)
    vectors = batch["word_vectors"].flatten(0, 1)
    vectors = (vectors - vectors.mean(1, keepdim=True)) / (vectors.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    other.wise.load_word_embeddings(vectors)
    ids = torch.arange(20).unflatten(0, (4, 5))
    expected = other(**{name: value for name, value in batch.items() if name != "word_vectors"}, input_ids=ids)
    assert_equal(model(**batch).logits, expected.logits)


@variants(VARIANTS)
def test_word_by_word_it_gives_what_it_gives_in_one_pass(variant):
    model = make_model(variant, vocab_size=0)
    first = {name: value[:1] for name, value in batch_of(model).items() if name != "labels"}
    expected = model(**first, output_words=True).word_logits[0].softmax(-1)
    scored = torch.tensor([its for its, _ in WordByWord(model).add(first)], dtype=model.dtype)
    assert_equal(scored, expected[: len(scored)], 1e-6)


def test_what_stands_at_padding_changes_nothing():
    model = make_model(vocab_size=0)
    batch = batch_of(model)
    padding = batch["attention_mask"][:, :, None] == 0
    changed = batch | {"word_vectors": batch["word_vectors"].masked_fill(padding, 7.0)}
    assert_equal(model(**changed).logits, model(**batch).logits)


def test_the_encoder_makes_the_vectors_of_a_batch(tmp_path):
    encoder, _ = read_word_encoder(str(tiny_bert(tmp_path)), (1, 2))
    model = make_model(vocab_size=0, word_embedding_size=12)
    model.wise.add_word_encoder(encoder.double())
    batch = batch_of(model)
    ids = torch.tensor([[9, 10, 11, 12]] * 4)
    words = torch.tensor([[1, 1, 2, 3], [1, 0, 0, 0], [1, 2, 5, 5], [1, 2, 2, 0]])
    pieces = {"piece_ids": ids, "piece_words": words}
    vectors = encoder(ids, words, 5)
    expected = model(**batch | {"word_vectors": vectors}).logits
    given = {name: value for name, value in batch.items() if name != "word_vectors"} | pieces
    assert_equal(model(**given).logits, expected)
    del given["attention_mask"]
    assert_equal(model(**given).logits, expected)
    del given["piece_words"]
    with pytest.raises(ValueError, match="Beside piece_ids the model needs piece_words;"):
        model(**given)


@pytest.mark.parametrize("modality", ["both", "text"])
def test_missing_and_misshapen_vectors_are_told_in_a_sentence(modality):
    model = make_model(vocab_size=0, modality=modality)
    batch = batch_of(model)
    vectors = batch.pop("word_vectors")
    with pytest.raises(ValueError, match=f"modality '{modality}' needs word_vectors as well"):
        model(**batch)
    with pytest.raises(ValueError, match=r"word_vectors has the shape \(4, 5, 4\) .* with 5 values a word"):
        model(**batch, word_vectors=vectors[:, :, 1:])
    if modality == "text":
        with pytest.raises(ValueError, match="needs attention_mask as well"):
            model(word_vectors=vectors)
