"""The word vectors of a pretrained text encoder: pieces of words -> what some of its layers make of each word."""

import math

import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModel

from .configuration_wise import WordEncoderConfig
from .pretrained_part_wise import PretrainedPart


class WordEncoder(PretrainedPart):
    """Pieces of words to a vector for each word: the mean of its pieces.

    Args:
        config: which encoder, which of its layers, and what stands around a text.
    """

    def __init__(self, config: WordEncoderConfig):
        super().__init__()
        self.config = config
        self.encoder = AutoModel.from_config(config.encoder)
        if hasattr(self.encoder, "pooler"):
            self.encoder.pooler = None  # a vector of the whole text
        self.encoder.requires_grad_(False)

    def forward(self, piece_ids: torch.Tensor, piece_words: torch.Tensor, num_words: int) -> torch.Tensor:
        """Vectors of words.

        Args:
            piece_ids: (B, L) int64 the pieces' numbers.
            piece_words: (B, L) int64 the word of the utterance that each belongs to, from 1; 0 = padding.
            num_words: N, words in the longest utterance.

        Returns:
            (B, N, hidden_size); 0 where a word has no piece.

        Raises:
            ValueError: for a piece of a word that is not there.
        """
        if bool((piece_words > num_words).any()):
            raise ValueError(f"piece_words counts {int(piece_words.max())} words; the utterances have {num_words}.")
        is_piece = piece_words > 0
        states = self._piece_states(piece_ids[is_piece].split(is_piece.sum(1).tolist()))
        first_words = num_words * torch.arange(len(piece_words), device=piece_words.device)[:, None]
        words = (first_words + piece_words - 1)[is_piece]
        sums = states.new_zeros(len(piece_words) * num_words, states.shape[1]).index_add(0, words, states)
        counts = torch.bincount(words, minlength=len(sums)).clamp(min=1)
        return (sums / counts[:, None]).unflatten(0, (-1, num_words))

    def _piece_states(self, texts: tuple[torch.Tensor, ...]) -> torch.Tensor:
        """(pieces of all texts, one after the other, hidden_size); long texts in equal parts."""
        around = len(self.config.before) + len(self.config.after)
        longest = self.config.max_pieces - around
        parts = [part for text in texts for part in text.chunk(max(1, math.ceil(len(text) / longest)))]
        before, after = (texts[0].new_tensor(its) for its in (self.config.before, self.config.after))
        ids = pad_sequence([torch.cat([before, part, after]) for part in parts], True, self.config.padding_id)
        counts = torch.tensor([len(part) for part in parts], device=ids.device)[:, None]
        places = torch.arange(ids.shape[1], device=ids.device)
        mask = (places < counts + around).long()
        states = self.encoder(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states
        is_inside = (places >= len(before)) & (places < counts + len(before))
        return torch.stack([states[layer] for layer in self.config.layers]).mean(0)[is_inside]
