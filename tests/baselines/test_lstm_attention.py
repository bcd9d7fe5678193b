"""LSTM+Attn: its descriptors against loops written from their definitions, its parts against PyTorch's, learning."""

from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset, Features
from signals import SIGNALS, noise, tone
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from wise_hf.baselines.descriptors import low_level_descriptors
from wise_hf.baselines.lstm_attention import (
    MAX_WORDS,
    SYSTEM,
    AlignmentAttention,
    BiLSTM,
    LSTMAttentionConfig,
    LSTMAttentionForAudioClassification,
    build_lstm_attention,
    extract_descriptors,
)
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.embeddings import WordVectors
from wise_hf.model.mfcc_wise import mfcc_native


EMOTIONS = ("angry", "sad")
LENGTHS = (7, 3, 1)
ATTENTION_PARTS = ("frames.weight", "frames.bias", "words.weight", "energy.weight")


def made_up_rows() -> list[dict]:
    rng = np.random.default_rng(0)
    return [
        {
            "id": str(number),
            "speaker": None,
            "emotion": EMOTIONS[number % 2],
            "words": [f"Word{word}" for word in range(length)],
            "descriptors": rng.normal(3, 2, (10 * length, 34)).astype(np.float32),
        }
        for number, length in enumerate(LENGTHS)
    ]


def logits_of(model: LSTMAttentionForAudioClassification, batch: dict[str, torch.Tensor]) -> torch.Tensor:
    with torch.inference_mode():
        return model(**batch).logits


def entropy_of_blocks(power: np.ndarray) -> float:
    edges = [block * len(power) // 10 for block in range(11)]
    sums = [power[start:end].sum() for start, end in zip(edges, edges[1:], strict=False)]
    return -sum(part / sum(sums) * np.log2(part / sum(sums)) for part in sums if part > 0)


def semitone(frequency_hz: float) -> int:
    return int(np.round(12 * np.log2(frequency_hz / 440))) % 12


def reference(samples: np.ndarray) -> np.ndarray:
    """(T, 21): all but the MFCC, frame by frame, the transform written out."""
    samples = samples.astype(np.float64)
    window = 0.54 - 0.46 * np.cos(2 * np.pi * np.arange(800) / 799)
    transform = np.exp(-2j * np.pi * np.outer(np.arange(513), np.arange(800)) / 1024)
    frequencies, shares_before, rows = np.arange(513) / 512, None, []
    for start in range(0, len(samples) - 800 + 1, 400):
        frame = samples[start : start + 800]
        magnitudes = np.abs(transform @ (frame * window))
        power, shares = magnitudes**2, magnitudes / magnitudes.sum()
        crossings = sum((a < 0) != (b < 0) for a, b in zip(frame, frame[1:], strict=False)) / 799
        centroid = (shares * frequencies).sum()
        spread = np.sqrt((shares * (frequencies - centroid) ** 2).sum())
        flux = 0.0 if shares_before is None else ((shares - shares_before) ** 2).sum()
        bin_of_90 = next(k for k in range(513) if power[: k + 1].sum() >= 0.9 * power.sum())
        chroma = np.zeros(12)
        for k in range(2, 513):  # 31.25 Hz, the first above A0
            chroma[semitone(k * 15.625)] += power[k]
        chroma /= chroma.sum()
        of_time = [crossings, (frame**2).mean(), entropy_of_blocks(frame**2)]
        of_spectrum = [centroid, spread, entropy_of_blocks(power), flux, bin_of_90 / 512]
        rows.append([*of_time, *of_spectrum, *chroma, chroma.std()])
        shares_before = shares
    return np.array(rows)


@pytest.mark.parametrize("name", ["noise", "tone 440 Hz", "chirp", "full scale square"])
def test_descriptors_agree_with_loops_in_float64(name: str):
    samples = SIGNALS[name][:6000]
    descriptors = low_level_descriptors(samples)
    expected = reference(samples)
    np.testing.assert_allclose(np.delete(descriptors, range(8, 21), axis=1), expected, rtol=1e-4, atol=1e-6)
    cepstra = mfcc_native(samples, frame_ms=50, hop_ms=25)[:, :13]
    np.testing.assert_array_equal(descriptors[:, 8:21], cepstra)


def test_descriptors_tell_what_is_heard():
    low, high = low_level_descriptors(tone(440)), low_level_descriptors(tone(4186))
    assert (low[:, 21:33].argmax(1) == 0).all()  # A
    assert high[:, 21 + 3].min() > 0.95  # C, high enough for all of it
    assert (high[:, [0, 3, 7]] > low[:, [0, 3, 7]] + 0.3).all()  # crossings, centroid, roll-off
    np.testing.assert_allclose(low[:, 1], 0.125, rtol=1e-2)  # the mean square of half a full-scale tone


@pytest.mark.parametrize("samples", [*SIGNALS.values(), noise(1600), noise(1), np.zeros(100, np.float32)])
def test_descriptors_are_finite(samples: np.ndarray):
    descriptors = low_level_descriptors(samples)
    assert descriptors.dtype == np.float32
    assert descriptors.shape == (1 + max(0, len(samples) - 800) // 400, 34)
    assert np.isfinite(descriptors).all()


def test_a_bilstm_is_pytorchs_own():
    torch.manual_seed(0)
    ours, theirs = BiLSTM(5, 4), torch.nn.LSTM(5, 4, batch_first=True, bidirectional=True)
    state = {f"{name}_reverse": value for name, value in ours.backward_lstm.state_dict().items()}
    theirs.load_state_dict(ours.forward_lstm.state_dict() | state)
    members, lengths = torch.randn(3, 7, 5), torch.tensor(LENGTHS)
    packed = pack_padded_sequence(members, lengths, batch_first=True)
    expected = pad_packed_sequence(theirs(packed)[0], batch_first=True)[0]
    is_member = torch.arange(7) < lengths[:, None]
    torch.testing.assert_close(ours(members, lengths)[is_member], expected[is_member])


def test_attention_weighs_the_frames_of_its_own_utterance():
    torch.manual_seed(0)
    attention = AlignmentAttention(6, 5).double()
    frames, words = torch.randn(2, 9, 6).double(), torch.randn(2, 4, 6).double()
    gathered = attention(frames, words, torch.tensor([9, 4]), torch.tensor([2, 4]))
    w_a, b, w_t, v = (attention.get_parameter(name) for name in ATTENTION_PARTS)
    for utterance, num_frames, num_words in ((0, 9, 2), (1, 4, 4)):
        for word in range(num_words):
            energies = [v[0] @ torch.tanh(w_a @ a + b + w_t @ words[utterance, word]) for a in frames[utterance]]
            weights = torch.stack(energies)[:num_frames].softmax(0)
            torch.testing.assert_close(gathered[utterance, word], weights @ frames[utterance, :num_frames])
    assert (gathered[0, 2:] == 0).all()


def test_padding_changes_no_logits():
    rows = made_up_rows()
    torch.manual_seed(0)
    model, collator = build_lstm_attention(rows, EMOTIONS, None)
    model.eval()
    alone = torch.cat([logits_of(model, collator([row])) for row in rows])
    batch = collator(rows)
    assert alone.shape == (3, 2)
    torch.testing.assert_close(logits_of(model, batch), alone, rtol=1e-4, atol=1e-5)
    batch["input_ids"] = torch.nn.functional.pad(batch["input_ids"], (0, 5))
    batch["input_features"] = torch.nn.functional.pad(batch["input_features"], (0, 0, 0, 6), value=9.0)
    torch.testing.assert_close(logits_of(model, batch), alone, rtol=1e-4, atol=1e-5)


def test_a_saved_model_gives_the_same_logits(tmp_path: Path):
    rows = made_up_rows()
    torch.manual_seed(0)
    model, collator = build_lstm_attention(rows, EMOTIONS, None)
    model.eval().save_pretrained(tmp_path)
    loaded = LSTMAttentionForAudioClassification.from_pretrained(tmp_path)
    torch.testing.assert_close(logits_of(loaded, collator(rows)), logits_of(model, collator(rows)), rtol=0, atol=0)
    assert loaded.config.id2label == {0: "angry", 1: "sad"}


def test_it_has_the_parameters_of_its_parts():
    def bilstm(inputs: int) -> int:
        return 2 * (4 * 100 * (inputs + 100) + 8 * 100)

    model = LSTMAttentionForAudioClassification(LSTMAttentionConfig(vocab_size=1000, num_labels=4))
    attention = 200 * 200 + 200 + 200 * 200 + 200
    without_words = bilstm(34) + bilstm(300) + attention + bilstm(400) + 200 * 4 + 4
    assert without_words == 913_204
    assert model.num_parameters() == 1000 * 300 + without_words


def test_labels_give_the_softmax_cross_entropy():
    model, collator = build_lstm_attention(made_up_rows(), EMOTIONS, None)
    with torch.inference_mode():
        output = model.eval()(**collator(made_up_rows()))
    chosen = output.logits.log_softmax(1)[torch.arange(3), torch.tensor([0, 1, 0])]
    torch.testing.assert_close(output.loss, -chosen.mean())


def test_words_take_their_vectors_and_training_words_without_one_get_a_row():
    vectors = WordVectors(["[PAD]", "[UNK]", "word0", "word1"], np.arange(12, dtype=np.float32).reshape(4, 3))
    model, collator = build_lstm_attention(made_up_rows(), EMOTIONS, vectors)
    weights = model.word_embeddings.weight.detach()
    assert weights.shape == (4 + 5, 3)
    torch.testing.assert_close(weights[:4], torch.from_numpy(vectors.matrix))
    assert weights[4:].abs().max() <= 1
    row = made_up_rows()[0] | {"words": ["WORD1", "word6", "elsewhere"] + ["word0"] * MAX_WORDS}
    ids = collator([row])["input_ids"]
    assert ids[0, :4].tolist() == [3, 8, 1, 2]
    assert ids.shape == (1, MAX_WORDS)


def test_frames_are_standardised_by_the_training_part():
    rows = made_up_rows()
    batch = build_lstm_attention(rows, EMOTIONS, None)[1](rows)
    lengths = batch["frame_lengths"]
    frames = torch.cat([features[:length] for features, length in zip(batch["input_features"], lengths, strict=True)])
    torch.testing.assert_close(frames.mean(0), torch.zeros(34), atol=1e-5, rtol=0)
    torch.testing.assert_close(frames.std(0, correction=0), torch.ones(34))


def test_it_learns_real_clips(ravdess_root: Path):
    clips = [row for row in load_folder(ravdess_root, EMOTIONS) if "Actor_01" in row["audio"]]
    chosen = [row for emotion in EMOTIONS for row in [row for row in clips if row["emotion"] == emotion][:4]]
    kept = Dataset.from_list(
        [extract_descriptors(row) for row in chosen], features=Features(SYSTEM.columns)
    ).with_format("numpy")
    rows = [
        {"emotion": row["emotion"], "words": row["text"].rstrip(".").split(), "descriptors": features["descriptors"]}
        for row, features in zip(chosen, kept, strict=True)
    ]
    torch.manual_seed(0)
    model, collator = SYSTEM.build(rows, EMOTIONS, None)
    optimizer = torch.optim.Adam(model.parameters(), SYSTEM.recipe.learning_rate)
    batch = collator(rows)
    for _ in range(40):
        model.train()(**batch).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    assert (logits_of(model.eval(), batch).argmax(1) == batch["labels"]).all()
