"""Class numbers of emotions."""

import pytest
from datasets import ClassLabel, Dataset

from wise_hf.data.labels import with_labels


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
