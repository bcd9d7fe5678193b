"""
The states of both modalities word by word (section 3.1): exchanged between two LSTMs, or each on its own.

Letters in the shapes: B utterances, M words of a whole batch, one after the other.
"""

import torch
from torch import nn
from torch.nn.functional import pad

from .configuration_wise import WISEConfig
from .ragged_wise import pack_segments


def join_gates(audio: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
    """Weights of the two LSTMs, (4 H_a, x) and (4 H_t, y), gate by gate block-diagonal: (4, H_a + H_t, x + y)."""
    audio = audio.unflatten(0, (4, -1))
    text = text.unflatten(0, (4, -1))
    return torch.cat([pad(audio, (0, text.shape[2])), pad(text, (audio.shape[2], 0))], dim=1)


class InteractingLSTMs(nn.Module):
    """
    Two LSTMs that exchange their states at every word (IM), equations (3)-(5), run as one.

    With the states stacked, h = [h_a; h_t], equation (3) is h~ = W h, so the recurrent weight of gate g is
    blockdiag(W_hh_a,g, W_hh_t,g) W, and the rest of an LSTM works element by element: one LSTM on [a_i; t_i].
    """

    def __init__(self, audio_size: int, text_size: int, config: WISEConfig):
        super().__init__()
        self.audio = nn.LSTM(audio_size, config.audio_hidden_size)
        self.text = nn.LSTM(text_size, config.text_hidden_size)
        # W = [[W_aa, W_ta], [W_at, W_tt]]
        hidden_size = config.audio_hidden_size + config.text_hidden_size
        self.interaction_matrix = nn.Parameter(torch.empty(hidden_size, hidden_size))

    def _joint_weights(self) -> list[torch.Tensor]:
        def joined(name: str) -> torch.Tensor:
            return join_gates(getattr(self.audio, name), getattr(self.text, name))

        def joined_bias(name: str) -> torch.Tensor:
            biases = (getattr(lstm, name).unflatten(0, (4, -1)) for lstm in (self.audio, self.text))
            return torch.cat(list(biases), dim=1).flatten()

        recurrent = joined("weight_hh_l0") @ self.interaction_matrix  # R_g, equation (3) inside (4) and (5)
        weights = [joined("weight_ih_l0").flatten(0, 1), recurrent.flatten(0, 1)]
        return weights + [joined_bias("bias_ih_l0"), joined_bias("bias_hh_l0")]

    def forward(
        self, audio: torch.Tensor, text: torch.Tensor, lengths: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """a_i (M, .), t_i (M, .), (B,) -> h^a_i (M, audio_hidden_size), h^t_i (M, text_hidden_size)"""
        with torch.autocast(audio.device.type, enabled=False):
            weights = self._joint_weights()
        packed, index = pack_segments(torch.cat([audio, text], dim=1), lengths)
        start = packed.data.new_zeros(1, len(lengths), len(self.interaction_matrix))
        # has_biases, num_layers, dropout, train, bidirectional
        states, _, _ = torch.lstm(packed.data, packed.batch_sizes, (start, start), weights, True, 1, 0.0, False, False)
        states = torch.zeros_like(states).index_copy(0, index, states)
        return states.split([self.audio.hidden_size, self.text.hidden_size], dim=1)


class SeparateLSTM(nn.Module):
    """An LSTM on its own, equation (1) or (2)."""

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size)

    def forward(self, words: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """(M, input_size), (B,) -> (M, hidden_size)"""
        packed, index = pack_segments(words, lengths)
        states = self.lstm(packed)[0].data
        return torch.zeros_like(states).index_copy(0, index, states)
