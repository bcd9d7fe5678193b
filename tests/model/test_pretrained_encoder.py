"""A speech encoder read from a folder or the Hub's cache, and what is told where that fails."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from encoders import FAMILIES, RATE, encoder_config, save_encoder, sound
from loopback.hub import environment
from transformers import BertConfig, BertModel

from wise_hf.model.pretrained_encoder import FrameEncoderSource, middle_layers, read_frame_encoder


@pytest.fixture
def folder(encoder_folders, tmp_path) -> Path:
    """An encoder of a test's own."""
    return shutil.copytree(encoder_folders / "wav2vec2-layer", tmp_path / "own")


@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_read_is_frozen_and_what_half_precision_holds(encoder_folders, family):
    encoder = read_frame_encoder(str(encoder_folders / family), [1, 2])
    assert encoder.is_frozen and not encoder.training and encoder.config.encoder.num_hidden_layers == 2
    for name, tensor in encoder.state_dict().items():
        assert tensor.dtype == torch.float32 and torch.equal(tensor, tensor.half().float()), name


def test_nothing_in_the_configuration_tells_where_the_encoder_was(encoder_folders):
    for family in FAMILIES:
        config = read_frame_encoder(str(encoder_folders / family), [1]).config
        assert config.name == family
        assert str(encoder_folders) not in config.to_json_string()


def test_a_licence_is_what_the_card_says_or_its_file_begins_with(folder):
    assert read_frame_encoder(str(folder), [1]).config.license is None
    (folder / "LICENSE").write_text("MIT License\n\nPermission is hereby granted\n")
    assert read_frame_encoder(str(folder), [1]).config.license == "MIT License"
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# An encoder\n")
    assert read_frame_encoder(str(folder), [1]).config.license == "apache-2.0"


def test_a_card_that_nobody_can_read_is_no_reason_to_stop(folder):
    (folder / "README.md").write_text("---\nlicense: [\n---\n# An encoder\n")
    assert read_frame_encoder(str(folder), [1]).config.license is None


def without(*names: str):
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def write(name: str, content: str):
    return lambda folder: (folder / name).write_text(content)


def cut_weights(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])


def other_weights(folder: Path) -> None:
    model = BertModel(BertConfig(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8))
    model.save_pretrained(folder / "other")
    (folder / "other" / "model.safetensors").replace(folder / "model.safetensors")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (without("config.json"), "There is no speech encoder '.*own'"),
        (write("config.json", "{"), "There is no speech encoder '.*own'"),
        (write("config.json", "{}"), "There is no speech encoder '.*own'"),
        (
            write("config.json", json.dumps({"model_type": "whisper", "encoder_layers": "three"})),
            "'.*own' .*encoder_layers",
        ),
        (write("config.json", json.dumps({"model_type": "bert"})), "of the type 'bert'; expected one of whisper,"),
        (without("preprocessor_config.json"), "'.*own' cannot be read .*feature extractor"),
        (write("preprocessor_config.json", "{"), "'.*own' cannot be read"),
        (without("model.safetensors"), "'.*own' cannot be read .*model.safetensors"),
        (cut_weights, "'.*own' cannot be read"),
        (other_weights, "'.*own' have no weights for 53 parts of the encoder"),
    ],
)
def test_a_folder_that_cannot_be_used_is_told_in_a_sentence(folder, change, sentence):
    change(folder)
    with pytest.raises(ValueError, match=sentence) as raised:
        read_frame_encoder(str(folder), [1])
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 400


@pytest.mark.parametrize("name", ["no/such-encoder", "nothing", "not a name", "/no/such/folder"])
def test_a_name_that_stands_for_nothing_is_told_in_a_sentence(name):
    for read in (lambda: read_frame_encoder(name, [1]), lambda: middle_layers(name)):
        with pytest.raises(ValueError, match=f"{name}.* .*openai/whisper-base") as raised:
            read()
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize("layers", [(0,), (4,), (1, 4), (-1,), ()])
def test_layers_that_the_encoder_does_not_have_are_told(encoder_folders, layers):
    with pytest.raises(ValueError, match=r"layers \[.*\] are not among the 3 of the frame encoder; the first is 1"):
        read_frame_encoder(str(encoder_folders / "hubert"), layers)


def test_a_window_is_whispers_alone(encoder_folders):
    with pytest.raises(ValueError, match="Only Whisper has a window"):
        read_frame_encoder(str(encoder_folders / "hubert"), [1], padding="window")


def test_a_saved_wise_model_without_an_encoder_is_told(saved_model):
    with pytest.raises(ValueError, match=f"{saved_model} has no frame_encoder"):
        FrameEncoderSource(str(saved_model)).read()


@pytest.mark.parametrize(
    ("count", "layers"), [(1, (1,)), (3, (1,)), (6, (2, 3)), (12, (4, 5, 6)), (24, tuple(range(8, 13)))]
)
def test_the_middle_layers_are_those_from_a_third_to_a_half(tmp_path, count, layers):
    config = encoder_config("hubert")
    config.num_hidden_layers = count
    config.save_pretrained(tmp_path)
    assert middle_layers(str(tmp_path)) == layers


def test_an_encoder_is_known_by_what_it_makes_and_not_by_where_it_lies(encoder_folders, folder):
    def known_by(folder: Path, *choices: object) -> str:
        return FrameEncoderSource(str(folder), *choices or ((1, 2),)).known_by

    kept = known_by(encoder_folders / "wav2vec2-layer")
    (folder / "LICENSE").write_text("MIT License\n")
    assert known_by(folder) == kept
    different = [((1, 3),), ((2,),), ((1, 2), "learnt")]
    others = [known_by(folder, *choices) for choices in different]
    others += [known_by(encoder_folders / "hubert"), known_by(encoder_folders / "whisper")]
    others += [known_by(encoder_folders / "whisper", (1, 2), "mean", "window")]
    assert len({kept, *others}) == 1 + len(others)


def test_an_encoder_of_other_weights_is_known_by_another_name(encoder_folders, tmp_path):
    save_encoder("hubert", tmp_path / "other")
    from safetensors.torch import load_file, save_file

    weights = load_file(tmp_path / "other" / "model.safetensors")
    weights["encoder.layers.0.feed_forward.output_dense.bias"] += 1
    save_file(weights, tmp_path / "other" / "model.safetensors", metadata={"format": "pt"})
    one, other = (FrameEncoderSource(str(each), (1,)) for each in (encoder_folders / "hubert", tmp_path / "other"))
    assert one.known_by != other.known_by


PUSH = """
from huggingface_hub import HfApi
HfApi().create_repo("org/tiny")
HfApi().upload_folder(repo_id="org/tiny", folder_path="{folder}")
"""
READ_TWICE = """
import os, sys
from wise_hf.model.pretrained_encoder import FrameEncoderSource
encoder = FrameEncoderSource("org/tiny", (1, 2)).read()
print(encoder.config.name, encoder.config.license, encoder.config.feature_size)
print(os.environ["HF_HOME"] in encoder.config.to_json_string())
"""


@pytest.mark.slow
def test_a_name_on_the_hub_is_read_and_read_again_from_its_cache_offline(encoder_folders, hub, tmp_path):
    folder = shutil.copytree(encoder_folders / "whisper", tmp_path / "encoder")
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# An encoder\n")
    push = [sys.executable, "-c", PUSH.format(folder=folder)]
    subprocess.run(push, env=environment(hub, tmp_path / "pusher"), check=True)
    told = environment(hub, tmp_path / "home", token=None)
    for offline in ("0", "1"):
        command = [sys.executable, "-c", READ_TWICE]
        done = subprocess.run(command, env=told | {"HF_HUB_OFFLINE": offline}, capture_output=True, text=True)
        assert done.stdout.split("\n")[:2] == ["org/tiny apache-2.0 16", "False"], done.stderr
    assert hub.asked("model.safetensors")


def test_a_real_whisper_is_small_and_told_of(real_whisper, tmp_path):
    encoder = read_frame_encoder(str(real_whisper), [2, 3, 4])
    assert encoder.config.name == "whisper-base" and "MIT" in encoder.config.license
    assert sum(each.numel() for each in encoder.parameters()) * 2 < 30e6
    assert str(real_whisper) not in encoder.config.to_json_string()
    waveform = sound(3 * RATE)
    own, padded = (
        read_frame_encoder(str(real_whisper), [3], padding=padding).encode(waveform) for padding in ("none", "window")
    )
    assert own.shape == padded.shape == (150, 512)
    assert np.abs(own - padded).mean() > 0.1 * own.std(), "two encoders to a model that learnt from one of them"
