"""Weights that are elsewhere until a module is called, and weights of eight bits."""

import warnings

import pytest
import torch
from accelerate import cpu_offload, disk_offload, infer_auto_device_map
from model_inputs import collate, inputs_of, random_utterances, tiny_config, variant_name
from torch import nn
from torch.ao.quantization import quantize_dynamic

from wise_hf.model.modeling_wise import WISEForAudioClassification


CPU = torch.device("cpu")
VARIANTS = [
    {"interaction": True},
    {"modality": "text"},
    {"modality": "audio", "hierarchy": "word", "recurrent_unit": "bilstm"},
    {"modality": "audio", "attention": False},  # dynamic quantisation leaves it no parameter
    {"interaction": False, "recurrent_unit": "lstm"},
    {"attention": False, "recurrent_unit": "bigru"},
    {"hierarchy": "none"},
]
variants = pytest.mark.parametrize("variant", VARIANTS, ids=variant_name)


def make_model(variant: dict) -> WISEForAudioClassification:
    torch.manual_seed(0)
    return WISEForAudioClassification(tiny_config(**variant)).eval()


@torch.no_grad()
def logits(model: WISEForAudioClassification) -> torch.Tensor:
    batch = collate(random_utterances(model.config), dtype=torch.float32)
    return model(**inputs_of(model.config, batch)).logits


def assert_near(actual: torch.Tensor, expected: torch.Tensor, tolerance: float = 1e-6) -> None:
    torch.testing.assert_close(actual, expected, rtol=0, atol=tolerance)


@variants
def test_offloaded_weights_give_the_same_scores_time_and_again(tmp_path, variant):
    expected = logits(make_model(variant))
    in_memory = cpu_offload(make_model(variant), execution_device=CPU)
    on_disk = disk_offload(make_model(variant), tmp_path, execution_device=CPU)
    for model in (in_memory, on_disk):
        assert all(parameter.is_meta for parameter in model.parameters())
        for _ in range(2):
            assert_near(logits(model), expected)


@variants
@pytest.mark.parametrize(
    "device_map",
    [{"": "disk"}, {"wise": "disk", "linear_1": "cpu", "linear_2": "disk", "linear_3": "cpu", "dropout": "cpu"}],
    ids=["disk", "parts"],
)
def test_a_model_loaded_to_disk_gives_the_same_scores(tmp_path, variant, device_map):
    model = make_model(variant)
    model.save_pretrained(tmp_path / "model")
    loaded = WISEForAudioClassification.from_pretrained(
        tmp_path / "model", device_map=device_map, offload_folder=tmp_path
    )
    assert next(loaded.wise.parameters()).is_meta
    assert_near(logits(loaded), logits(model))


@variants
@pytest.mark.parametrize("share", [0.2, 0.6])
def test_a_model_larger_than_the_memory_gives_the_same_scores(tmp_path, variant, share):
    model = make_model(variant)
    model.save_pretrained(tmp_path / "model")
    memory = {"cpu": int(share * model.get_memory_footprint())}
    loaded = WISEForAudioClassification.from_pretrained(
        tmp_path / "model", device_map="auto", max_memory=memory, offload_folder=tmp_path
    )
    assert "disk" in loaded.hf_device_map.values()
    assert_near(logits(loaded), logits(model))


def test_parts_whose_results_are_joined_are_not_split():
    model = make_model({"interaction": True})
    for num_bytes in range(500, 4500, 100):
        placed = infer_auto_device_map(model, {"cpu": num_bytes, "disk": "1GB"}, model._no_split_modules)
        assert not [name for name in placed if name.startswith(("wise.interacting_lstms.", "wise.joint."))]


@variants
@pytest.mark.parametrize(
    "modules", [{nn.LSTM, nn.GRU}, {nn.LSTM, nn.GRU, nn.Linear}, None], ids=["recurrent", "all", "default"]
)
@pytest.mark.parametrize("dtype", [torch.qint8, torch.float16])
def test_a_dynamically_quantised_model_gives_nearly_the_same_scores(variant, modules, dtype):
    model = make_model(variant)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch is about to move it to torchao
        quantised = quantize_dynamic(model, modules, dtype)
    assert quantised.device == CPU and quantised.dtype == torch.float32
    assert_near(logits(quantised), logits(model), tolerance=0.05)
