"""A pretrained text encoder, read from a folder or the Hub, cut down to the layers that are used."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from transformers import AutoTokenizer, PreTrainedConfig, PreTrainedTokenizerBase

from .configuration_wise import WordEncoderConfig
from .pieces_wise import cuts_words, pieces_of
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
from .word_encoder_wise import WordEncoder


MOST_PIECES = 512  # at a time: attention takes the square of it
POSITIONS_UNUSED = 2  # RoBERTa counts its positions from there


@dataclass(frozen=True)
class WordEncoderSource(EncoderSource):
    """Where a frozen BERT, RoBERTa or another text encoder is read from; see `EncoderSource`."""

    def load(self) -> WordEncoder:
        """The encoder, read anew; see `EncoderSource.load`."""
        if not self.layers:
            return read_saved_part(self.name_or_folder, "word_encoder", WordEncoder)
        return read_word_encoder(self.name_or_folder, self.layers)[0]

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """What cuts words into the encoder's pieces, the same one at every call in a process; see `load`."""
        return _tokenizer(self)

    def encode(self, words: Sequence[str]) -> np.ndarray:
        """Vectors of the words of an utterance.

        Args:
            words: as they are written.

        Returns:
            (N, hidden_size) float32.
        """
        encoder = self.read()
        pieces = (torch.from_numpy(its)[None].to(encoder.device) for its in pieces_of(self.tokenizer(), words))
        with torch.inference_mode():
            return encoder(*pieces, len(words))[0].float().cpu().numpy()

    @property
    def known_by(self) -> str:
        """What changes when the vectors do, for caches: the encoder, or how words are cut."""
        return hashlib.sha256((super().known_by + self.tokenizer().backend_tokenizer.to_str()).encode()).hexdigest()


@lru_cache(maxsize=1)
def _tokenizer(source: WordEncoderSource) -> PreTrainedTokenizerBase:
    return _read_tokenizer(source.name_or_folder)


def read_word_encoder(name_or_folder: str, layers: Sequence[int]) -> tuple[WordEncoder, PreTrainedTokenizerBase]:
    """A frozen text encoder with its pretrained weights, and its tokenizer.

    Args:
        name_or_folder, layers: see `WordEncoderSource`.

    Raises:
        ValueError: where there is no such encoder, or it does not have these layers.
    """
    config, tokenizer = _read_config(name_or_folder), _read_tokenizer(name_or_folder)
    WordEncoderConfig(encoder=config, layers=layers)  # it may not have them
    before, after = _pieces_around(tokenizer)
    encoder = WordEncoder(
        WordEncoderConfig(
            encoder=first_layers(config, max(layers)),
            name=name_of(name_or_folder),
            license=license_of(name_or_folder),
            layers=layers,
            before=before,
            after=after,
            max_pieces=_max_pieces(config, tokenizer),
        )
    )
    encoder.encoder.load_state_dict(read_weights(name_or_folder, encoder.encoder.state_dict()))
    return encoder.eval(), tokenizer


def last_layers(name_or_folder: str) -> tuple[int, ...]:
    """The last four layers of an encoder, the best of those that Devlin et al. (2019, table 7) took frozen.

    Raises:
        ValueError: where there is no such encoder.
    """
    count = _read_config(name_or_folder).num_hidden_layers
    return tuple(range(max(1, count - 3), count + 1))


def _read_config(name_or_folder: str) -> PreTrainedConfig:
    config = read_config(name_or_folder, "text encoder", "FacebookAI/roberta-base")
    if config.is_encoder_decoder or not hasattr(config, "vocab_size"):
        raise ValueError(
            f"'{name_or_folder}' is of the type '{config.model_type}', which is no text encoder; give a BERT, a "
            "RoBERTa or the like."
        )
    return config


def _read_tokenizer(name_or_folder: str) -> PreTrainedTokenizerBase:
    # Words count from the left, also in the batches of a pipeline.
    with readable(name_or_folder):
        tokenizer = AutoTokenizer.from_pretrained(name_or_folder, padding_side="right")
    if len(tokenizer) <= len(tokenizer.all_special_ids):  # as transformers makes one where there are no files
        raise ValueError(f"'{name_or_folder}' has no tokenizer; give a folder with the encoder's tokenizer files.")
    if not tokenizer.is_fast or not cuts_words(tokenizer):
        raise ValueError(f"The tokenizer of '{name_or_folder}' does not say where its pieces are; give a fast one.")
    return tokenizer


def _pieces_around(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[int]]:
    """What the tokenizer puts before and after a text."""
    made = tokenizer("a")
    places = [place for place, word in enumerate(made.word_ids()) if word is not None]
    return made["input_ids"][: places[0]], made["input_ids"][places[-1] + 1 :]


def _max_pieces(config: PreTrainedConfig, tokenizer: PreTrainedTokenizerBase) -> int:
    positions = getattr(config, "max_position_embeddings", -1)
    places = positions - POSITIONS_UNUSED if positions > 0 else MOST_PIECES  # some count none
    return min(MOST_PIECES, tokenizer.model_max_length, places)
