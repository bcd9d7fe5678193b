"""The frames of a pretrained speech encoder: waveforms -> what some of its layers make of every 20 ms.

Everything between a waveform and its frames happens here (what the encoder is fed with, how a recording is cut or
padded, which layers are taken), for `prepare` and for a saved model alike.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.functional import gelu, pad
from torch.nn.utils.rnn import pad_sequence
from transformers import (
    AutoModel,
    PreTrainedConfig,
    PreTrainedModel,
    SeamlessM4TFeatureExtractor,
    SequenceFeatureExtractor,
    Wav2Vec2FeatureExtractor,
    WhisperFeatureExtractor,
)
from transformers.masking_utils import create_bidirectional_mask

from .configuration_wise import FrameEncoderConfig
from .frames_wise import num_encoded_frames
from .pretrained_part_wise import PretrainedPart


LONGEST_WINDOW_FRAMES = 1500  # 30 s; attention takes the square of it
WHISPER, W2V_BERT = "whisper", "wav2vec2-bert"


@dataclass(frozen=True)
class FrameTimes:
    """Where the frames of an encoder lie: frame k starts at sample k * hop and sees `seen` samples from there on.

    Args:
        hop: samples from the start of one frame to the next.
        seen: samples that a frame sees, `hop` or more: what the recording lacks of them at its end is silence.
        centre: samples from the start of a frame to its centre.
    """

    hop: int
    seen: int
    centre: float

    def num_frames(self, num_samples: int) -> int:
        """Frames of a recording."""
        return num_encoded_frames(num_samples, self.hop)

    def of_extractor(self, sampling_rate: int) -> dict[str, float]:
        """The same as a `WISEFeatureExtractor` has it, at so many samples a second."""
        hop_ms, frame_ms = (1000 * samples / sampling_rate for samples in (self.hop, 2 * self.centre))
        return {"sampling_rate": sampling_rate, "frame_ms": frame_ms, "hop_ms": hop_ms}


def frame_times(encoder: PreTrainedConfig) -> FrameTimes:
    """Where the frames of an encoder lie.

    Args:
        encoder: its configuration.
    """
    if encoder.model_type == WHISPER:  # spectra every 10 ms, whose middle is at 0, 10, ... ms; every second one counts
        return FrameTimes(hop=320, seen=320, centre=0.0)
    if encoder.model_type == W2V_BERT:  # two spectra of 25 ms, 10 ms apart
        return FrameTimes(hop=320, seen=560, centre=280.0)
    hop = seen = 1
    for kernel, stride in zip(encoder.conv_kernel, encoder.conv_stride, strict=True):
        seen += (kernel - 1) * hop
        hop *= stride
    return FrameTimes(hop=hop, seen=seen, centre=seen / 2)


def new_encoder(config: PreTrainedConfig) -> PreTrainedModel:
    """An encoder with fresh weights."""
    if config.model_type == WHISPER:
        from transformers.models.whisper.modeling_whisper import WhisperEncoder

        return WhisperEncoder(config)
    return AutoModel.from_config(config)


def input_extractor(config: FrameEncoderConfig) -> SequenceFeatureExtractor:
    """What makes an encoder's input of a waveform.

    Raises:
        ValueError: for the settings of another encoder's.
    """
    kinds = {WHISPER: WhisperFeatureExtractor, W2V_BERT: SeamlessM4TFeatureExtractor}
    kind = kinds.get(config.encoder.model_type, Wav2Vec2FeatureExtractor)
    inputs = config.inputs or {}
    if inputs.get("feature_extractor_type") != kind.__name__:
        raise ValueError(
            f"The input of a {config.encoder.model_type} is made by a {kind.__name__}, and its settings are those of "
            f"{inputs.get('feature_extractor_type')!r}; take those of the encoder."
        )
    return kind(**inputs)


class FrameEncoder(PretrainedPart):
    """Waveforms to frames.

    Args:
        config: which encoder, which of its layers, and what it is fed with.
    """

    def __init__(self, config: FrameEncoderConfig):
        super().__init__()
        self.config = config
        self.times = frame_times(config.encoder)
        self.input_extractor = input_extractor(config)
        self.encoder = new_encoder(config.encoder)
        self.encoder.requires_grad_(False)
        self.window_frames = LONGEST_WINDOW_FRAMES
        if config.encoder.model_type == WHISPER:
            self.window_frames = config.encoder.max_source_positions
        # A group norm over all of the time sees the padding of a batch.
        self.sees_padding = getattr(config.encoder, "feat_extract_norm", "layer") == "group"

    @property
    def layers(self) -> nn.ModuleList:
        """The encoder's layers, the first ones first."""
        return getattr(self.encoder, "encoder", self.encoder).layers

    @property
    def takes_batches(self) -> bool:
        """Whether several windows are encoded at once.

        On a CPU each is alone: a batch saves a quarter of the time of clips of 1 s and nothing from 8 s on, and it
        changes how frames are rounded.
        """
        return not self.sees_padding and self.encoder.device.type != "cpu"

    def train_last_layers(self, count: int) -> None:
        """Train the last layers of the encoder with the rest, and nothing else of it.

        Raises:
            ValueError: for more layers than there are.
        """
        self.check_has_layers(count)
        self.encoder.requires_grad_(False)
        for layer in self.layers[len(self.layers) - count :]:
            layer.requires_grad_(True)

    def check_has_layers(self, count: int) -> None:
        """Refuse to train more layers than there are.

        Raises:
            ValueError: there are fewer.
        """
        if count > len(self.layers):
            raise ValueError(
                f"{count} layers of the encoder are to be trained, and the model takes its first {len(self.layers)} "
                f"(--frame_layers); give --train_encoder_layers {len(self.layers)} or fewer."
            )

    def forward(self, input_values: torch.Tensor, input_lengths: torch.Tensor) -> torch.Tensor:
        """Frames of waveforms.

        Args:
            input_values: (B, S) float in [-1, 1] at the encoder's rate, padded at the end.
            input_lengths: (B,) samples of each.

        Returns:
            (B, T, config.feature_size), T the frames of the longest; 0 at padding.
        """
        lengths = [max(1, int(length)) for length in input_lengths]
        waveforms = [samples[:length].float() for samples, length in zip(input_values, lengths, strict=True)]
        windows = [window for samples in waveforms for window in self._windows(samples)]
        batches = [windows] if self.takes_batches else [[window] for window in windows]
        states = torch.cat([self._encode(batch) for batch in batches])
        return pad_sequence(states.split([self.times.num_frames(length) for length in lengths]), batch_first=True)

    def encode(self, samples: np.ndarray) -> np.ndarray:
        """Frames of one waveform.

        Args:
            samples: (n,) float32 in [-1, 1] at the encoder's rate.

        Returns:
            (T, config.feature_size) float32.
        """
        return self.encode_batch([samples])[0]

    def encode_batch(self, recordings: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Frames of several waveforms, on a GPU at once; padding is the less, the more alike their lengths are.

        Args:
            recordings: one or more, see `encode`.

        Returns:
            For each what `encode` gives.
        """
        values = [torch.from_numpy(np.asarray(samples, np.float32)) for samples in recordings]
        lengths = torch.tensor([len(samples) for samples in recordings])
        with torch.inference_mode():
            frames = self(pad_sequence(values, batch_first=True), lengths).float().cpu().numpy()
        return [its[: self.times.num_frames(len(samples))] for its, samples in zip(frames, recordings, strict=True)]

    def _windows(self, samples: torch.Tensor) -> list[torch.Tensor]:
        """A recording in equal parts, none longer than the encoder takes, each with all that its frames see."""
        num_frames = self.times.num_frames(len(samples))
        size = math.ceil(num_frames / math.ceil(num_frames / self.window_frames))
        starts = range(0, num_frames, size)
        counts = [min(size, num_frames - start) for start in starts]
        ends = [
            (start + count - 1) * self.times.hop + self.times.seen for start, count in zip(starts, counts, strict=True)
        ]
        padded = pad(samples, (0, max(0, ends[-1] - len(samples))))
        return [padded[start * self.times.hop : end] for start, end in zip(starts, ends, strict=True)]

    def _encode(self, windows: list[torch.Tensor]) -> torch.Tensor:
        """(frames of all windows, one after the other, values)"""
        counts = [(len(window) - self.times.seen) // self.times.hop + 1 for window in windows]
        inputs = [self._inputs(window) for window in windows]
        parameter = next(self.encoder.parameters())
        inputs = pad_sequence(inputs, batch_first=True).to(parameter.device, parameter.dtype)
        is_frame = torch.arange(max(counts))[None] < torch.tensor(counts)[:, None]
        is_frame = is_frame.to(parameter.device)
        joined = self.join(self._layer_states(inputs, is_frame))
        return joined[:, : max(counts)][is_frame]

    def join(self, states: Sequence[torch.Tensor]) -> torch.Tensor:
        """The frames of what each layer gives.

        Args:
            states: (B, T, size) of each layer, before them what the first is given.

        Returns:
            (B, T, config.feature_size)
        """
        taken = [states[layer] for layer in self.config.layers]
        return torch.stack(taken).mean(0) if self.config.mix == "mean" else torch.cat(taken, -1)

    def _inputs(self, window: torch.Tensor) -> torch.Tensor:
        """(time, values) or (samples,): what the encoder is fed with, as its own feature extractor makes it."""
        options = {"sampling_rate": self.input_extractor.sampling_rate, "return_tensors": "pt"}
        if self.config.encoder.model_type == WHISPER:
            to_window = self.config.padding == "window"
            options |= {"padding": "max_length" if to_window else False, "truncation": to_window}
        with torch.autocast("cpu", enabled=False):  # spectra are made there, and NumPy has no bfloat16
            made = self.input_extractor(window.cpu().numpy(), **options)
        if self.config.encoder.model_type == WHISPER:
            return made["input_features"][0].T
        return made["input_features" if self.config.encoder.model_type == W2V_BERT else "input_values"][0]

    def _layer_states(self, inputs: torch.Tensor, is_frame: torch.Tensor) -> list[torch.Tensor]:
        """What each layer gives, before them what the first is given."""
        if (
            self.config.encoder.model_type == WHISPER
        ):  # without the padding to a window, what is not there does not count
            return whisper_states(self.encoder, inputs, is_frame if self.config.padding == "none" else None)
        mask = None
        if not self.sees_padding:
            mask = is_frame if self.config.encoder.model_type == W2V_BERT else _samples_seen(is_frame, self.times)
        return self.encoder(inputs, attention_mask=mask, output_hidden_states=True).hidden_states


def whisper_states(
    encoder: PreTrainedModel, spectra: torch.Tensor, is_frame: torch.Tensor | None = None
) -> list[torch.Tensor]:
    """What each layer of a Whisper's encoder gives; its own `forward`, but on recordings of any length up to 30 s.

    Args:
        encoder: the encoder.
        spectra: (B, 2 T, values), every 10 ms.
        is_frame: (B, T) bool, which frames count; `None` = all.

    Returns:
        For each layer (B, T, size), before them what they are given.
    """
    hidden = gelu(encoder.conv2(gelu(encoder.conv1(spectra.transpose(1, 2))))).transpose(1, 2)
    hidden = hidden + encoder.embed_positions.weight[: hidden.shape[1]].to(hidden.dtype)
    mask = None
    if is_frame is not None:
        mask = create_bidirectional_mask(config=encoder.config, inputs_embeds=hidden, attention_mask=is_frame)
    states = [hidden]
    for layer in encoder.layers:
        states.append(layer(states[-1], mask))
    return states


def normalized_frames(
    encoded: torch.Tensor,
    frame_index: torch.Tensor,
    beside: torch.Tensor | None,
    mean: torch.Tensor,
    std: torch.Tensor,
) -> torch.Tensor:
    """The frames of the phonemes among an encoder's, with others beside them, normalised.

    Args:
        encoded: (B, T', D) all frames of the encoder.
        frame_index: (B, T) which of them the phonemes have.
        beside: (B, T, values) the others, or `None`.
        mean, std: (B, D + values) what they are normalised by.

    Returns:
        (B, T, D + values), float32 at least.

    Raises:
        ValueError: for frames that are not there, or a mean of other values.
    """
    size = encoded.shape[2] + (0 if beside is None else beside.shape[2])
    if frame_index.max() >= encoded.shape[1] or mean.shape[1] != size:
        raise ValueError(
            f"There are {encoded.shape[1]} frames of {size} values, but frame_index goes up to "
            f"{int(frame_index.max())} and feature_mean has {mean.shape[1]} values; use the processor saved with the "
            "model."
        )
    frames = encoded.gather(1, frame_index[:, :, None].expand(-1, -1, encoded.shape[2]))
    frames = frames.to(torch.promote_types(frames.dtype, torch.float32))  # a rounded mean would move all of them
    if beside is not None:
        frames = torch.cat([frames, beside.to(frames)], dim=-1)
    return (frames - mean[:, None].to(frames)) / std[:, None].to(frames)


def _samples_seen(is_frame: torch.Tensor, times: FrameTimes) -> torch.Tensor:
    """(W, samples) bool: what the frames see, from which the encoder finds out which frames there are."""
    seen = (is_frame.sum(1) - 1) * times.hop + times.seen
    return torch.arange(int(seen.max()), device=seen.device)[None] < seen[:, None]
