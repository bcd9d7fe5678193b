import copy
import pickle
from dataclasses import fields

import pytest
import torch
from model_inputs import (
    Utterance,
    collate,
    every_variant,
    inputs_of,
    random_utterance,
    random_utterances,
    tiny_config,
    variant_name,
)
from reference import cross_entropy, float64_parameters, run_reference
from safetensors.torch import load_file, save_file
from torch import nn
from torch.distributed import destroy_process_group, init_process_group
from torch.nn.parallel import DistributedDataParallel
from torch.nn.utils.parametrize import register_parametrization
from transformers import AutoModel, AutoModelForAudioClassification

from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.interaction_wise import LSTMWeights
from wise_hf.model.modeling_wise import WISEClassifierOutput, WISEForAudioClassification, WISEModel


VARIANTS = every_variant()
SOME_VARIANTS = [
    {},
    {"modality": "text"},
    {"modality": "audio", "hierarchy": "word", "recurrent_unit": "bilstm"},
    {"interaction": False, "recurrent_unit": "lstm"},
    {"attention": False, "recurrent_unit": "bigru"},
    {"hierarchy": "none"},
]
OUTPUTS = ("audio_states", "text_states", "attention_weights", "word_audio_vectors")


def variants(values=SOME_VARIANTS):
    return pytest.mark.parametrize("variant", values, ids=lambda variant: variant_name(variant) or "paper")


def make_model(variant=None, dtype=torch.float64, **changes):
    torch.manual_seed(0)
    return WISEForAudioClassification(tiny_config(**(variant or {}) | changes)).to(dtype).eval()


def make_batch(model, utterances=None, **padding):
    batch = collate(utterances or random_utterances(model.config), **{"dtype": model.dtype} | padding)
    return inputs_of(model.config, batch)


def assert_equal(actual, expected, tolerance=1e-12):
    torch.testing.assert_close(actual, expected, rtol=0, atol=tolerance)


def gradients(model):
    return {name: parameter.grad for name, parameter in model.named_parameters()}


# Equations (1)-(13)


@variants(VARIANTS)
def test_values_and_gradients_are_those_of_the_equations(variant):
    model = make_model(variant)
    utterances = random_utterances(model.config, (3, 1, 2))
    outputs = model(**make_batch(model, utterances))
    outputs.loss.backward()

    parameters = float64_parameters(model)
    references = [run_reference(parameters, model.config, each.word_ids, each.words) for each in utterances]
    losses = [cross_entropy(one.logits, each.label) for one, each in zip(references, utterances, strict=True)]
    loss = sum(losses) / len(losses)
    loss.backward()

    assert_equal(outputs.loss, loss)
    assert_equal(outputs.logits, torch.stack([one.logits for one in references]))
    assert_equal(outputs.pooler_output, torch.stack([one.p_c for one in references]))
    for row, one in enumerate(references):
        for name in OUTPUTS:
            actual, expected = getattr(outputs, name), getattr(one, name)
            assert (actual is None) == (expected is None)
            if expected is not None:
                assert_equal(actual[row, : len(expected)], expected)
                assert not actual[row, len(expected) :].any()
    assert_equal(gradients(model), {name: value.grad for name, value in parameters.items()})


def test_the_reference_and_the_model_agree_in_the_paper_s_sizes():
    torch.manual_seed(0)
    model = WISEForAudioClassification(WISEConfig(vocab_size=12)).double().eval()
    utterances = random_utterances(model.config, (2, 3))
    outputs = model(**make_batch(model, utterances))
    parameters = float64_parameters(model)
    for row, each in enumerate(utterances):
        one = run_reference(parameters, model.config, each.word_ids, each.words)
        assert_equal(outputs.logits[row], one.logits)
        assert_equal(outputs.attention_weights[row, : len(each.words)], one.attention_weights)


def test_attention_weights_sum_to_one_over_the_words():
    model = make_model()
    weights = model(**make_batch(model)).attention_weights
    assert_equal(weights.sum(1), torch.ones(4, dtype=torch.float64))


def test_every_parameter_has_the_paper_s_shape():
    model = WISEForAudioClassification(WISEConfig(vocab_size=50))
    rnn = {
        "wise.hierarchy.frames.rnn": (3 * 50, 39, 50),
        "wise.hierarchy.phonemes.rnn": (3 * 100, 50, 100),
        "wise.interacting_lstms.audio": (4 * 100, 100, 100),
        "wise.interacting_lstms.text": (4 * 150, 300, 150),
    }
    expected = {
        "wise.word_embeddings.weight": (50, 300),
        "wise.interacting_lstms.interaction_matrix": (250, 250),
        "wise.joint.audio.weight": (200, 100),
        "wise.joint.text.weight": (200, 150),
        "wise.word_attention.context": (200,),
        "linear_1.weight": (200, 200),
        "linear_2.weight": (100, 200),
        "linear_3.weight": (4, 100),
    }
    for name, (rows, input_size, hidden_size) in rnn.items():
        expected |= {f"{name}.weight_ih_l0": (rows, input_size), f"{name}.weight_hh_l0": (rows, hidden_size)}
        expected |= {f"{name}.bias_ih_l0": (rows,), f"{name}.bias_hh_l0": (rows,)}
    assert {name: tuple(value.shape) for name, value in model.named_parameters()} == expected


def test_the_interaction_matrix_starts_from_a_normal_distribution_of_deviation_0_05():
    torch.manual_seed(0)
    matrix = WISEModel(WISEConfig(vocab_size=2)).interacting_lstms.interaction_matrix
    assert matrix.mean().abs() < 0.001
    assert abs(matrix.std() - 0.05) < 0.001
    within_one_deviation = (matrix.abs() < 0.05).float().mean()
    assert abs(within_one_deviation - 0.683) < 0.01


def test_dropout_stands_before_the_first_two_linear_maps_and_nowhere_else():
    model = make_model(dropout=0.5)
    dropped_inputs = []
    for layer in (model.linear_1, model.linear_2, model.linear_3):
        layer.register_forward_pre_hook(lambda layer, given: dropped_inputs.append(given[0]))
    batch = make_batch(model)
    clean = model(**batch)
    model.train()
    noisy = model(**batch)
    p_c, p1, p2 = dropped_inputs[3:]
    assert_equal(noisy.pooler_output, clean.pooler_output)
    assert_equal(p_c[p_c != 0], 2 * clean.pooler_output[p_c != 0])
    assert (p_c == 0).any()
    undropped = (p_c @ model.linear_1.weight.T).relu()
    assert_equal(p1[p1 != 0], 2 * undropped[p1 != 0])
    assert ((p1 == 0) & (undropped != 0)).any()
    assert_equal(p2, (p1 @ model.linear_2.weight.T).relu())


def test_input_dropout_acts_in_training_only():
    model = make_model(input_dropout=0.5)
    batch = make_batch(model)
    clean = model(**batch).logits
    assert_equal(model(**batch).logits, clean)
    assert not torch.allclose(model.train()(**batch).logits, clean)


# Batches and padding


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


# Inputs that cannot be


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


# Outputs


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


# Saving and loading


@variants(VARIANTS)
def test_save_and_reload_is_exact(tmp_path, variant):
    model = make_model(variant, dtype=torch.float32)
    model.save_pretrained(tmp_path)
    reloaded, report = WISEForAudioClassification.from_pretrained(tmp_path, output_loading_info=True)
    assert not any(report.values())
    assert not reloaded.training
    assert reloaded.config.to_diff_dict() == model.config.to_diff_dict()
    batch = make_batch(model)
    assert torch.equal(reloaded(**batch).logits, model(**batch).logits)


def test_the_body_loads_from_a_classifier_s_folder(tmp_path):
    model = make_model(dtype=torch.float32)
    model.save_pretrained(tmp_path)
    batch = make_batch(model)
    expected = model(**batch).pooler_output
    del batch["labels"]
    assert torch.equal(WISEModel.from_pretrained(tmp_path)(**batch).pooler_output, expected)


@variants()
def test_everything_that_a_model_holds_is_in_its_state_dict(variant):
    model = make_model(variant)
    stored = set(model.state_dict())
    assert {name for name, _ in model.named_buffers()} <= stored
    for name, module in model.named_modules():
        bare = [key for key, value in vars(module).items() if isinstance(value, torch.Tensor)]
        assert not bare, f"{name} holds {bare} outside its parameters and buffers"


@variants()
def test_parameters_missing_in_a_checkpoint_are_initialised(tmp_path, variant):
    model = make_model(variant, dtype=torch.float32)
    model.save_pretrained(tmp_path)
    save_file({"nothing": torch.zeros(1)}, tmp_path / "model.safetensors", metadata={"format": "pt"})
    reloaded = WISEForAudioClassification.from_pretrained(tmp_path)
    for name, parameter in reloaded.named_parameters():
        assert parameter.isfinite().all(), name
        assert 0 < parameter.abs().max() < 3, name


def test_parameters_in_a_checkpoint_are_kept_where_others_are_missing(tmp_path):
    model = make_model(dtype=torch.float32)
    model.save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    missing = {
        name for name in weights if name.startswith("wise.interacting_lstms.audio") or name == "linear_2.weight"
    }
    kept = {name: value for name, value in weights.items() if name not in missing}
    save_file(kept, tmp_path / "model.safetensors", metadata={"format": "pt"})
    reloaded = WISEForAudioClassification.from_pretrained(tmp_path).state_dict()
    assert_equal({name: reloaded[name] for name in kept}, kept, tolerance=0)
    assert all(reloaded[name].abs().max() < 3 for name in missing)


def test_another_number_of_labels_replaces_the_last_layer_alone(tmp_path):
    model = make_model(dtype=torch.float32)
    model.save_pretrained(tmp_path)
    reloaded = WISEForAudioClassification.from_pretrained(tmp_path, num_labels=7, ignore_mismatched_sizes=True)
    assert reloaded.linear_3.weight.shape == (7, 5)
    assert reloaded.config.num_labels == 7
    batch = make_batch(model)
    assert reloaded(**batch).logits.shape == (4, 7)
    assert torch.equal(reloaded(**batch).pooler_output, model(**batch).pooler_output)


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_copies_give_the_same_scores(clone):
    model = make_model()
    batch = make_batch(model)
    assert_equal(clone(model)(**batch).logits, model(**batch).logits, tolerance=0)


# Word embeddings


@pytest.mark.parametrize("freeze", [True, False])
def test_frozen_word_embeddings_stay_frozen_after_reload_and_others_train(tmp_path, freeze):
    model = make_model(dtype=torch.float32, freeze_word_embeddings=freeze)
    model.save_pretrained(tmp_path)
    for each in (model, WISEForAudioClassification.from_pretrained(tmp_path), copy.deepcopy(model)):
        each.train()
        each(**make_batch(each)).loss.backward()
        weight = each.wise.word_embeddings.weight
        assert weight.requires_grad is not freeze
        assert (weight.grad is None) is freeze


def test_word_embeddings_are_frozen_from_the_start():
    model = WISEForAudioClassification(tiny_config(freeze_word_embeddings=True))
    assert not model.wise.word_embeddings.weight.requires_grad
    assert WISEModel(tiny_config()).word_embeddings.weight.requires_grad


def test_a_model_frozen_by_hand_stays_frozen():
    model = make_model().requires_grad_(False)
    for mode in (True, False, True):
        assert not any(parameter.requires_grad for parameter in model.train(mode).parameters())


def test_word_embeddings_thawed_by_hand_stay_thawed():
    model = make_model(dtype=torch.float32, freeze_word_embeddings=True)
    model.wise.word_embeddings.requires_grad_(True)
    for changed in (model.train(), model.eval(), model.train().to(torch.float64), copy.deepcopy(model)):
        assert changed.wise.word_embeddings.weight.requires_grad


@pytest.mark.parametrize("freeze", [True, False])
@pytest.mark.parametrize("loader", [WISEModel, WISEForAudioClassification, AutoModel, AutoModelForAudioClassification])
def test_a_loaded_model_is_frozen_as_its_configuration_says(tmp_path, loader, freeze):
    model = make_model(dtype=torch.float32, freeze_word_embeddings=not freeze)
    model.wise.word_embeddings.requires_grad_(freeze)  # what it was saved with does not count
    model.save_pretrained(tmp_path)
    loaded, report = loader.from_pretrained(tmp_path, freeze_word_embeddings=freeze, output_loading_info=True)
    assert not any(report.values())
    still = {name for name, parameter in loaded.named_parameters() if not parameter.requires_grad}
    assert {name.removeprefix("wise.") for name in still} == ({"word_embeddings.weight"} if freeze else set())


class LowRank(nn.Module):
    """W + B A, as LoRA adapts a weight."""

    def __init__(self, rows: int, columns: int):
        super().__init__()
        self.a = nn.Parameter(torch.randn(2, columns))
        self.b = nn.Parameter(torch.zeros(rows, 2))

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return weight + self.b @ self.a


def test_adapters_trained_on_a_frozen_model_are_all_that_was_learnt(tmp_path):
    def adapted() -> nn.Module:
        model = WISEForAudioClassification.from_pretrained(tmp_path).requires_grad_(False)
        register_parametrization(model.wise.word_embeddings, "weight", LowRank(11, 5))
        return model

    def adapters(model: nn.Module) -> dict[str, torch.Tensor]:
        return {name: value for name, value in model.state_dict().items() if "parametrizations.weight.0" in name}

    make_model(dtype=torch.float32).save_pretrained(tmp_path)
    model = adapted().train()
    batch = make_batch(model)
    optimizer = torch.optim.Adam([each for each in model.parameters() if each.requires_grad], lr=0.1)
    start = model(**batch).loss.item()
    for _ in range(5):
        optimizer.zero_grad()
        model(**batch).loss.backward()
        optimizer.step()
    assert model(**batch).loss.item() < start
    reloaded = adapted()
    reloaded.load_state_dict(adapters(model), strict=False)
    assert torch.equal(reloaded(**batch).logits, model.eval()(**batch).logits)


def test_loaded_word_embeddings_survive_save_and_reload(tmp_path):
    matrix = torch.randn(11, 5)
    model = make_model(dtype=torch.float32)
    model.wise.load_word_embeddings(matrix)
    assert torch.equal(model.wise.word_embeddings.weight, matrix)
    model.save_pretrained(tmp_path)
    assert torch.equal(WISEModel.from_pretrained(tmp_path).word_embeddings.weight, matrix)


def test_word_embeddings_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"shape \(10, 5\); the configuration asks for \(11, 5\)"):
        make_model().wise.load_word_embeddings(torch.zeros(10, 5))


# Training


@variants([{}, {"attention": False}, {"interaction": False}, {"hierarchy": "word"}, {"recurrent_unit": "bilstm"}])
def test_every_parameter_but_frozen_word_embeddings_gets_a_gradient(variant):
    torch.manual_seed(0)
    model = WISEForAudioClassification(WISEConfig(vocab_size=12, **variant)).train()
    model(**make_batch(model)).loss.backward()
    for name, parameter in model.named_parameters():
        assert parameter.requires_grad == (name != "wise.word_embeddings.weight"), name
        assert not parameter.requires_grad or parameter.grad.abs().sum() > 0, name


def test_distributed_training_takes_several_steps_after_a_reload(tmp_path):
    make_model(dtype=torch.float32, freeze_word_embeddings=True).save_pretrained(tmp_path)
    model = WISEForAudioClassification.from_pretrained(tmp_path).train()
    init_process_group("gloo", init_method=f"file://{tmp_path}/group", rank=0, world_size=1)
    try:
        distributed = DistributedDataParallel(model)
        for _ in range(3):  # the second step raises where a parameter got no gradient in the first
            distributed(**make_batch(model)).loss.backward()
    finally:
        destroy_process_group()
    assert model.linear_1.weight.grad.abs().sum() > 0


def test_it_learns_a_handful_of_utterances():
    model = make_model(dtype=torch.float32, linear_sizes=[32, 16]).train()
    utterances = [random_utterance(model.config, seed, 3) for seed in range(8)]
    batch = make_batch(model, utterances)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(100):
        optimizer.zero_grad()
        model(**batch).loss.backward()
        optimizer.step()
    assert (model(**batch).logits.argmax(1) == batch["labels"]).all()


@variants()
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_mixed_precision_gives_a_finite_loss_near_that_of_float32(variant, dtype):
    model = make_model(variant, dtype=torch.float32)
    batch = make_batch(model)
    expected = model(**batch).loss
    with torch.autocast("cpu", dtype=dtype):
        loss = model(**batch).loss
    loss.backward()
    assert loss.dtype == torch.float32
    assert_equal(loss, expected, tolerance=0.02)
    assert all(parameter.grad.isfinite().all() for parameter in model.parameters() if parameter.grad is not None)


@variants()
def test_a_model_in_bfloat16_takes_float32_features(tmp_path, variant):
    model = make_model(variant, dtype=torch.float32)
    batch = make_batch(model)
    expected = model(**batch).loss
    model.to(torch.bfloat16).save_pretrained(tmp_path)
    reloaded = WISEForAudioClassification.from_pretrained(tmp_path)
    assert reloaded.dtype == torch.bfloat16
    assert_equal(reloaded(**batch).loss, expected.detach(), tolerance=0.05)


def test_pytorch_s_own_start_is_kept():
    torch.manual_seed(0)
    model = WISEForAudioClassification(WISEConfig(vocab_size=50))
    assert 0.9 / 10 < model.wise.hierarchy.phonemes.rnn.weight_hh_l0.abs().max() <= 1 / 10  # 100 units
    assert 0.9 / 200**0.5 < model.linear_1.weight.abs().max() <= 1 / 200**0.5
    assert model.wise.hierarchy.frames.rnn.bias_ih_l0.std() > 0


def test_the_same_seed_gives_the_same_model():
    states = [make_model().state_dict() for _ in range(2)]
    assert_equal(states[0], states[1], tolerance=0)


def test_lstm_weights_are_those_of_pytorch_s_lstm():
    torch.manual_seed(0)
    ours = LSTMWeights(3, 5)
    torch.manual_seed(0)
    theirs = nn.LSTM(3, 5)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert_equal(ours.state_dict(), theirs.state_dict(), tolerance=0)
    assert_equal(list(ours()), list(theirs.parameters()), tolerance=0)


def test_modules_are_those_that_the_variant_asks_for():
    assert not hasattr(make_model(modality="text").wise, "hierarchy")
    assert not hasattr(make_model(modality="audio").wise, "word_embeddings")
    assert not hasattr(make_model(attention=False).wise, "word_attention")
    assert isinstance(make_model(recurrent_unit="bilstm").wise.hierarchy.frames.rnn, nn.LSTM)
    assert make_model(modality="audio").get_input_embeddings() is None
