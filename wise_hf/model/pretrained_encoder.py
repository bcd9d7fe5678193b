"""A pretrained speech encoder, read from a folder or the Hub, cut down to the layers that are used."""

import copy
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from huggingface_hub import ModelCard
from huggingface_hub.errors import HfHubHTTPError
from transformers import AutoConfig, AutoFeatureExtractor, AutoModel, PreTrainedConfig

from .configuration_wise import FrameEncoderConfig
from .frame_encoder_wise import WHISPER, FrameEncoder, check_family
from .loading import load_model


_STARTED_AS = os.getpid()
_TOLD = ("name", "license", "dtype", "transformers_version")  # of an encoder, and no matter to its frames


@dataclass(frozen=True)
class FrameEncoderSource:
    """Where a frozen encoder is read from; every process reads it for itself.

    Args:
        name_or_folder: of a Whisper, wav2vec2, HuBERT, WavLM or w2v-BERT: a folder, or a name on the Hub. Or of a
            saved WISE model, for the encoder that it carries.
        layers: see `FrameEncoderConfig`, as the rest; empty for a saved WISE model, which has all of this.
    """

    name_or_folder: str
    layers: tuple[int, ...] = ()
    mix: str = "mean"
    padding: str = "none"

    def read(self) -> FrameEncoder:
        """The encoder, the same one at every call in a process.

        Raises:
            ValueError: where there is no such encoder, or it does not have these layers.
        """
        if _is_forked():  # its threads are those of the parent, and would be waited for without end
            torch.set_num_threads(1)
        return _read(self)

    @property
    def known_by(self) -> str:
        """What changes when the frames do, for caches."""
        return _digest(self)


@lru_cache(maxsize=1)
def _read(source: FrameEncoderSource) -> FrameEncoder:
    if not source.layers:
        return load_model(source.name_or_folder).wise.frame_encoder
    encoder = read_frame_encoder(source.name_or_folder, source.layers, source.mix, source.padding)
    return encoder.to("cuda") if torch.cuda.is_available() and not _is_forked() else encoder


def _is_forked() -> bool:
    return os.getpid() != _STARTED_AS


@lru_cache(maxsize=8)
def _digest(source: FrameEncoderSource) -> str:
    encoder = source.read()
    settings = {name: value for name, value in encoder.config.to_dict().items() if name not in _TOLD}
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode())
    for tensor in encoder.state_dict().values():
        digest.update(tensor.cpu().half().numpy().tobytes())
    return digest.hexdigest()


def read_frame_encoder(
    name_or_folder: str, layers: Sequence[int], mix: str = "mean", padding: str = "none"
) -> FrameEncoder:
    """A frozen encoder with its pretrained weights.

    Args:
        name_or_folder, layers, mix, padding: see `FrameEncoderSource`.

    Raises:
        ValueError: where there is no such encoder, or it does not have these layers.
    """
    config = _read_config(name_or_folder)
    FrameEncoderConfig(encoder=config, layers=layers, padding=padding)  # it may not have them
    encoder = FrameEncoder(
        FrameEncoderConfig(
            encoder=_cut(config, max(layers)),
            inputs=AutoFeatureExtractor.from_pretrained(name_or_folder).to_dict(),
            name=_name_of(name_or_folder),
            license=_license_of(name_or_folder),
            layers=layers,
            mix=mix,
            padding=padding,
        )
    )
    encoder.encoder.load_state_dict(_weights(name_or_folder, encoder.encoder.state_dict()))
    return encoder.eval()


def middle_layers(name_or_folder: str) -> tuple[int, ...]:
    """The layers from a third to a half of an encoder: how something is said is heard best there.

    Raises:
        ValueError: where there is no such encoder.
    """
    count = _read_config(name_or_folder).num_hidden_layers
    return tuple(range(max(1, count // 3), max(1, count // 2) + 1))


def _read_config(name_or_folder: str) -> PreTrainedConfig:
    try:
        config = AutoConfig.from_pretrained(name_or_folder)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"There is no speech encoder '{name_or_folder}' ({_first_line(error)}); give a folder of one, or its name "
            "on the Hub, such as openai/whisper-base."
        ) from error
    check_family(config)
    return config


def _cut(config: PreTrainedConfig, num_layers: int) -> PreTrainedConfig:
    """The configuration of the first layers alone."""
    config = copy.deepcopy(config)
    config.num_hidden_layers = num_layers
    config.add_adapter = False  # it makes fewer frames of them
    config.dtype = None
    config._name_or_path = ""  # a path of this machine
    return config


def _weights(name_or_folder: str, wanted: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Those of the encoder, rounded to half precision: a saved model has no other."""
    pretrained = AutoModel.from_pretrained(name_or_folder, dtype=torch.float32)
    is_whisper = pretrained.config.model_type == WHISPER
    weights = (pretrained.encoder if is_whisper else pretrained).state_dict()
    return {name: weights[name].half().float() for name in wanted}


def _name_of(name_or_folder: str) -> str:
    """A folder's path tells of a machine, not of an encoder."""
    folder = Path(name_or_folder)
    return folder.resolve().name if folder.is_dir() else name_or_folder


def _license_of(name_or_folder: str) -> str | None:
    """As the encoder's card names it, or its licence file begins."""
    folder = Path(name_or_folder)
    try:
        card = folder / "README.md" if folder.is_dir() else name_or_folder
        return ModelCard.load(card).data.to_dict().get("license")
    except (OSError, ValueError, HfHubHTTPError):
        pass
    licence = folder / "LICENSE"
    return licence.read_text(encoding="utf-8").strip().partition("\n")[0] if licence.is_file() else None


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".")
