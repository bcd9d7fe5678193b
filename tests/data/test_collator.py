"""Utterances to batches."""

import numpy as np
import pytest
import torch

from wise_hf.data.augmentation import AUGMENTATIONS, WARPS
from wise_hf.data.collator import WISECollator, load_utterances, speaker_statistics
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.embeddings import PAD, UNKNOWN, build_tokenizer
from wise_hf.data.prepare import prepare
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.processing_wise import WISEProcessor


def row(speaker: str | None, frames: int, seed: int = 0) -> dict:
    features = np.random.default_rng(seed).normal(3, 2, (frames, 39)).astype(np.float32)
    lengths = {"phoneme_lengths": np.array([frames - 1, 1]), "word_lengths": np.array([1, 1])}
    return {
        "id": "x",
        "speaker": speaker,
        "emotion": "sad",
        "words": ["kids", "zebra"],
        "input_features": features,
    } | lengths


def collator(normalization: str = "none", **kwargs) -> WISECollator:
    extractor = WISEFeatureExtractor(normalization=normalization)
    processor = WISEProcessor(extractor, build_tokenizer([PAD, UNKNOWN, "kids"]))
    return WISECollator(processor, {"happy": 0, "sad": 1}, **kwargs)


def test_a_batch_has_the_models_inputs_and_labels():
    batch = collator()([row("a", 5), row("b", 3)])
    assert {name: tuple(tensor.shape) for name, tensor in batch.items()} == {
        "input_features": (2, 5, 39),
        "phoneme_lengths": (2, 2),
        "word_lengths": (2, 2),
        "input_ids": (2, 2),
        "attention_mask": (2, 2),
        "labels": (2,),
    }
    assert batch["labels"].tolist() == [1, 1] and batch["input_ids"].tolist() == [[2, 1], [2, 1]]


def test_speakers_are_normalised_by_their_own_statistics():
    rows = [row("a", 500, 1), row("a", 600, 2), row("b", 1000, 3)]
    batch = collator("speaker", statistics=speaker_statistics(rows, 15))(rows)
    both = np.concatenate([batch["input_features"][0, :500], batch["input_features"][1, :600]])
    assert np.abs(both.mean(0)).max() < 1e-5 and np.abs(both.std(0) - 1).max() < 1e-4
    assert abs(float(batch["input_features"][0, :500].mean())) > 1e-4, "a single utterance keeps its own level"


@pytest.mark.parametrize("speaker", [None, "hardly heard"])
def test_an_unknown_speaker_is_normalised_by_the_training_part(speaker):
    rows = [row(speaker, 50), row("b", 1000)]
    made = collator("speaker", statistics=speaker_statistics(rows, 15))
    made.processor.feature_extractor.set_statistics([np.array([[0.0] * 39, [4.0] * 39])])  # mean 2, deviation 2
    np.testing.assert_allclose(made(rows)["input_features"][0, :50], (rows[0]["input_features"] - 2) / 2, rtol=1e-5)


def test_how_many_frames_a_speaker_needs_depends_on_the_hop():
    rows = [row("a", 400, 1), row("a", 350, 2), row("b", 749, 3)]
    assert set(speaker_statistics(rows, 20)) == {("a", 1.0, 0)}
    assert speaker_statistics(rows, 15) == {}


def test_augmentation_is_reproducible_and_only_where_asked_for():
    rows = [row("a", 5), row("b", 7)]
    augmented = collator(augment=AUGMENTATIONS)
    plain = augmented.without_augmentation()(rows)["input_features"]
    augmented.reseed(1, 2)
    first = augmented(rows)
    augmented.reseed(1, 2)
    again = augmented(rows)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert first["input_features"].shape != plain.shape or (first["input_features"] != plain).any()
    assert np.array_equal(plain[0, :5], row("a", 5)["input_features"])


def test_a_warped_speaker_is_normalised_by_its_own_statistics():
    rows = [row("a", 500, 1), row("a", 600, 2)]
    statistics = speaker_statistics(rows, 15, WARPS)
    made = collator("speaker", statistics=statistics)
    both = np.concatenate([made.normalized(each["input_features"], "a", 1.1) for each in rows])
    assert np.abs(both.mean(0)).max() < 1e-4 and np.abs(both.std(0) - 1).max() < 1e-3


def test_rows_of_a_prepared_corpus_hold_plain_arrays(spoken_corpus):
    rows = load_utterances(prepare(load_folder(spoken_corpus), WISEFeatureExtractor()))
    assert len(rows) == 32
    for each in rows:
        assert each["input_features"].dtype == np.float32 and each["input_features"].shape[1] == 39
        assert each["phoneme_lengths"].sum() == len(each["input_features"])
        assert each["word_lengths"].sum() == len(each["phoneme_lengths"])
        assert len(each["words"]) == len(each["word_lengths"]) and isinstance(each["words"][0], str)


def test_an_unknown_emotion_is_an_error():
    with pytest.raises(KeyError):
        collator()([row("a", 5) | {"emotion": "angry"}])


@pytest.mark.parametrize("name", ["label", "labels", "label_ids"])
@pytest.mark.parametrize("number", [1, np.int64(1), torch.tensor(1)])
def test_labels_and_word_ids_stand_for_the_emotion_and_the_words(name, number):
    expected = collator()([row("a", 5)])
    kept = {key: value.tolist() for key, value in row("a", 5).items() if key.startswith(("input", "phoneme", "word_"))}
    batch = collator()([kept | {name: number, "input_ids": [2, 1, 2]}])
    assert all(torch.equal(batch[key], expected[key]) for key in expected)


def test_words_with_their_times_are_taken_as_they_are_prepared():
    aligned = [{"word": word, "start_s": 0.0, "end_s": 1.0, "phonemes": []} for word in ("kids", "zebra")]
    assert collator()([row("a", 5) | {"words": aligned}])["input_ids"].tolist() == [[2, 1]]


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("emotion", "no emotion .nor labels or label or label_ids., only id, .*remove_unused_columns=False"),
        ("words", "no words .nor input_ids., only .*remove_unused_columns=False"),
        ("word_lengths", "no word_lengths, only .*remove_unused_columns=False"),
    ],
)
def test_a_missing_column_is_named_with_the_way_out(missing, message):
    rest = {name: value for name, value in row("a", 5).items() if name != missing}
    with pytest.raises(ValueError, match=message) as caught:
        collator()([rest])
    assert "\n" not in str(caught.value)


def test_a_missing_speaker_is_an_error_where_speakers_are_normalised():
    known = collator("speaker", statistics=speaker_statistics([row("a", 1000)], 15))
    anonymous = {name: value for name, value in row("a", 5).items() if name != "speaker"}
    with pytest.raises(ValueError, match="no speaker, only .*remove_unused_columns=False"):
        known([anonymous])
    assert torch.equal(collator()([anonymous])["input_features"], collator()([row("a", 5)])["input_features"])


def test_a_label_that_is_not_that_of_the_emotion_is_refused():
    with pytest.raises(ValueError, match="label 0 and the emotion 'sad', which is 1 to the model"):
        collator()([row("a", 5) | {"label": 0}])
    assert collator()([row("a", 5) | {"label": 1}])["labels"].tolist() == [1]


def test_too_few_word_ids_are_refused():
    with pytest.raises(ValueError, match="has 1 input_ids and 2 words"):
        collator()([row("a", 5) | {"input_ids": [2]}])
