"""A pretrained speech encoder, read from a folder or the Hub, cut down to the layers that are used."""

from collections.abc import Sequence
from dataclasses import dataclass

from transformers import AutoFeatureExtractor, PreTrainedConfig

from .configuration_wise import FrameEncoderConfig, check_family
from .frame_encoder_wise import WHISPER, FrameEncoder
from .pretrained_model import (
    EncoderSource,
    first_layers,
    license_of,
    name_of,
    read_config,
    read_saved_part,
    read_weights,
    readable,
)


@dataclass(frozen=True)
class FrameEncoderSource(EncoderSource):
    """Where a frozen Whisper, wav2vec2, HuBERT, WavLM or w2v-BERT is read from; see `EncoderSource`.

    Args:
        mix, padding: see `FrameEncoderConfig`; not looked at for a saved WISE model, which has them.
    """

    mix: str = "mean"
    padding: str = "none"

    def load(self) -> FrameEncoder:
        """The encoder, read anew; see `EncoderSource.load`."""
        if not self.layers:
            return read_saved_part(self.name_or_folder, "frame_encoder", FrameEncoder)
        return read_frame_encoder(self.name_or_folder, self.layers, self.mix, self.padding)


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
