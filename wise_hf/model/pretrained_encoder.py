"""A pretrained speech encoder, read from a folder or the Hub, cut down to the layers that are used."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from transformers import AutoFeatureExtractor, PreTrainedConfig

from .configuration_wise import FrameEncoderConfig, check_family
from .frame_encoder_wise import WHISPER, FrameEncoder
from .loading import load_model
from .pretrained_model import (
    digest_of,
    first_layers,
    license_of,
    name_of,
    on_device,
    read_config,
    read_weights,
    readable,
    single_thread,
)


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
        single_thread()
        return _read(self)

    @property
    def is_on_gpu(self) -> bool:
        """It runs on a GPU, which the forked processes of a preparation cannot use."""
        return torch.cuda.is_available()

    @property
    def known_by(self) -> str:
        """What changes when the frames do, for caches."""
        return _digest(self)


@lru_cache(maxsize=1)
def _read(source: FrameEncoderSource) -> FrameEncoder:
    if not source.layers:
        return on_device(_encoder_of_model(source.name_or_folder))
    encoder = read_frame_encoder(source.name_or_folder, source.layers, source.mix, source.padding)
    return on_device(encoder)


def _encoder_of_model(name_or_folder: str) -> FrameEncoder:
    encoder = getattr(load_model(name_or_folder).wise, "frame_encoder", None)
    if encoder is None:
        raise ValueError(f"The model {name_or_folder} has no frame encoder; give one whose frames are an encoder's.")
    return encoder


@lru_cache(maxsize=8)
def _digest(source: FrameEncoderSource) -> str:
    return digest_of(source.read())


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
    with readable(name_or_folder):
        inputs = AutoFeatureExtractor.from_pretrained(name_or_folder).to_dict()
    encoder = FrameEncoder(
        FrameEncoderConfig(
            encoder=_cut(config, max(layers)),
            inputs=inputs,
            name=name_of(name_or_folder),
            license=license_of(name_or_folder),
            layers=layers,
            mix=mix,
            padding=padding,
        )
    )
    part = "encoder." if config.model_type == WHISPER else ""
    encoder.encoder.load_state_dict(read_weights(name_or_folder, encoder.encoder.state_dict(), part))
    return encoder.eval()


def middle_layers(name_or_folder: str) -> tuple[int, ...]:
    """The layers from a third to a half of an encoder: how something is said is heard best there.

    Raises:
        ValueError: where there is no such encoder.
    """
    count = _read_config(name_or_folder).num_hidden_layers
    return tuple(range(max(1, count // 3), max(1, count // 2) + 1))


def _read_config(name_or_folder: str) -> PreTrainedConfig:
    config = read_config(name_or_folder, "speech encoder", "openai/whisper-base")
    check_family(config.model_type)
    return config


def _cut(config: PreTrainedConfig, num_layers: int) -> PreTrainedConfig:
    """The configuration of the first layers alone."""
    config = first_layers(config, num_layers)
    config.add_adapter = False  # it makes fewer frames of them
    return config
