"""Word ids as a column."""

from datasets import Dataset

from wise_hf.data.embeddings import PAD, UNKNOWN, build_tokenizer
from wise_hf.data.word_ids import spellings, with_word_ids
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.processing_wise import WISEProcessor


def test_word_ids_are_those_of_the_processor():
    words = [[{"word": "Kids"}, {"word": "zebra"}], [{"word": "door"}]]
    corpus = Dataset.from_list([{"id": str(number), "words": its} for number, its in enumerate(words)])
    processor = WISEProcessor(WISEFeatureExtractor(), build_tokenizer([PAD, UNKNOWN, "kids", "door"]))
    encoded = with_word_ids(corpus, processor)
    assert encoded["input_ids"][:] == [[2, 1], [3]]
    assert encoded["words"][:] == corpus["words"][:]


def test_spellings_are_the_words_as_they_are_written():
    assert spellings([{"word": "Kids", "start_s": 0.0}, "door"]) == ["Kids", "door"]
