"""What the model takes and gives: batches with their padding, inputs that it refuses, its outputs."""

from dataclasses import fields

import pytest
import torch
from model_inputs import (
    OUTPUTS,
    Utterance,
    assert_equal,
    collate,
    gradients,
    inputs_of,
    make_batch,
    make_model,
    random_utterances,
    variants,
)

from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.modeling_wise import WISEClassifierOutput, WISEForAudioClassification


@variants()
def test_a_batch_equals_its_utterances_one_by_one(variant):
    model = make_model(variant)
    utterances = random_utterances(model.config)
    together = model(**make_batch(model, utterances)).logits
    alone = [model(**make_batch(model, [utterance])).logits for utterance in utterances]
    assert_equal(together, torch.cat(alone))


@variants()
@pytest.mark.parametrize(
    "padding",
    [{"extra_words": 3}, {"extra_phonemes": 4}, {"extra_frames": 5}, {"left": True}, {"left": True, "extra_words": 2}],
    ids=lambda padding: "-".join(padding),
)
def test_padding_changes_nothing(variant, padding):
    model = make_model(variant)
    expected = model(**make_batch(model))
    expected.loss.backward()
    expected_gradients = gradients(model)
    model.zero_grad()
    outputs = model(**make_batch(model, **padding))
    outputs.loss.backward()
    assert_equal(outputs.logits, expected.logits)
    assert_equal(outputs.pooler_output, expected.pooler_output)
    assert_equal(gradients(model), expected_gradients)


def test_what_stands_in_the_padding_does_not_matter():
    model = make_model()
    batch = make_batch(model, extra_words=2, extra_frames=2)
    expected = model(**batch).logits
    frames = batch["phoneme_lengths"].sum(1, keepdim=True)
    batch["input_features"][torch.arange(batch["input_features"].shape[1]) >= frames] = float("nan")
    batch["input_ids"][batch["attention_mask"] == 0] = -100
    assert_equal(model(**batch).logits, expected)


def test_states_keep_their_places_with_padding_on_the_left():
    model = make_model()
    right, left = (model(**make_batch(model, left=left)) for left in (False, True))
    for name in OUTPUTS:
        for row, utterance in enumerate(random_utterances(model.config)):
            number = len(utterance.words)
            assert_equal(left[name][row, -number:], right[name][row, :number])


@variants()
def test_a_word_of_one_phoneme_of_one_frame_works(variant):
    model = make_model(variant)
    frame = torch.ones(1, model.config.feature_size, dtype=torch.float64)
    outputs = model(**make_batch(model, [Utterance([3], [[frame]], 0)]))
    assert outputs.logits.isfinite().all()
    assert outputs.logits.shape == (1, 4)


@variants([{}, {"modality": "text"}])
def test_the_mask_is_made_where_it_is_not_given(variant):
    model = make_model(variant)
    batch = make_batch(model)
    expected = model(**batch).logits
    del batch["attention_mask"]
    assert_equal(model(**batch).logits, expected)


def test_a_model_of_one_modality_ignores_the_inputs_of_the_other():
    for modality in ("audio", "text"):
        model = make_model(modality=modality)
        batch = collate(random_utterances(model.config))
        assert_equal(model(**batch).logits, model(**inputs_of(model.config, batch)).logits)


@pytest.mark.parametrize(
    ("modality", "missing", "message"),
    [
        ("both", ["input_features"], "modality 'both' needs input_features as well"),
        ("both", ["phoneme_lengths", "input_ids"], "needs phoneme_lengths, input_ids as well"),
        ("audio", ["word_lengths"], "modality 'audio' needs word_lengths"),
        ("text", ["input_ids"], "modality 'text' needs input_ids"),
    ],
)
def test_missing_inputs_are_named(modality, missing, message):
    model = make_model(modality=modality)
    batch = {name: value for name, value in make_batch(model).items() if name not in missing}
    with pytest.raises(ValueError, match=message):
        model(**batch)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda batch: batch["attention_mask"][0].zero_(), "Utterance 0 of the batch has no words"),
        (lambda batch: batch["word_lengths"][0].zero_(), "name different words"),
        (lambda batch: batch["phoneme_lengths"][1].zero_(), "counts other phonemes"),
        (lambda batch: batch["phoneme_lengths"][0, 0].add_(99), "frames; input_features has"),
        (lambda batch: batch["input_ids"][0, 0].add_(99), "the model has the words 0 to 10: use the tokenizer"),
        (lambda batch: batch["input_ids"][0, 0].sub_(99), "input_ids goes from -"),
        (lambda batch: batch.update(input_ids=batch["input_ids"][:, 1:]), "pad both alike"),
        (lambda batch: batch.update(input_features=batch["input_features"][..., 1:]), r"give \(4, frames, 3\)"),
        (lambda batch: batch.update(input_features=batch["input_features"][1:]), r"give \(4, frames, 3\)"),
        (lambda batch: batch.update(input_features=batch["input_features"][0]), r"give \(4, frames, 3\)"),
    ],
)
def test_inputs_that_contradict_each_other_raise_one_sentence(change, message):
    model = make_model()
    batch = make_batch(model)
    change(batch)
    with pytest.raises(ValueError, match=message) as caught:
        model(**batch)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "labels",
    [
        torch.tensor([[1.0, 0, 1, 0]] * 4),  # several emotions at once
        torch.tensor([[1, 0, 1, 0]] * 4),
        torch.tensor([0.5, 0.1, 0.2, 0.9]),  # a regression
        torch.tensor([0, 1, 2]),
        torch.tensor(1),
    ],
    ids=["multi_hot", "whole_multi_hot", "values", "too_few", "a_single_one"],
)
def test_labels_other_than_one_number_an_utterance_are_refused(labels):
    model = make_model()
    with pytest.raises(ValueError, match=r"WISE learns one emotion an utterance: give \(4,\) whole numbers") as caught:
        model(**make_batch(model) | {"labels": labels})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("problem_type", ["multi_label_classification", "regression"])
def test_another_problem_type_is_never_trained(tmp_path, problem_type):
    model = make_model(dtype=torch.float32)
    model.save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="WISE learns one emotion an utterance"):
        WISEForAudioClassification.from_pretrained(tmp_path, problem_type=problem_type)
    model.config.problem_type = problem_type
    with pytest.raises(ValueError, match=f"problem_type is '{problem_type}'"):
        model(**make_batch(model))


def test_trainer_is_told_to_leave_out_everything_but_the_logits():
    outputs = {field.name for field in fields(WISEClassifierOutput)}
    assert set(WISEConfig.keys_to_ignore_at_inference) == outputs - {"loss", "logits"}


def test_without_labels_there_is_no_loss():
    model = make_model()
    batch = make_batch(model)
    del batch["labels"]
    assert model(**batch).loss is None


def test_return_dict_false_gives_a_tuple():
    model = make_model()
    batch = make_batch(model)
    outputs = model(**batch)
    as_tuple = model(**batch, return_dict=False)
    assert isinstance(as_tuple, tuple)
    assert_equal(as_tuple, outputs.to_tuple())
    model.config.return_dict = False
    assert isinstance(model(**batch), tuple)


def test_the_body_alone_gives_what_the_classifier_gives():
    model = make_model()
    batch = make_batch(model)
    outputs = model(**batch)
    del batch["labels"]
    body = model.wise(**batch)
    assert_equal(body.pooler_output, outputs.pooler_output)
    for name in OUTPUTS:
        assert_equal(body[name], outputs[name])
