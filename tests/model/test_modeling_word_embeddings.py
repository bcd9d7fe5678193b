"""The model's word embeddings: frozen or not, loaded from a matrix, adapted."""

import copy

import pytest
import torch
from model_inputs import make_batch, make_model, tiny_config
from torch import nn
from torch.nn.utils.parametrize import register_parametrization
from transformers import AutoModel, AutoModelForAudioClassification

from wise_hf.model.modeling_wise import WISEForAudioClassification, WISEModel


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
