"""CNN+Phoneme: its spectrogram against one written from the definition, word2vec, padding, learning."""

from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset, Features
from signals import SIGNALS, noise, tone

from wise_hf.baselines.cnn_phoneme import (
    SYSTEM,
    CNNPhonemeConfig,
    CNNPhonemeForAudioClassification,
    RowNorm,
    build_cnn_phoneme,
    extract_spectrogram_and_phonemes,
    pair_counts,
    word2vec,
)
from wise_hf.baselines.mel_spectrogram import mel_spectrogram
from wise_hf.data.corpora.folder import load_folder
from wise_hf.model.dictionary_wise import dictionary_lookup
from wise_hf.model.pronunciation_wise import pronounce
from wise_hf.model.word_times_wise import share_out


EMOTIONS = ("angry", "sad")


def made_up_rows() -> list[dict]:
    rng = np.random.default_rng(0)
    return [
        {
            "id": str(number),
            "speaker": None,
            "emotion": EMOTIONS[number % 2],
            "words": [],
            "phonemes": rng.choice(["AA", "B", "K", "S", "T", "UW"], length),
            "mel_spectrogram": rng.random((10 * length, 128)).astype(np.float32),
        }
        for number, length in enumerate((21, 5, 1, 9))
    ]


def logits_of(model: CNNPhonemeForAudioClassification, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        return model.eval()(**batch).logits


def mel(frequency_hz: np.ndarray | float) -> np.ndarray | float:
    return 1127 * np.log(1 + frequency_hz / 700)


def reference_level_db(samples: np.ndarray, frame: int, band: int) -> float:
    """The level of one band in one frame, the transform and the triangle written out."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1500) / 1499)
    part = np.zeros(1500)
    inside = samples[375 * frame : 375 * frame + 1500]
    part[: len(inside)] = inside
    step = mel(8000) / 129
    level = 0.0
    for k in range(1025):
        distance = abs(mel(k * 16000 / 2048) - (band + 1) * step) / step
        if distance < 1:
            bin_value = (part * window * np.exp(-2j * np.pi * k * np.arange(1500) / 2048)).sum() / (window.sum() / 2)
            level += (1 - distance) * abs(bin_value) ** 2
    return 10 * np.log10(level)


@pytest.mark.parametrize("name", ["noise", "chirp"])
def test_the_spectrogram_is_that_of_the_definition(name: str):
    spectrogram = mel_spectrogram(SIGNALS[name][:4000])
    assert spectrogram.shape == (10, 128)
    for frame, band in ((0, 0), (3, 40), (5, 90), (9, 127)):
        expected_db = reference_level_db(SIGNALS[name][:4000].astype(np.float64), frame, band)
        np.testing.assert_allclose(spectrogram[frame, band] * 100 - 100, max(expected_db, -100), atol=0.01)


def test_a_tone_stands_in_its_band_at_its_level():
    loud, faint = mel_spectrogram(tone(1000)), mel_spectrogram(tone(1000, amplitude=0.05))
    band = round(mel(1000) / (mel(8000) / 129)) - 1
    middle = slice(2, -4)
    assert (loud[middle].argmax(1) == band).all()
    np.testing.assert_allclose(loud[middle, band] - faint[middle, band], 0.2, atol=1e-3)  # 20 dB
    assert abs(loud[10, band] - 0.94) < 0.03  # half of full scale


@pytest.mark.parametrize("samples", [*SIGNALS.values(), noise(1600), noise(1), np.zeros(100, np.float32)])
def test_the_spectrogram_is_finite(samples: np.ndarray):
    spectrogram = mel_spectrogram(samples)
    assert spectrogram.dtype == np.float32
    assert spectrogram.shape == (max(1, len(samples) // 375), 128)
    assert np.isfinite(spectrogram).all()
    assert spectrogram.min() >= 0


def test_the_spectrogram_ends_at_six_seconds():
    assert (mel_spectrogram(np.zeros(16000 * 8, np.float32)) == 0).all()
    assert mel_spectrogram(noise(16000 * 8)).shape == (256, 128)


def test_pairs_count_by_their_distance_and_stay_inside_an_utterance():
    counts = pair_counts([np.array([1, 2, 1]), np.array([3])], 4)
    expected = np.zeros((4, 4))
    expected[1, 2] = expected[2, 1] = 2.0  # neighbours twice
    expected[1, 1] = 2 * 0.8  # two apart, seen from both sides
    np.testing.assert_allclose(counts, expected)


def test_phonemes_in_like_places_get_like_vectors():
    rng = np.random.default_rng(0)
    pairs = [(rng.choice([1, 2]), 3, rng.choice([4, 5]), 6, 7) for _ in range(300)]
    vectors = word2vec(pair_counts([np.array(pair) for pair in pairs], 8), 20)
    similarity = torch.nn.functional.normalize(vectors, dim=1)
    similarity = similarity @ similarity.T
    assert vectors.isfinite().all()
    assert similarity[1, 2] > 0.9 > similarity[1, 6]
    assert similarity[4, 5] > 0.9 > similarity[4, 1]


def test_word2vec_is_the_same_every_time_and_starts_by_its_seed():
    counts = pair_counts([np.array([1, 2, 3, 1, 3, 2])], 4)
    torch.testing.assert_close(word2vec(counts, 5), word2vec(counts, 5), rtol=0, atol=0)
    assert not torch.equal(word2vec(counts, 5), word2vec(counts, 5, seed=1))


def test_the_model_starts_from_the_training_parts_vectors():
    rows = made_up_rows()
    model, collator = build_cnn_phoneme(rows, EMOTIONS, None)
    counts = pair_counts([collator.token_ids(row["phonemes"]).numpy() for row in rows], 8)
    weights = model.phonemes.embeddings.weight.detach()
    torch.testing.assert_close(weights[2:], word2vec(counts, 100)[2:])
    torch.testing.assert_close(weights[1], weights[2:].mean(0))
    assert collator.token_ids(["AA", "ZH"]).tolist() == [2, 1]


def test_padding_changes_no_logits():
    rows = made_up_rows()
    torch.manual_seed(0)
    model, collator = build_cnn_phoneme(rows, EMOTIONS, None)
    alone = torch.cat([logits_of(model, collator([row])) for row in rows])
    batch = collator(rows)
    assert batch["input_features"].shape == (4, 256, 128)
    assert alone.shape == (4, 2)
    torch.testing.assert_close(logits_of(model, batch), alone, rtol=1e-4, atol=1e-5)
    batch["phoneme_ids"] = torch.nn.functional.pad(batch["phoneme_ids"], (0, 30))
    torch.testing.assert_close(logits_of(model, batch), alone, rtol=1e-4, atol=1e-5)


def test_a_saved_model_gives_the_same_logits(tmp_path: Path):
    rows = made_up_rows()
    model, collator = build_cnn_phoneme(rows, EMOTIONS, None)
    model.train()(**collator(rows))  # the norms learn what is usual
    model.save_pretrained(tmp_path)
    loaded = CNNPhonemeForAudioClassification.from_pretrained(tmp_path)
    torch.testing.assert_close(logits_of(loaded, collator(rows)), logits_of(model, collator(rows)), rtol=0, atol=0)
    assert loaded.config.id2label == {0: "angry", 1: "sad"}


def test_it_has_the_parameters_of_its_parts():
    phonemes = 41 * 100 + (3 + 9 + 13 + 17) * 100 * 100 + 2 * 400 + 400 * 200 + 200
    filters = 64 * (12 * 16 + 18 * 24 + 24 * 32 + 30 * 40) + 4 * 2 * 64
    left = 64 * 4 * (2 * 2)  # a maximum of each quarter of each map
    spectrogram = filters + left * 400 + 400 + 2 * 400 + 400 * 200 + 200
    joint = 2 * 400 + 400 * 200 + 200 + 200 * 4 + 4
    assert phonemes + spectrogram + joint == 1_244_304
    assert CNNPhonemeForAudioClassification(CNNPhonemeConfig(num_labels=4)).num_parameters() == 1_244_304


def test_labels_give_the_softmax_cross_entropy():
    rows = made_up_rows()
    model, collator = build_cnn_phoneme(rows, EMOTIONS, None)
    with torch.inference_mode():
        output = model.eval()(**collator(rows))
    chosen = output.logits.log_softmax(1)[torch.arange(4), torch.tensor([0, 1, 0, 1])]
    torch.testing.assert_close(output.loss, -chosen.mean())


def test_a_last_batch_of_one_utterance_trains():
    rows = made_up_rows()
    model, collator = build_cnn_phoneme(rows, EMOTIONS, None)
    loss = model.train()(**collator(rows[:1])).loss
    loss.backward()
    assert loss.isfinite()
    norm = RowNorm(3).train()
    several = torch.randn(5, 3)
    torch.testing.assert_close(norm(several), torch.nn.BatchNorm1d(3)(several))


def real_rows(ravdess_root: Path) -> list[dict]:
    """Eight clips of one actor with their words' phonemes shared out evenly, as `load_utterances` gives them."""
    clips = [row for row in load_folder(ravdess_root, EMOTIONS) if "Actor_01" in row["audio"]]
    chosen = [row for emotion in EMOTIONS for row in [row for row in clips if row["emotion"] == emotion][:4]]
    for row in chosen:
        words = row["text"].rstrip(".").split()
        row["words"] = share_out(words, [pronounce(word, dictionary_lookup) for word in words], 0, row["end_s"])
    kept = Dataset.from_list(
        [extract_spectrogram_and_phonemes(row) for row in chosen], features=Features(SYSTEM.columns)
    ).with_format("numpy")
    return [{"emotion": row["emotion"]} | features for row, features in zip(chosen, kept, strict=True)]


@pytest.mark.slow
def test_it_learns_real_clips(ravdess_root: Path):
    rows = real_rows(ravdess_root)
    assert list(rows[0]["phonemes"][:4]) == ["K", "IH", "D", "Z"]
    torch.manual_seed(0)
    model, collator = SYSTEM.build(rows, EMOTIONS, None)
    optimizer = torch.optim.Adadelta(model.parameters(), 1.0, 0.95)
    batch = collator(rows)
    for _ in range(80):  # for the running statistics of the norms, which lag behind
        model.train()(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert (logits_of(model, batch).argmax(1) == batch["labels"]).all()
