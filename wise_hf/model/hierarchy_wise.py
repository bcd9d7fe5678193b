"""A word's audio from its frames (section 3.2): through the phonemes, straight, or as their mean.

Letters in the shapes: F, K and M are the frames, phonemes and words of a whole batch, one after the other.
"""

import torch
from torch import nn

from .configuration_wise import WISEConfig
from .ragged_wise import pack_segments, sum_segments
from .recurrence_wise import has_weights_here, last_states


class SegmentEncoder(nn.Module):
    """A recurrent network whose last state stands for a segment, equation (6).

    Args:
        input_size: values in a member of a segment.
        hidden_size: units a direction.
        recurrent_unit: `gru`, `lstm`, `bigru` or `bilstm`.
    """

    def __init__(self, input_size: int, hidden_size: int, recurrent_unit: str):
        super().__init__()
        bidirectional = recurrent_unit.startswith("bi")
        unit = nn.GRU if recurrent_unit.endswith("gru") else nn.LSTM
        self.rnn = unit(input_size, hidden_size, bidirectional=bidirectional)
        self.output_size = hidden_size * (2 if bidirectional else 1)

    def forward(self, members: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """(sum of lengths, input_size), (segments,) -> (segments, output_size)"""
        if has_weights_here(self.rnn):
            return last_states(self.rnn, members, lengths)
        packed, _ = pack_segments(members, lengths)
        _, state = self.rnn(packed)
        hidden = state[0] if isinstance(state, tuple) else state  # (directions, segments, hidden_size)
        return hidden.transpose(0, 1).flatten(1)


class PhonemeHierarchy(nn.Module):
    """Frames to phonemes to the word (HR, section 3.2)."""

    def __init__(self, frame_size: int, config: WISEConfig):
        super().__init__()
        self.frames = SegmentEncoder(frame_size, config.phoneme_hidden_size, config.recurrent_unit)
        self.phonemes = SegmentEncoder(self.frames.output_size, config.word_hidden_size, config.recurrent_unit)
        self.output_size = self.phonemes.output_size

    def forward(self, frames: torch.Tensor, phoneme_lengths: torch.Tensor, word_lengths: torch.Tensor) -> torch.Tensor:
        """(F, frame_size), (K,), (M,) -> a_i (M, output_size)"""
        phonemes = self.frames(frames, phoneme_lengths)  # h_iNi (K, phoneme_hidden_size)
        return self.phonemes(phonemes, word_lengths)


class WordHierarchy(nn.Module):
    """Frames straight to the word (HR-, section 4.3)."""

    def __init__(self, frame_size: int, config: WISEConfig):
        super().__init__()
        self.frames = SegmentEncoder(frame_size, config.word_hidden_size, config.recurrent_unit)
        self.output_size = self.frames.output_size

    def forward(self, frames: torch.Tensor, phoneme_lengths: torch.Tensor, word_lengths: torch.Tensor) -> torch.Tensor:
        """(F, frame_size), (K,), (M,) -> a_i (M, output_size)"""
        return self.frames(frames, sum_segments(phoneme_lengths, word_lengths))


class MeanOfFrames(nn.Module):
    """No hierarchy (IM+DMF, section 4.3): a word's audio is the mean of its frames."""

    def __init__(self, frame_size: int, config: WISEConfig):
        super().__init__()
        self.output_size = frame_size

    def forward(self, frames: torch.Tensor, phoneme_lengths: torch.Tensor, word_lengths: torch.Tensor) -> torch.Tensor:
        """(F, frame_size), (K,), (M,) -> a_i (M, frame_size)"""
        frames_per_word = sum_segments(phoneme_lengths, word_lengths)
        return sum_segments(frames, frames_per_word) / frames_per_word.to(frames)[:, None]


HIERARCHIES = {"phoneme": PhonemeHierarchy, "word": WordHierarchy, "none": MeanOfFrames}
