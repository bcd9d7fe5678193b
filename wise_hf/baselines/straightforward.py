"""WISE as the paper's text suggests to write it.

A dense tensor of words x phonemes x frames, padded to the paper's limits and packed level by level, and a loop over
the words with two LSTM cells. It has the parameters of `WISEForAudioClassification` under the same names, so one
state dict fits both: a second implementation to hold the model against, and what the benchmark compares the model
with.

Letters in the shapes: B utterances of N words of P phonemes of T frames, all with padding.
"""

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn.functional import cross_entropy, pad
from torch.nn.utils.rnn import pack_padded_sequence

from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor


MAX_WORDS = 128
PAPER = {"hierarchy": "phoneme", "recurrent_unit": "gru", "modality": "both", "interaction": True, "attention": True}


def dense_batch(batch: Mapping[str, torch.Tensor], max_words: int = MAX_WORDS) -> dict[str, torch.Tensor]:
    """The paper's padded batch from a ragged one.

    Args:
        batch: `input_features` (B, T, feature_size), `phoneme_lengths` (B, P), `word_lengths` and `input_ids` (B, N),
            and where there are any `labels` (B,).
        max_words: words that every utterance is padded to.

    Returns:
        `input_features` (B, max_words, 14, 64, feature_size), `frame_mask` (B, max_words, 14, 64), `phoneme_mask`
        (B, max_words, 14), `word_mask` (B, max_words), `input_ids` (B, max_words), and `labels` as given.

    Raises:
        ValueError: for an utterance of more words, or lengths that contradict each other.
    """
    dense = WISEFeatureExtractor(normalization="none").to_dense(batch)
    num_words = dense["word_mask"].shape[1]
    if num_words > max_words:
        raise ValueError(f"The batch has an utterance of {num_words} words; give {max_words} at most.")
    dense["input_ids"] = batch["input_ids"][:, :num_words]
    more = max_words - num_words
    padded = {name: pad(values, (0, 0) * (values.dim() - 2) + (0, more)) for name, values in dense.items()}
    return padded | {name: batch[name] for name in ("labels",) if name in batch}


class PaddedGRU(nn.Module):
    """A GRU over padded segments, equation (6)."""

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.rnn = nn.GRU(input_size, hidden_size, batch_first=True)

    def forward(self, members: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """(..., L, input_size), bool (..., L) -> the last states (..., hidden_size)"""
        segments = members.flatten(0, -3)
        lengths = mask.sum(-1).flatten().clamp(min=1).cpu()  # a pack cannot hold an empty segment
        packed = pack_padded_sequence(segments, lengths, batch_first=True, enforce_sorted=False)
        _, last = self.rnn(packed)
        return last[0].unflatten(0, mask.shape[:-1])


class InteractionLoop(nn.Module):
    """Two LSTM cells that take turns word by word, equations (3)-(5)."""

    def __init__(self, config: WISEConfig):
        super().__init__()
        self.audio = nn.LSTM(config.word_hidden_size, config.audio_hidden_size)  # their weights alone are used
        self.text = nn.LSTM(config.word_embedding_size, config.text_hidden_size)
        hidden_size = config.audio_hidden_size + config.text_hidden_size
        self.interaction_matrix = nn.Parameter(torch.randn(hidden_size, hidden_size) * config.interaction_std)

    def forward(self, audio: torch.Tensor, text: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """a_i (B, N, .), t_i (B, N, .) -> h^a_i (B, N, audio_hidden_size), h^t_i (B, N, text_hidden_size)"""
        sizes = (self.audio.hidden_size, self.text.hidden_size)
        h_a, h_t = (audio.new_zeros(len(audio), size) for size in sizes)
        c_a, c_t = torch.zeros_like(h_a), torch.zeros_like(h_t)
        audio_states, text_states = [], []
        for a_i, t_i in zip(audio.unbind(1), text.unbind(1), strict=True):
            mixed_a, mixed_t = (torch.cat([h_a, h_t], 1) @ self.interaction_matrix.T).split(sizes, 1)  # (3)
            h_a, c_a = torch.lstm_cell(a_i, (mixed_a, c_a), *self.audio.parameters())  # (4)
            h_t, c_t = torch.lstm_cell(t_i, (mixed_t, c_t), *self.text.parameters())  # (5)
            audio_states.append(h_a)
            text_states.append(h_t)
        return torch.stack(audio_states, 1), torch.stack(text_states, 1)


class StraightforwardWISE(nn.Module):
    """The paper's model on dense batches, equations (1)-(13).

    Args:
        config: sizes; the choices have to be the paper's.

    Raises:
        ValueError: for another hierarchy, recurrent unit or modality, or without interaction or attention.
    """

    def __init__(self, config: WISEConfig):
        super().__init__()
        other = {name: getattr(config, name) for name in PAPER if getattr(config, name) != PAPER[name]}
        if other:
            raise ValueError(
                f"The straightforward WISE is the paper's model alone and has no {other}; it has {PAPER}."
            )
        first_size, second_size = config.linear_sizes
        self.wise = StraightforwardBody(config)
        self.dropout = nn.Dropout(config.dropout)
        self.linear_1 = nn.Linear(config.attention_size, first_size, bias=False)
        self.linear_2 = nn.Linear(first_size, second_size, bias=False)
        self.linear_3 = nn.Linear(second_size, config.num_labels, bias=False)

    def forward(
        self, labels: torch.Tensor | None = None, **dense: torch.Tensor
    ) -> tuple[torch.Tensor | None, torch.Tensor]:
        """The emotion of each utterance.

        Args:
            labels: (B,) the emotion's number, as in `config.id2label`.
            dense: the rest of what `dense_batch` gives.

        Returns:
            The loss, `None` without labels, and the logits (B, labels).
        """
        p1 = self.linear_1(self.dropout(self.wise(**dense))).relu()  # (10)
        p2 = self.linear_2(self.dropout(p1)).relu()  # (11)
        logits = self.linear_3(p2)  # (12)
        return None if labels is None else cross_entropy(logits, labels), logits


class StraightforwardBody(nn.Module):
    """Dense frames and word ids to p_c, equations (1)-(9)."""

    def __init__(self, config: WISEConfig):
        super().__init__()
        frames = PaddedGRU(config.feature_size, config.phoneme_hidden_size)
        phonemes = PaddedGRU(config.phoneme_hidden_size, config.word_hidden_size)
        self.hierarchy = nn.ModuleDict({"frames": frames, "phonemes": phonemes})
        self.word_embeddings = nn.Embedding(config.vocab_size, config.word_embedding_size, padding_idx=0)
        self.word_embeddings.requires_grad_(not config.freeze_word_embeddings)
        self.input_dropout = nn.Dropout(config.input_dropout)
        self.interacting_lstms = InteractionLoop(config)
        audio = nn.Linear(config.audio_hidden_size, config.attention_size, bias=False)
        text = nn.Linear(config.text_hidden_size, config.attention_size, bias=False)
        self.joint = nn.ModuleDict({"audio": audio, "text": text})
        context = torch.randn(config.attention_size) * config.attention_size**-0.5
        self.word_attention = nn.ParameterDict({"context": context})

    def forward(
        self,
        input_features: torch.Tensor,
        frame_mask: torch.Tensor,
        phoneme_mask: torch.Tensor,
        word_mask: torch.Tensor,
        input_ids: torch.Tensor,
    ) -> torch.Tensor:
        """(B, N, P, T, feature_size), bool (B, N, P, T), (B, N, P), (B, N), ids (B, N) -> p_c (B, attention_size)"""
        phonemes = self.hierarchy["frames"](input_features, frame_mask)  # (B, N, P, phoneme_hidden_size)
        audio = self.input_dropout(self.hierarchy["phonemes"](phonemes, phoneme_mask))  # a_i
        text = self.input_dropout(self.word_embeddings(input_ids))  # t_i
        audio_states, text_states = self.interacting_lstms(audio, text)
        joint = self.joint["audio"](audio_states) + self.joint["text"](text_states)
        energies = torch.tanh(joint) @ self.word_attention["context"]  # (7)
        weights = energies.masked_fill(~word_mask, -torch.inf).softmax(1)  # (8)
        return (weights[:, :, None] * joint).sum(1)  # (9)
