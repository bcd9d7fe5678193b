"""Small models, and random utterances as nested lists and as the padded batches that the model takes."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import pytest
import torch

from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.modeling_wise import WISEForAudioClassification


TINY_SIZES = {
    "vocab_size": 11,
    "word_embedding_size": 5,
    "feature_size": 3,
    "phoneme_hidden_size": 4,
    "word_hidden_size": 5,
    "audio_hidden_size": 3,
    "text_hidden_size": 4,
    "attention_size": 6,
    "linear_sizes": [7, 5],
    "freeze_word_embeddings": False,
    "interaction_std": 0.5,
    "dropout": 0.0,
}
SOME_VARIANTS = (
    {},
    {"modality": "text"},
    {"modality": "audio", "hierarchy": "word", "recurrent_unit": "bilstm"},
    {"interaction": False, "recurrent_unit": "lstm"},
    {"attention": False, "recurrent_unit": "bigru"},
    {"hierarchy": "none"},
)
OUTPUTS = ("audio_states", "text_states", "attention_weights", "word_audio_vectors")


@dataclass
class Utterance:
    """Word ids, for each word its phonemes' frames (frames, feature_size), and the emotion's number."""

    word_ids: list[int]
    words: list[list[torch.Tensor]]
    label: int


def tiny_config(**changes) -> WISEConfig:
    """A configuration whose every size is its own, so that no two can be confused, and small."""
    return WISEConfig(**TINY_SIZES | changes)


def every_variant() -> list[dict]:
    """Every configuration that builds a model of its own; what one modality alone does not use is left out."""
    variants = [{"modality": "text", "attention": attention} for attention in (True, False)]
    hierarchies = [*product(("phoneme", "word"), ("gru", "lstm", "bigru", "bilstm")), ("none", "gru")]
    for (hierarchy, unit), attention in product(hierarchies, (True, False)):
        audio = {"hierarchy": hierarchy, "recurrent_unit": unit, "attention": attention}
        variants.append(audio | {"modality": "audio"})
        variants += [audio | {"interaction": interaction} for interaction in (True, False)]
    return variants


def variant_name(variant: dict) -> str:
    """A variant in the words of a test's name."""
    return "-".join(
        f"{'' if value else 'no_'}{name}" if isinstance(value, bool) else value for name, value in variant.items()
    )


def random_utterance(config: WISEConfig, seed: int, num_words: int) -> Utterance:
    """An utterance of `num_words` words of 1-3 phonemes of 1-4 frames, float64."""
    generator = torch.Generator().manual_seed(seed)

    def below(limit: int) -> int:
        return int(torch.randint(limit, (), generator=generator))

    def phoneme() -> torch.Tensor:
        return torch.randn(1 + below(4), config.feature_size, generator=generator, dtype=torch.float64)

    words = [[phoneme() for _ in range(1 + below(3))] for _ in range(num_words)]
    word_ids = [1 + below(config.vocab_size - 1) for _ in words]
    return Utterance(word_ids, words, below(config.num_labels))


def random_utterances(config: WISEConfig, num_words: tuple[int, ...] = (3, 1, 5, 2), seed: int = 0) -> list[Utterance]:
    """Utterances of the given numbers of words."""
    return [random_utterance(config, 100 * seed + index, number) for index, number in enumerate(num_words)]


def pad_rows(rows: list[torch.Tensor], extra: int = 0, left: bool = False) -> torch.Tensor:
    """Rows of different lengths as one tensor, 0 where a row ends; `extra` places more than needed."""
    length = max(len(row) for row in rows) + extra
    padded = rows[0].new_zeros(len(rows), length, *rows[0].shape[1:])
    for target, row in zip(padded, rows, strict=True):
        start = length - len(row) if left else 0
        target[start : start + len(row)] = row
    return padded


def collate(
    utterances: list[Utterance],
    extra_words: int = 0,
    extra_phonemes: int = 0,
    extra_frames: int = 0,
    left: bool = False,
    dtype: torch.dtype = torch.float64,
) -> dict[str, torch.Tensor]:
    """The batch that the model takes, with more padding than it needs where asked; `left` pads words on the left."""
    phonemes = [[phoneme for word in utterance.words for phoneme in word] for utterance in utterances]
    return {
        "input_features": pad_rows([torch.cat(frames).to(dtype) for frames in phonemes], extra_frames),
        "phoneme_lengths": pad_rows([torch.tensor([len(p) for p in row]) for row in phonemes], extra_phonemes),
        "word_lengths": pad_rows([torch.tensor([len(w) for w in u.words]) for u in utterances], extra_words, left),
        "input_ids": pad_rows([torch.tensor(u.word_ids) for u in utterances], extra_words, left),
        "attention_mask": pad_rows(
            [torch.ones(len(u.words), dtype=torch.long) for u in utterances], extra_words, left
        ),
        "labels": torch.tensor([utterance.label for utterance in utterances]),
    }


def inputs_of(config: WISEConfig, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The part of a batch that a model of the configuration's modality takes."""
    unused = {"text": ("input_features", "phoneme_lengths", "word_lengths"), "audio": ("input_ids",), "both": ()}
    return {name: value for name, value in batch.items() if name not in unused[config.modality]}


def variants(values: Sequence[dict] = SOME_VARIANTS) -> pytest.MarkDecorator:
    """Runs a test once for each configuration, given as `variant`."""
    return pytest.mark.parametrize("variant", values, ids=lambda variant: variant_name(variant) or "paper")


def make_model(
    variant: dict | None = None, dtype: torch.dtype = torch.float64, **changes: object
) -> WISEForAudioClassification:
    """A small model, the same for the same arguments, in evaluation."""
    torch.manual_seed(0)
    return WISEForAudioClassification(tiny_config(**(variant or {}) | changes)).to(dtype).eval()


def make_batch(
    model: WISEForAudioClassification, utterances: list[Utterance] | None = None, **padding: object
) -> dict[str, torch.Tensor]:
    """What a model takes of the utterances, random ones by default; `padding` as in `collate`."""
    batch = collate(utterances or random_utterances(model.config), **{"dtype": model.dtype} | padding)
    return inputs_of(model.config, batch)


def gradients(model: torch.nn.Module) -> dict[str, torch.Tensor | None]:
    """The gradient of each parameter, by its name."""
    return {name: parameter.grad for name, parameter in model.named_parameters()}


def assert_equal(actual: object, expected: object, tolerance: float = 1e-12) -> None:
    """Tensors, or collections of them, are equal up to `tolerance`, absolute."""
    torch.testing.assert_close(actual, expected, rtol=0, atol=tolerance)
