"""The classifier under transformers' Trainer, as its tutorials use it."""

import numpy as np
import pytest
import torch
from datasets import Array2D, Dataset, Features, List, Value
from model_inputs import collate, random_utterances, tiny_config
from transformers import Trainer, TrainingArguments

from wise_hf.baselines.cnn_phoneme import CNNPhonemeForAudioClassification
from wise_hf.baselines.dual_rnn import DualRNNForAudioClassification
from wise_hf.baselines.lstm_attention import LSTMAttentionForAudioClassification
from wise_hf.data.collator import WISECollator
from wise_hf.data.columns import with_labels, with_word_ids
from wise_hf.data.embeddings import PAD, UNKNOWN, build_tokenizer
from wise_hf.data.schema import UTTERANCE_FEATURES
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.model.processing_wise import WISEProcessor


NUM_UTTERANCES = 8
EMOTIONS = ["angry", "happy", "neutral", "sad"]


def arguments(folder, **changes) -> TrainingArguments:
    return TrainingArguments(
        **{"output_dir": str(folder), "use_cpu": True, "report_to": [], "disable_tqdm": True, "logging_steps": 1}
        | {"max_steps": 1, "per_device_train_batch_size": NUM_UTTERANCES, "max_grad_norm": 1e9}
        | changes
    )


def make_model(**changes) -> WISEForAudioClassification:
    torch.manual_seed(0)
    return WISEForAudioClassification(tiny_config(**changes))


def processor() -> WISEProcessor:
    return WISEProcessor(WISEFeatureExtractor(normalization="none"), build_tokenizer([PAD, UNKNOWN, "kids", "door"]))


def prepared(num_utterances: int = NUM_UTTERANCES) -> Dataset:
    """What `wise_hf.data.prepare` makes: utterances of two words of one phoneme each, emotions in turn."""
    generator = np.random.default_rng(0)
    rows = []
    for number in range(num_utterances):
        words = [{"word": word, "start_s": 0.0, "end_s": 1.0, "phonemes": []} for word in ("kids", "zebra")]
        lengths = {"phoneme_lengths": [number + 1, 2], "word_lengths": [1, 1]}
        features = generator.normal(size=(number + 3, 39)).astype(np.float32)
        row = dict.fromkeys(UTTERANCE_FEATURES) | {"id": str(number), "speaker": f"s{number % 2}"}
        emotion = EMOTIONS[number % len(EMOTIONS)]
        rows.append(row | {"emotion": emotion, "words": words, "input_features": features} | lengths)
    lengths = {"phoneme_lengths": List(Value("int64")), "word_lengths": List(Value("int64"))}
    features = UTTERANCE_FEATURES | lengths | {"input_features": Array2D((None, 39), "float32")}
    return Dataset.from_list(rows, features=Features(features))


def train_one_step(folder, batch_size: int, **changes) -> dict[str, float]:
    """Loss and gradient norm of a step over all utterances, in batches of the given size."""
    model = make_model()
    utterances = random_utterances(model.config, tuple(range(1, NUM_UTTERANCES + 1)))
    trainer = Trainer(
        model,
        arguments(
            folder,
            per_device_train_batch_size=batch_size,
            gradient_accumulation_steps=NUM_UTTERANCES // batch_size,
            remove_unused_columns=False,
            **changes,
        ),
        data_collator=lambda rows: collate(rows, dtype=torch.float32),
        train_dataset=utterances,
    )
    trainer.train()
    return trainer.state.log_history[0]


@pytest.mark.parametrize("changes", [{}, {"label_smoothing_factor": 0.1}], ids=["plain", "label_smoothing"])
def test_accumulated_batches_have_the_loss_and_the_gradient_of_one(tmp_path, changes):
    whole = train_one_step(tmp_path, NUM_UTTERANCES, **changes)
    for batch_size in (1, 2, 4):
        parts = train_one_step(tmp_path, batch_size, **changes)
        for name in ("loss", "grad_norm"):
            assert abs(parts[name] - whole[name]) < 1e-5, (batch_size, name)


@pytest.mark.parametrize(
    "model_class",
    [
        WISEForAudioClassification,
        CNNPhonemeForAudioClassification,
        DualRNNForAudioClassification,
        LSTMAttentionForAudioClassification,
    ],
)
def test_no_model_is_taken_to_have_divided_its_loss(tmp_path, model_class):
    small = {"vocab_size": 4} if model_class is not CNNPhonemeForAudioClassification else {}
    trainer = Trainer(model_class(model_class.config_class(**small)), arguments(tmp_path))
    assert trainer.model_accepts_loss_kwargs is False


def accuracy(prediction) -> dict[str, float]:
    """As transformers' tutorials write it."""
    assert prediction.predictions.shape == (NUM_UTTERANCES, 4)
    return {"accuracy": float((np.argmax(prediction.predictions, 1) == prediction.label_ids).mean())}


@pytest.mark.parametrize("changes", [{}, {"attention": False}, {"modality": "audio"}, {"modality": "text"}])
def test_predictions_are_the_logits_alone(tmp_path, changes):
    model = make_model(feature_size=39, vocab_size=4, **changes)
    utterances, collator = prepared(), WISECollator(processor(), model.config.label2id)
    options = arguments(tmp_path, remove_unused_columns=False, per_device_eval_batch_size=3)
    trainer = Trainer(model, options, data_collator=collator, compute_metrics=accuracy, eval_dataset=utterances)
    predicted = trainer.predict(utterances)
    with torch.no_grad():
        expected = model.eval()(**collator(list(utterances))).logits
    np.testing.assert_allclose(predicted.predictions, expected, atol=1e-5)
    assert predicted.label_ids.tolist() == [0, 1, 2, 3] * 2
    metrics = trainer.evaluate()
    assert metrics["eval_accuracy"] == (expected.argmax(1).numpy() == predicted.label_ids).mean()
    assert metrics["eval_loss"] == pytest.approx(predicted.metrics["test_loss"])


def test_a_prepared_corpus_with_labels_and_word_ids_trains_and_is_scored_with_the_default_arguments(tmp_path):
    model = make_model(feature_size=39, vocab_size=4)
    corpus = with_word_ids(with_labels(prepared(), EMOTIONS), processor())
    options = arguments(tmp_path, max_steps=2, eval_strategy="steps", eval_steps=1, learning_rate=0.01)
    collator = WISECollator(processor(), model.config.label2id)
    trainer = Trainer(model, options, collator, corpus, corpus, compute_metrics=accuracy)
    trainer.train()
    assert [log["eval_loss"] for log in trainer.state.log_history if "eval_loss" in log]
    (batch,) = trainer.get_eval_dataloader()
    expected = collator(list(prepared()))
    assert all(torch.equal(batch[name], expected[name]) for name in expected)


def test_columns_that_trainer_took_away_are_named_with_the_way_out(tmp_path):
    model = make_model(feature_size=39, vocab_size=4)
    collator = WISECollator(processor(), model.config.label2id)
    with pytest.raises(ValueError, match="no emotion.* set remove_unused_columns=False") as caught:
        Trainer(model, arguments(tmp_path), collator, prepared()).train()
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="no words .nor input_ids.* set remove_unused_columns=False"):
        Trainer(model, arguments(tmp_path), collator, with_labels(prepared(), EMOTIONS)).train()
    Trainer(model, arguments(tmp_path, remove_unused_columns=False), collator, prepared()).train()


def test_what_is_frozen_by_hand_stays_so_in_training(tmp_path):
    model = make_model()
    model.requires_grad_(False)
    model.linear_3.requires_grad_(True)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    options = arguments(tmp_path, remove_unused_columns=False, learning_rate=0.1)
    utterances = random_utterances(model.config, (1, 2))
    Trainer(model, options, lambda rows: collate(rows, dtype=torch.float32), utterances).train()
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"linear_3.weight"}
