"""Batches of an encoder's frames in training: copies of recordings, speakers that nobody knows, noise on frames."""

import numpy as np
import pytest

from wise_hf.data import augmentation
from wise_hf.data.collator import WISECollator, speaker_statistics
from wise_hf.data.embeddings import PAD, UNKNOWN, build_tokenizer
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.processing_wise import WISEProcessor


SIZE, HOP_MS = 4, 20
FRAMES = 800  # 16 s


def recording(level: float, lengths: tuple[int, int] = (FRAMES - 1, 1), seed: int = 0) -> dict:
    features = level + np.random.default_rng(seed).normal(0, 1 + level, (sum(lengths), SIZE))
    return {
        "input_features": features.astype(np.float16),
        "phoneme_lengths": np.array(lengths),
        "word_lengths": np.array([1, 1]),
    }


@pytest.fixture
def row() -> dict:
    """An utterance, and two copies of other lengths and levels."""
    copies = [recording(20, (FRAMES - 5, 4), 1), recording(40, (FRAMES - 9, 7), 2)]
    told = {"id": "x", "speaker": "anna", "emotion": "sad", "words": ["kids", "zebra"]}
    return told | recording(0) | {"copies": copies}


def collator(normalization: str = "none", **options: object) -> WISECollator:
    extractor = WISEFeatureExtractor(
        frames="encoder", feature_size=SIZE, frame_ms=0, hop_ms=HOP_MS, normalization=normalization
    )
    extractor.mean, extractor.std = [1.0] * SIZE, [2.0] * SIZE
    processor = WISEProcessor(extractor, build_tokenizer([PAD, UNKNOWN, "kids"]))
    return WISECollator(processor, {"happy": 0, "sad": 1}, **options)


def drawn(batch: dict) -> int:
    """Which of the recordings it is, by its number of frames."""
    return {FRAMES: 0, FRAMES - 1: 1, FRAMES - 2: 2}[int(batch["phoneme_lengths"].sum())]


def test_every_recording_of_an_utterance_is_drawn_with_what_belongs_to_it(row):
    made, counts = collator(), np.zeros(3)
    for _ in range(300):
        batch = made([row])
        number = drawn(batch)
        counts[number] += 1
        expected = (row, *row["copies"])[number]
        np.testing.assert_array_equal(batch["input_features"][0], expected["input_features"].astype(np.float32))
        assert batch["phoneme_lengths"][0].tolist() == expected["phoneme_lengths"].tolist()
        assert batch["labels"].tolist() == [1] and batch["input_ids"].tolist() == [[2, 1]]
    copied = 1 - counts[0] / 300
    assert copied == pytest.approx(augmentation.COPIED_SHARE, abs=0.08)
    assert counts[1] == pytest.approx(counts[2], abs=50)


def test_copies_are_for_training_only(row):
    made = collator().without_augmentation()
    assert {drawn(made([row])) for _ in range(30)} == {0}


def test_draws_start_anew_from_a_seed(row):
    made = collator(augment=("frame_noise", "unknown_speakers"))
    made.reseed(1, 2)
    first = [made([row])["input_features"] for _ in range(10)]
    made.reseed(1, 2)
    for batch in first:
        assert np.array_equal(batch, made([row])["input_features"])


def test_a_copy_is_normalised_as_the_same_copies_of_its_speaker(row):
    made = collator("speaker", statistics=speaker_statistics([row], HOP_MS))
    assert set(made.statistics) == {("anna", 1.0, 0), ("anna", 1.0, 1), ("anna", 1.0, 2)}
    seen = set()
    for _ in range(30):
        batch = made([row])
        seen.add(drawn(batch))
        assert abs(float(batch["input_features"].mean())) < 0.01
        assert float(batch["input_features"].std()) == pytest.approx(1, abs=0.01)
    assert seen == {0, 1, 2}


def test_some_speakers_are_normalised_as_if_nobody_knew_them_in_training(row):
    statistics = speaker_statistics([row | {"copies": ()}], HOP_MS)
    row["copies"] = ()
    made = collator("speaker", statistics=statistics, augment=("unknown_speakers",))
    known = collator("speaker", statistics=statistics)([row])["input_features"]
    unknown = (row["input_features"].astype(np.float32) - 1) / 2
    is_known = [np.allclose(made([row])["input_features"], known, atol=1e-5) for _ in range(200)]
    others = [made([row])["input_features"] for _ in range(20)]
    for each in others:
        assert np.allclose(each, known, atol=1e-5) or np.allclose(each[0], unknown, atol=1e-5)
    assert 1 - np.mean(is_known) == pytest.approx(augmentation.UNKNOWN_SHARE, abs=0.12)
    evaluated = made.without_augmentation()
    assert all(np.allclose(evaluated([row])["input_features"], known) for _ in range(20))


def test_noise_lies_on_normalised_frames_and_stays_out_of_an_evaluation(row):
    row["copies"] = ()
    made, plain = collator("global", augment=("frame_noise",)), collator("global")
    noise = (made([row])["input_features"] - plain([row])["input_features"]).numpy()
    assert noise.std() == pytest.approx(augmentation.FRAME_NOISE_STD, rel=0.1) and abs(noise.mean()) < 0.05
    without = made.without_augmentation()([row])["input_features"]
    assert np.array_equal(without, plain([row])["input_features"])


@pytest.mark.parametrize("name", augmentation.OF_MFCC)
def test_augmentations_of_mfcc_are_refused(name):
    with pytest.raises(ValueError, match=name):
        collator(augment=(name,))
