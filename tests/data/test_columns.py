"""Columns for other trainers."""

import pytest
from datasets import ClassLabel, Dataset

from wise_hf.data.columns import spellings, with_labels, with_word_ids
from wise_hf.data.embeddings import PAD, UNKNOWN, build_tokenizer
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.processing_wise import WISEProcessor


CORPUS = Dataset.from_list(
    [{"id": str(number), "emotion": name} for number, name in enumerate(["sad", "angry", "sad"])]
)


def test_labels_are_numbers_that_know_their_names():
    labelled = with_labels(CORPUS, ["sad", "angry"])
    assert labelled["label"][:] == [0, 1, 0]
    assert labelled.features["label"] == ClassLabel(names=["sad", "angry"])
    assert labelled["id"][:] == CORPUS["id"][:]


def test_an_emotion_without_a_number_is_refused():
    with pytest.raises(ValueError, match="have angry besides sad"):
        with_labels(CORPUS, ["sad"])


def test_word_ids_are_those_of_the_processor():
    words = [[{"word": "Kids"}, {"word": "zebra"}], [{"word": "door"}]]
    corpus = Dataset.from_list([{"id": str(number), "words": its} for number, its in enumerate(words)])
    processor = WISEProcessor(WISEFeatureExtractor(), build_tokenizer([PAD, UNKNOWN, "kids", "door"]))
    encoded = with_word_ids(corpus, processor)
    assert encoded["input_ids"][:] == [[2, 1], [3]]
    assert encoded["words"][:] == corpus["words"][:]


def test_spellings_are_the_words_as_they_are_written():
    assert spellings([{"word": "Kids", "start_s": 0.0}, "door"]) == ["Kids", "door"]
