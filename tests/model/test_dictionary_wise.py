import pytest

from wise_hf.model.decoder_wise import make_decoder, model_file
from wise_hf.model.dictionary_wise import dictionary_lookup


pytest.importorskip("pocketsphinx")


def test_words_are_pronounced_as_the_recogniser_has_them():
    decoder = make_decoder(lm=None)
    for word in ("a", "the", "the(2)", "children", "'bout", "zywicki", "door", "no-such-word"):
        assert dictionary_lookup(word) == decoder.lookup_word(word)
    assert dictionary_lookup("door") == "D AO R"
    assert dictionary_lookup("no-such-word") is None


def test_every_word_of_the_dictionary_is_found_and_no_other():
    entries = [line.split(" ", 1) for line in model_file("cmudict-en-us.dict").read_text("utf-8").splitlines()]
    assert len(entries) > 100_000
    for word, phonemes in [*entries[::29], *entries[:3], *entries[-3:]]:
        assert dictionary_lookup(word) == phonemes
    known = {word for word, _ in entries}
    for word, _ in entries[::997]:
        other = word[:-1] + "qx"
        assert other in known or dictionary_lookup(other) is None
    for nothing in ("", " ", "\n", "!", "zzzzz", "a!2)", "a b", "the\n", "\u00e9t\u00e9"):
        assert dictionary_lookup(nothing) is None
