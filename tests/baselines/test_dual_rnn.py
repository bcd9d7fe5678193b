import numpy as np
import pytest
import soundfile
import torch
from datasets import Dataset, Features
from torch.nn.functional import binary_cross_entropy_with_logits

from wise_hf.baselines.dual_rnn import (
    MAX_FRAMES,
    MAX_WORDS,
    RECIPE,
    SYSTEM,
    SYSTEM_WITH_ATTENTION,
    DualRNNConfig,
    DualRNNForAudioClassification,
    _attend,
    build_dual_rnn,
    extract_mfcc_and_prosody,
    mfcc_with_energy,
)
from wise_hf.data.corpora.folder import load_folder
from wise_hf.data.embeddings import PAD, UNKNOWN, WordVectors
from wise_hf.model.mfcc_wise import mfcc_native, with_deltas
from wise_hf.model.word_times_wise import share_out


RATE = 16_000
EMOTIONS = ("angry", "happy", "neutral", "sad")
both_systems = pytest.mark.parametrize("system", [SYSTEM, SYSTEM_WITH_ATTENTION], ids=lambda system: system.key)


def random_rows(lengths=((60, 3), (25, 7), (41, 1), (8, 4))):
    rng = np.random.default_rng(0)
    return [
        {
            "emotion": EMOTIONS[number % 4],
            "words": [f"Word{rng.integers(20)}" for _ in range(num_words)],
            "features": rng.standard_normal((num_frames, 39)).astype(np.float32),
            "prosody": rng.standard_normal(35).astype(np.float32),
        }
        for number, (num_frames, num_words) in enumerate(lengths)
    ]


def build_with(system, rows, vectors=None, emotions=EMOTIONS):
    torch.manual_seed(0)
    model, collator = system.build(rows, emotions, vectors)
    return model.eval(), collator


def vectors_of(*words):
    matrix = np.random.default_rng(3).standard_normal((2 + len(words), 8)).astype(np.float32)
    matrix[0] = 0
    return WordVectors([PAD, UNKNOWN, *words], matrix)


@pytest.mark.parametrize(("attention", "total"), [(False, 1_618_266), (True, 1_618_502)])
def test_parameters_are_those_of_the_published_sizes(attention, total):
    model = DualRNNForAudioClassification(DualRNNConfig(attention=attention, num_labels=4))
    audio_gru = 3 * 200 * (39 + 200 + 2)
    text_gru = 3 * 200 * (300 + 200 + 2)
    without = (235 * 117 + 1) + (200 * 100 + 1) + (217 * 4 + 1)
    with_attention = (235 * 200 + 1) + (400 * 4 + 1)
    expected = 3747 * 300 + audio_gru + text_gru + (with_attention if attention else without)
    assert model.num_parameters() == expected == total


def test_weights_start_as_published():
    model, _ = build_with(SYSTEM, random_rows())
    for gru in (model.audio_gru, model.text_gru):
        gates = torch.cat([gru.weight_ih_l0, gru.weight_hh_l0], 1)[:400]
        short = min(gates.shape)
        product = gates.T @ gates if short == gates.shape[1] else gates @ gates.T
        torch.testing.assert_close(product, torch.eye(short), rtol=0, atol=1e-4)
        assert gru.bias_ih_l0[:400].eq(1).all() and not gru.bias_ih_l0[400:].any() and not gru.bias_hh_l0.any()
    for layer in (model.audio_projection, model.text_projection, model.classifier):
        assert layer.bias.shape == () and layer.bias == 0
        assert 0.2 < layer.weight.abs().max() <= 0.25
    assert not model.word_embeddings.weight[0].any()
    assert (model.audio_dropout.p, model.text_dropout.p) == (0.3, 0.7)


@both_systems
def test_logits_and_loss(system):
    rows = random_rows()
    model, collator = build_with(system, rows)
    batch = collator(rows)
    outputs = model(**batch)
    assert outputs.logits.shape == (4, 4)
    expected = binary_cross_entropy_with_logits(outputs.logits, torch.eye(4)[batch["labels"]])
    torch.testing.assert_close(outputs.loss, expected)
    outputs.loss.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    del batch["labels"]
    assert model(**batch).loss is None


@both_systems
def test_padding_changes_nothing(system):
    rows = random_rows()
    model, collator = build_with(system, rows)
    together = model(**collator(rows)).logits
    for number, row in enumerate(rows):
        torch.testing.assert_close(together[number], model(**collator([row])).logits[0], rtol=1e-5, atol=1e-5)


@both_systems
def test_what_stands_in_the_padding_changes_nothing(system):
    rows = random_rows()
    model, collator = build_with(system, rows)
    batch = collator(rows)
    logits = model(**batch).logits
    batch["input_ids"][batch["attention_mask"] == 0] = 5
    batch["features"][1, batch["lengths"][1] :] = 100.0
    torch.testing.assert_close(model(**batch).logits, logits)


def test_attention_depends_on_every_word_and_the_audio():
    rows = random_rows()[1:2]
    model, collator = build_with(SYSTEM_WITH_ATTENTION, rows)
    embedded = []
    model.word_embeddings.register_forward_hook(lambda *call: embedded.append(call[2]) or call[2].retain_grad())
    batch = collator(rows)
    batch["prosody"].requires_grad_()
    model(**batch).logits.square().sum().backward()
    assert (embedded[0].grad.abs().sum(2) > 0).all() and (batch["prosody"].grad != 0).all()


def test_the_same_word_often_is_attended_to_as_once():
    query, state = torch.randn(1, 6), torch.randn(1, 1, 6)
    is_word = torch.tensor([[True, True, False]])
    states = torch.cat([state, state, 50 * state], 1)
    torch.testing.assert_close(_attend(query, states, is_word), state[:, 0])


@both_systems
def test_saved_models_come_back_the_same(system, tmp_path):
    rows = random_rows()
    model, collator = build_with(system, rows, vectors_of("word1", "word2"))
    model.save_pretrained(tmp_path)
    loaded = DualRNNForAudioClassification.from_pretrained(tmp_path)
    torch.testing.assert_close(loaded(**collator(rows)).logits, model(**collator(rows)).logits, rtol=0, atol=0)
    assert loaded.config.id2label == dict(enumerate(EMOTIONS))


def test_words_find_their_vectors():
    vectors = vectors_of("word1", "unspoken")
    rows = [random_rows()[0] | {"words": ["Word1", "strange", "never"]}, random_rows()[1] | {"words": ["unspoken"]}]
    model, collator = build_with(SYSTEM, rows[:1], vectors)
    weights = model.word_embeddings.weight
    assert list(collator.rows) == [PAD, UNKNOWN, "word1", "unspoken", "never", "strange"]
    torch.testing.assert_close(weights[2:4].detach(), torch.from_numpy(vectors.matrix[2:]))
    assert weights.requires_grad and 0 < weights[4:].abs().max() <= 0.25 and 0 < weights[1].abs().max() <= 0.25
    batch = collator([*rows, rows[0] | {"words": ["unheard-of", *["word1"] * 200]}])
    assert batch["input_ids"][0, :4].tolist() == [2, 5, 4, 0]
    assert batch["input_ids"][1, :2].tolist() == [3, 0]
    assert batch["input_ids"][2, 0] == 1
    assert batch["attention_mask"].sum(1).tolist() == [3, 1, MAX_WORDS]


def test_without_vectors_the_words_are_those_of_the_training_part():
    rows = random_rows()
    model, collator = build_dual_rnn(rows, EMOTIONS, None)
    assert set(collator.rows) == {PAD, UNKNOWN} | {word.lower() for row in rows for word in row["words"]}
    assert model.word_embeddings.weight.shape == (len(collator.rows), 300)
    assert collator.without_augmentation() is collator
    collator.reseed(0, 1, 2)


def test_frames_have_the_energy_in_place_of_c0():
    samples = (0.1 * np.random.default_rng(0).standard_normal(RATE)).astype(np.float32)
    features = mfcc_with_energy(samples)
    assert features.shape == (98, 39) and features.dtype == np.float32
    np.testing.assert_array_equal(features[:, :12], mfcc_native(samples, hop_ms=10.0)[:, 1:13])
    whole = np.rint(samples.astype(np.float64) * 32768)
    expected = [np.log(np.sum(whole[start : start + 400] ** 2)) for start in range(0, 97 * 160 + 1, 160)]
    np.testing.assert_allclose(features[:, 12], expected, rtol=1e-6)
    np.testing.assert_array_equal(features, with_deltas(features[:, :13]))


def written_row(folder, samples, **changes):
    path = folder / "clip.wav"
    soundfile.write(path, samples, RATE)
    return {"audio": str(path), "start_s": 0.0, "end_s": len(samples) / RATE, "text": None, "words": []} | changes


@pytest.mark.parametrize("length_s", [0.1, 0.01, 1.0])
@pytest.mark.parametrize("amplitude", [0.0, 0.1])
def test_features_are_finite(tmp_path, length_s, amplitude):
    samples = amplitude * np.random.default_rng(0).standard_normal(round(length_s * RATE))
    made = extract_mfcc_and_prosody(written_row(tmp_path, samples))
    assert all(np.isfinite(values).all() for values in made.values())
    assert made["features"].shape == (1 + max(0, len(samples) - 400) // 160, 39)


def test_long_recordings_are_cut_and_parts_are_read(tmp_path):
    samples = 0.1 * np.random.default_rng(0).standard_normal(10 * RATE)
    assert len(extract_mfcc_and_prosody(written_row(tmp_path, samples))["features"]) == MAX_FRAMES
    assert len(extract_mfcc_and_prosody(written_row(tmp_path, samples, start_s=2.0, end_s=3.0))["features"]) == 98


def test_errors_name_the_recording(tmp_path):
    row = written_row(tmp_path, np.zeros(RATE))
    soundfile.write(row["audio"], np.full(RATE, 20.0), RATE, subtype="FLOAT")
    with pytest.raises(ValueError, match=r"clip\.wav: Audio peaks at 20"):
        extract_mfcc_and_prosody(row)


def test_features_fit_their_columns(tmp_path):
    row = written_row(tmp_path, 0.1 * np.random.default_rng(0).standard_normal(RATE))
    made = extract_mfcc_and_prosody(row)
    stored = Dataset.from_list([made], features=Features(SYSTEM.columns)).with_format("numpy")[0]
    np.testing.assert_array_equal(stored["features"], made["features"])
    np.testing.assert_array_equal(stored["prosody"], made["prosody"])


def ravdess_rows(root, emotions, num_each):
    rows = load_folder(root, emotions)
    chosen = [row for emotion in emotions for row in [row for row in rows if row["emotion"] == emotion][:num_each]]
    for row in chosen:
        words = row["text"].strip(".").lower().split()
        row["words"] = share_out(words, [["AH0"]] * len(words), 0.0, row["end_s"] - row["start_s"])
    return [
        {"emotion": row["emotion"], "words": [word["word"] for word in row["words"]]} | extract_mfcc_and_prosody(row)
        for row in chosen
    ]


@both_systems
def test_it_learns(system, ravdess_root):
    emotions = ("angry", "sad")
    rows = ravdess_rows(ravdess_root, emotions, num_each=4)
    model, collator = build_with(system, rows, emotions=emotions)
    batch = collator([row | {"features": row["features"][60:160]} for row in rows])  # a second is quick to learn from
    optimizer = torch.optim.Adam(model.train().parameters(), lr=RECIPE.learning_rate)
    for _ in range(40):
        optimizer.zero_grad()
        model(**batch).loss.backward()
        torch.nn.utils.clip_grad_value_(model.parameters(), RECIPE.max_grad_value)
        optimizer.step()
    assert model.eval()(**batch).logits.argmax(1).tolist() == batch["labels"].tolist()
