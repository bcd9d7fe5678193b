"""Random inputs of the model that are as long and as uneven as speech."""

from collections.abc import Sequence

import numpy as np
import torch

from wise_hf.data.collator import WISECollator
from wise_hf.data.embeddings import build_tokenizer
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.processing_wise import WISEProcessor


WORDS = (15.0, 2.0, 128)  # in an utterance: mean, shape of the gamma distribution (small = wide), limit
PHONEMES = (4.0, 4.0, 14)  # in a word
FRAMES = (6.0, 2.0, 64)  # in a phoneme


def speech_like_batch(config: WISEConfig, utterances: int = 32, seed: int = 0) -> dict[str, torch.Tensor]:
    """A random batch as long and as uneven as IEMOCAP's speech: about 15 words, 4 phonemes a word, 6 frames a phoneme.

    Args:
        config: sizes of the features, the vocabulary and the labels.
        utterances: B.
        seed: the same seed gives the same batch.

    Returns:
        `input_features` (B, T, feature_size), `phoneme_lengths` (B, P), `word_lengths`, `input_ids` and
        `attention_mask` (B, N), `labels` (B,).
    """
    rng = np.random.default_rng(seed)
    return padded(speech_like_utterances(rng, utterances, config.feature_size), config, rng)


def padded(
    utterances: Sequence[dict[str, np.ndarray]], config: WISEConfig, rng: np.random.Generator
) -> dict[str, torch.Tensor]:
    """A batch of utterances, with random words and labels; see `speech_like_batch`."""
    batch = dict(WISEFeatureExtractor(normalization="none").pad(utterances, return_tensors="pt"))
    is_word = batch["word_lengths"] > 0
    batch["input_ids"] = torch.from_numpy(rng.integers(1, config.vocab_size, is_word.shape)) * is_word
    batch["attention_mask"] = is_word.long()
    batch["labels"] = torch.from_numpy(rng.integers(config.num_labels, size=len(utterances)))
    return batch


def speech_like_utterances(
    rng: np.random.Generator, utterances: int, feature_size: int
) -> list[dict[str, np.ndarray]]:
    """Utterances of about 15 words, see `of_words`."""
    return [of_words(rng, words, feature_size) for words in _spread(rng, utterances, *WORDS)]


def of_words(rng: np.random.Generator, words: int, feature_size: int) -> dict[str, np.ndarray]:
    """An utterance of so many words: `input_features` (T, feature_size) float32, `phoneme_lengths`, `word_lengths`."""
    word_lengths = _spread(rng, words, *PHONEMES)
    phoneme_lengths = _spread(rng, word_lengths.sum(), *FRAMES)
    features = rng.standard_normal((phoneme_lengths.sum(), feature_size), dtype=np.float32)
    return {"input_features": features, "phoneme_lengths": phoneme_lengths, "word_lengths": word_lengths}


def _spread(rng: np.random.Generator, size: int, mean: float, shape: float, limit: int) -> np.ndarray:
    """(size,) whole numbers from 1 to a limit: one more than a negative binomial, a Poisson of a gamma."""
    means = rng.gamma(shape, (mean - 1) / shape, size)
    return np.minimum(1 + rng.poisson(means), limit)


def prepared_utterances(rng: np.random.Generator, utterances: int, emotions: Sequence[str]) -> list[dict]:
    """Utterances as `wise_hf.data.collator.load_utterances` gives them: random MFCC, words, speakers and emotions."""
    made = speech_like_utterances(rng, utterances, WISEFeatureExtractor().feature_size)
    return [
        each
        | {"words": ["word"] * len(each["word_lengths"]), "copies": ()}
        | {"speaker": f"speaker {number % 10}", "emotion": emotions[number % len(emotions)]}
        for number, each in enumerate(made)
    ]


def speech_like_collator(utterances: Sequence[dict], emotions: Sequence[str], **options: object) -> WISECollator:
    """The collator of `prepared_utterances`.

    Args:
        utterances: whose statistics the features are normalised by.
        emotions: the labels, in the order of their numbers.
        options: of `WISECollator`.
    """
    extractor = WISEFeatureExtractor(normalization="global")
    extractor.set_statistics(each["input_features"] for each in utterances)
    label2id = {emotion: number for number, emotion in enumerate(emotions)}
    return WISECollator(WISEProcessor(extractor, build_tokenizer(["word"])), label2id, **options)
