"""The model saved, loaded and copied."""

import copy
import pickle

import pytest
import torch
from model_inputs import assert_equal, every_variant, make_batch, make_model, variants
from safetensors.torch import load_file, save_file

from wise_hf.model.modeling_wise import WISEForAudioClassification, WISEModel


@variants(every_variant())
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


@variants()
def test_a_model_in_bfloat16_takes_float32_features(tmp_path, variant):
    model = make_model(variant, dtype=torch.float32)
    batch = make_batch(model)
    expected = model(**batch).loss
    model.to(torch.bfloat16).save_pretrained(tmp_path)
    reloaded = WISEForAudioClassification.from_pretrained(tmp_path)
    assert reloaded.dtype == torch.bfloat16
    assert_equal(reloaded(**batch).loss, expected.detach(), tolerance=0.05)
