"""The states of both modalities word by word (section 3.1): exchanged between two LSTMs, or each on its own.

Letters in the shapes: B utterances, M words of a whole batch, one after the other.
"""

import torch
from torch import nn
from torch.nn.functional import pad

from .configuration_wise import WISEConfig
from .ragged_wise import pack_segments
from .recurrence_wise import LSTMRecurrence, has_weights_here, on_cpu


def join_gates(audio: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
    """Rows of the two LSTMs, (4 H_a, ...) and (4 H_t, ...), one after the other in each gate: (4 (H_a + H_t), ...)."""
    return torch.cat([audio.unflatten(0, (4, -1)), text.unflatten(0, (4, -1))], dim=1).flatten(0, 1)


class LSTMWeights(nn.Module):
    """The weights of an `nn.LSTM`, under its names, for a computation that is not its own.

    Call it to get them: offloading brings a module's weights when the module is called. And it is no `nn.LSTM`,
    which dynamic quantisation would exchange for one whose weights cannot be read.
    """

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.weight_hh_l0 = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))
        self.bias_ih_l0 = nn.Parameter(torch.empty(4 * hidden_size))
        self.bias_hh_l0 = nn.Parameter(torch.empty(4 * hidden_size))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start as `nn.LSTM` does."""
        bound = self.hidden_size**-0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """-> (4 H, input_size), (4 H, H), (4 H,), (4 H,): the gates stand in the order i, f, g, o"""
        return self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0


RECURRENT = (nn.GRU, nn.LSTM, LSTMWeights)  # what has recurrent weights


class InteractingLSTMs(nn.Module):
    """Two LSTMs that exchange their states at every word (IM), equations (3)-(5).

    The CPU runs them side by side. Elsewhere they run as one, which cuDNN knows: with the states stacked,
    h = [h_a; h_t], equation (3) is h~ = W h, so the recurrent weight of gate g is blockdiag(W_hh_a,g, W_hh_t,g) W, and
    the rest of an LSTM works element by element: one LSTM on [a_i; t_i].
    """

    def __init__(self, audio_size: int, text_size: int, config: WISEConfig):
        super().__init__()
        self.audio = LSTMWeights(audio_size, config.audio_hidden_size)
        self.text = LSTMWeights(text_size, config.text_hidden_size)
        # W = [[W_aa, W_ta], [W_at, W_tt]]
        hidden_size = config.audio_hidden_size + config.text_hidden_size
        self.interaction_matrix = nn.Parameter(torch.empty(hidden_size, hidden_size))

    def forward(
        self, audio: torch.Tensor, text: torch.Tensor, lengths: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """a_i (M, .), t_i (M, .), (B,) -> h^a_i (M, audio_hidden_size), h^t_i (M, text_hidden_size)"""
        run = self.run_side_by_side if on_cpu(audio) else self.run_as_one
        return run(audio, text, lengths).split([self.audio.hidden_size, self.text.hidden_size], dim=1)

    def run_side_by_side(self, audio: torch.Tensor, text: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """a_i (M, .), t_i (M, .), (B,) -> [h^a_i; h^t_i] (M, audio_hidden_size + text_hidden_size)"""
        return LSTMRecurrence.apply(lengths, self.interaction_matrix, audio, *self.audio(), text, *self.text())

    def run_as_one(self, audio: torch.Tensor, text: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """The same, as a single LSTM."""
        with torch.autocast(audio.device.type, enabled=False):
            weights = self.joint_weights()
        packed, index = pack_segments(torch.cat([audio, text], dim=1), lengths)
        start = packed.data.new_zeros(1, len(lengths), len(self.interaction_matrix))
        # has_biases, num_layers, dropout, train, bidirectional
        states, _, _ = torch.lstm(packed.data, packed.batch_sizes, (start, start), weights, True, 1, 0.0, False, False)
        return torch.zeros_like(states).index_copy(0, index, states)

    def joint_weights(self) -> list[torch.Tensor]:
        """Of the one LSTM on [a_i; t_i], in the order of `LSTMWeights`."""
        audio_input, audio_recurrent, *audio_biases = self.audio()
        text_input, text_recurrent, *text_biases = self.text()
        to_audio, to_text = self.interaction_matrix.split([self.audio.hidden_size, self.text.hidden_size])
        return [
            join_gates(pad(audio_input, (0, text_input.shape[1])), pad(text_input, (audio_input.shape[1], 0))),
            join_gates(audio_recurrent @ to_audio, text_recurrent @ to_text),  # R_g, (3) in (4) and (5)
            *(join_gates(*pair) for pair in zip(audio_biases, text_biases, strict=True)),
        ]


class SeparateLSTM(nn.Module):
    """An LSTM on its own, equation (1) or (2)."""

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size)

    def forward(self, words: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """(M, input_size), (B,) -> (M, hidden_size)"""
        if has_weights_here(self.lstm):
            return LSTMRecurrence.apply(lengths, None, words, *self.lstm.all_weights[0])
        packed, index = pack_segments(words, lengths)
        states = self.lstm(packed)[0].data
        return torch.zeros_like(states).index_copy(0, index, states)
