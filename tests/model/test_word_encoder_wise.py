"""Pieces of words to vectors of words."""

import multiprocessing
import shutil

import numpy as np
import pytest
import torch
from model_inputs import assert_equal, pad_rows
from text_encoders import ENCODERS, tiny_bert
from transformers import AutoModel

from wise_hf.model.configuration_wise import WISEConfig, WordEncoderConfig
from wise_hf.model.pieces_wise import pieces_of
from wise_hf.model.pretrained_word_encoder import WordEncoderSource, last_layers, read_word_encoder


TEXTS = (["Don't", "talk!"], ["I'm"], ["Kids", "\u200b", "sit", "by", "it"])


@pytest.fixture(params=ENCODERS)
def folder(request, tmp_path):
    return ENCODERS[request.param](tmp_path / "text-encoder")


def batch_of(tokenizer, texts):
    pieces = [[torch.from_numpy(part) for part in pieces_of(tokenizer, words)] for words in texts]
    return tuple(pad_rows(list(rows)) for rows in zip(*pieces, strict=True))


def reference(folder, tokenizer, words, layers):
    """(N, size) float64, word by word, with the whole encoder."""
    model = AutoModel.from_pretrained(folder, dtype=torch.float64).eval()
    for parameter in model.parameters():
        parameter.data = parameter.data.half().double()
    made = tokenizer(" ".join(words), return_tensors="pt")
    states = torch.stack(model(**made, output_hidden_states=True).hidden_states)[list(layers)].mean(0)[0, 1:-1]
    _, numbers = pieces_of(tokenizer, words)
    zero = torch.zeros(1, states.shape[1], dtype=torch.float64)
    return torch.stack(
        [
            (states[np.flatnonzero(numbers == number)] if number in numbers else zero).mean(0)
            for number in range(1, len(words) + 1)
        ]
    ).detach()


@pytest.mark.parametrize("layers", [(2,), (1, 3)])
def test_a_words_vector_is_the_mean_of_its_pieces_and_of_the_layers(folder, layers):
    encoder, tokenizer = read_word_encoder(str(folder), layers)
    vectors = encoder.double()(*batch_of(tokenizer, TEXTS), 5)
    for words, made in zip(TEXTS, vectors, strict=True):
        assert_equal(made[: len(words)], reference(folder, tokenizer, words, layers))
        assert not made[len(words) :].any(), "the rest is padding"


def test_an_utterance_alone_has_the_vectors_that_it_has_in_a_batch(folder):
    encoder, tokenizer = read_word_encoder(str(folder), (1, 2, 3))
    together = encoder.double()(*batch_of(tokenizer, TEXTS), 5)
    for words, its in zip(TEXTS, together, strict=True):
        assert_equal(encoder(*batch_of(tokenizer, [words]), len(words))[0], its[: len(words)])


def test_the_words_around_a_word_change_its_vector(folder):
    source = WordEncoderSource(str(folder), (3,))
    assert np.abs(source.encode(["Kids", "sit"])[1] - source.encode(["Dogs", "sit"])[1]).max() > 1e-2


def test_a_text_of_more_pieces_than_the_encoder_takes_is_encoded_in_equal_parts(folder):
    encoder, tokenizer = read_word_encoder(str(folder), (2,))
    assert encoder.config.max_pieces == 16
    words = ["x"] * 20
    ids, numbers = batch_of(tokenizer, [words])
    vectors = encoder.double()(ids, numbers, 20)[0]
    num_parts = -(-ids.shape[1] // 14)
    size = -(-ids.shape[1] // num_parts)
    first = encoder(ids[:, :size], numbers[:, :size], 20)[0]
    whole_words = int(numbers[0, size - 1]) - 1  # the next may be cut in two
    assert num_parts > 1 and whole_words > 0
    assert_equal(vectors[:whole_words], first[:whole_words])
    assert vectors.isfinite().all() and (vectors.abs().amax(1) > 0).all()


def test_an_utterance_without_a_piece_has_vectors_of_0(tmp_path):
    source = WordEncoderSource(str(tiny_bert(tmp_path)), (1,))
    assert source.encode(["\u200b", "\u200b"]).tolist() == [[0.0] * 12] * 2


def test_pieces_of_words_that_are_not_there_are_refused(folder):
    encoder, tokenizer = read_word_encoder(str(folder), (1,))
    with pytest.raises(ValueError, match="piece_words counts 5 words; the utterances have 4"):
        encoder(*batch_of(tokenizer, TEXTS), 4)


def test_only_the_layers_that_are_used_are_kept_and_nothing_says_where_they_were_read(folder):
    encoder, _ = read_word_encoder(str(folder), (1, 2))
    assert encoder.config.encoder.num_hidden_layers == 2 and len(encoder.encoder.encoder.layer) == 2
    assert (encoder.config.name, encoder.config.license) == ("text-encoder", "MIT License")
    assert str(folder.parent) not in encoder.config.to_json_string()
    assert not any("pooler" in name for name in encoder.state_dict())
    assert encoder.is_frozen and not encoder.train().training
    assert last_layers(str(folder)) == (1, 2, 3)


def test_what_decides_on_the_vectors_is_what_caches_know_them_by(tmp_path):
    source = WordEncoderSource(str(tiny_bert(tmp_path / "a")), (1, 2))
    assert source.known_by == WordEncoderSource(str(tiny_bert(tmp_path / "b")), (1, 2)).known_by
    assert source.known_by != WordEncoderSource(str(tiny_bert(tmp_path / "a")), (2,)).known_by
    assert source.known_by != WordEncoderSource(str(tiny_bert(tmp_path / "c", intermediate_size=11)), (1, 2)).known_by


def test_an_encoder_that_cannot_be_used_is_refused_in_a_sentence(tmp_path, folder):
    with pytest.raises(ValueError, match=r"The layers \[4\] are not among the 3 of the word encoder"):
        read_word_encoder(str(folder), (4,))
    with pytest.raises(ValueError, match="nothing is not there; give that of a text encoder"):
        read_word_encoder(str(tmp_path / "nothing"), (1,))
    (tmp_path / "speech").mkdir()
    (tmp_path / "speech" / "config.json").write_text('{"model_type": "whisper"}')
    with pytest.raises(ValueError, match="of the type 'whisper', which is no text encoder"):
        last_layers(str(tmp_path / "speech"))


def test_a_configuration_that_contradicts_its_encoder_is_refused(folder):
    encoder, _ = read_word_encoder(str(folder), (1,))
    assert WISEConfig(vocab_size=0, word_embedding_size=12, word_encoder=encoder.config).word_encoder.layers == [1]
    for sizes in ({"word_embedding_size": 12}, {"vocab_size": 0}):
        with pytest.raises(ValueError, match="the word encoder makes vectors of 12 values; set them to 12 and 0"):
            WISEConfig(word_encoder=encoder.config, **sizes)
    with pytest.raises(ValueError, match="max_pieces is 2, of which 2 stand around a text"):
        WordEncoderConfig(**encoder.config.to_dict() | {"max_pieces": 2})


def threads_after_encoding(source):
    torch.set_num_threads(2)
    source.encode(["Kids"])
    return torch.get_num_threads()


def test_a_forked_process_encodes_on_one_thread_and_waits_for_none_of_its_parents(tmp_path):
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this platform cannot fork")
    source = WordEncoderSource(str(tiny_bert(tmp_path)), (1,))
    source.read()  # as preparation does, before it starts processes
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(threads_after_encoding, [source]).get(timeout=60) == 1


def test_an_encoder_without_its_tokenizer_is_refused(tmp_path, folder):
    shutil.copytree(folder, tmp_path / "bare")
    for path in (tmp_path / "bare").iterdir():
        if path.name not in ("config.json", "model.safetensors"):
            path.unlink()
    with pytest.raises(ValueError, match="bare"):
        read_word_encoder(str(tmp_path / "bare"), (1,))
