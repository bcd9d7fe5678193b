"""Words to pieces, and whose piece each is."""

import pytest
from text_encoders import ENCODERS
from transformers import AutoTokenizer

from wise_hf.data.embeddings import PAD, UNKNOWN, build_tokenizer
from wise_hf.model.pieces_wise import cuts_words, pieces_of


WORDS = ["Don't", "kids,", "talking", "it's", "😀", "naïve", "\u200b", "x"]


@pytest.fixture(params=ENCODERS)
def tokenizer(request, tmp_path):
    return AutoTokenizer.from_pretrained(ENCODERS[request.param](tmp_path))


def test_the_pieces_are_those_of_the_text_without_what_stands_around_it(tokenizer):
    ids, _ = pieces_of(tokenizer, WORDS)
    assert ids.tolist() == tokenizer(" ".join(WORDS), add_special_tokens=False)["input_ids"]


def test_every_piece_belongs_to_the_word_whose_letters_it_has(tokenizer):
    ids, words = pieces_of(tokenizer, WORDS)
    known = tokenizer.convert_ids_to_tokens(ids)
    for number, word in enumerate(WORDS, 1):
        own = [piece for piece, its in zip(known, words, strict=True) if its == number]
        if all(letter in "Don'tkids,al gx" for letter in word):
            letters = "".join(own).replace("##", "").replace("\u0120", "")
            assert letters == word or "[UNK]" in letters, own
        elif word != "\u200b":
            assert own, f"{word} has a piece"
    assert (words[1:] >= words[:-1]).all() and words[0] == 1 and words[-1] == len(WORDS)


def test_a_word_of_which_the_tokenizer_keeps_nothing_has_no_piece(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(ENCODERS["bert"](tmp_path))
    _, words = pieces_of(tokenizer, ["\u200b", "kid", "\u200b"])
    assert words.tolist() == [2]
    assert [len(its) for its in pieces_of(tokenizer, ["\u200b"])] == [0, 0]


def test_a_space_before_a_word_is_the_words(tmp_path):
    tokenizer = AutoTokenizer.from_pretrained(ENCODERS["roberta"](tmp_path), trim_offsets=False)
    ids, words = pieces_of(tokenizer, ["Kids", "are", "😀"])
    pieces = tokenizer.convert_ids_to_tokens(ids)
    assert [number for piece, number in zip(pieces, words, strict=True) if piece.startswith("\u0120")] == [2, 3]


def test_a_tokenizer_with_a_number_for_each_word_cuts_none(tokenizer):
    assert cuts_words(tokenizer)
    assert not cuts_words(build_tokenizer([PAD, UNKNOWN, "kids"]))
