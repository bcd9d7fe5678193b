import pytest

from wise_hf.model.decoder_wise import make_decoder
from wise_hf.model.dictionary_wise import dictionary_lookup


pytest.importorskip("pocketsphinx")


def test_words_are_pronounced_as_the_recogniser_has_them():
    decoder = make_decoder(lm=None)
    for word in ("a", "the", "the(2)", "children", "'bout", "zywicki", "door", "no-such-word"):
        assert dictionary_lookup(word) == decoder.lookup_word(word)
    assert dictionary_lookup("door") == "D AO R"
    assert dictionary_lookup("no-such-word") is None
