"""A fold's processor and model: vocabulary, word vectors, normalisation, weights."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import nn

from wise_hf.data.collator import WISECollator
from wise_hf.data.embeddings import PAD, UNKNOWN, WordVectors, build_tokenizer, read_word_vectors
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.interaction_wise import RECURRENT, LSTMWeights
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.training.recipe import Recipe


def load_word_vectors(
    embeddings: str | Path | None, vocabulary: int | str, rows: Sequence[dict]
) -> WordVectors | None:
    """
    The word vectors that every fold starts from.

    Args:
        embeddings: a GloVe file; `None` = the model learns its own, for the words of the training part.
        vocabulary: which words, see `read_word_vectors`.
        rows: the corpus. Its words are looked up for all parts alike: vectors are given, not learnt.
    """
    if embeddings is None:
        return None
    return read_word_vectors(embeddings, vocabulary, {word for row in rows for word in row["words"]})


def build_processor(
    train_rows: Sequence[dict],
    vectors: WordVectors | None,
    normalization: str,
    mfcc_backend: str,
    level: str = "as_recorded",
) -> WISEProcessor:
    """
    The processor of a fold; nothing but the training part is looked at.

    Args:
        train_rows: utterances of the training part.
        vectors: word vectors, or `None` to take the training part's words as the vocabulary.
        normalization, mfcc_backend, level: see `WISEFeatureExtractor`.
    """
    feature_extractor = WISEFeatureExtractor(mfcc_backend=mfcc_backend, level=level, normalization=normalization)
    feature_extractor.set_statistics(row["input_features"] for row in train_rows)
    words = vectors.words if vectors is not None else _words_of(train_rows)
    return WISEProcessor(feature_extractor, build_tokenizer(words))


def _words_of(rows: Sequence[dict]) -> list[str]:
    return [PAD, UNKNOWN, *sorted({word.lower() for row in rows for word in row["words"]})]


def build_model(
    emotions: Sequence[str], processor: WISEProcessor, vectors: WordVectors | None, **choices
) -> WISEForAudioClassification:
    """
    A model with fresh weights, and word vectors where there are some.

    Args:
        emotions: the labels, in the order of their numbers.
        processor: has the vocabulary.
        vectors: word vectors; without them the embedding is learnt.
        choices: fields of `WISEConfig`.
    """
    sizes = {"vocab_size": len(processor.tokenizer), "feature_size": processor.feature_extractor.feature_size}
    if vectors is not None:
        sizes["word_embedding_size"] = vectors.matrix.shape[1]
    config = WISEConfig(id2label=dict(enumerate(emotions)), **sizes, **choices)
    model = WISEForAudioClassification(config)
    if vectors is not None and config.modality != "audio":
        model.wise.load_word_embeddings(torch.from_numpy(vectors.matrix))
    return model


def build_wise(
    train_rows: Sequence[dict],
    emotions: Sequence[str],
    vectors: WordVectors | None,
    recipe: Recipe,
    choices: Mapping[str, object],
    mfcc_backend: str = "native",
) -> tuple[WISEForAudioClassification, WISECollator]:
    """
    A WISE model with fresh weights, and what makes its batches; nothing but the training part is looked at.

    Args:
        train_rows: utterances of the training part.
        emotions: the labels, in the order of their numbers.
        vectors: word vectors, or `None` to learn them.
        recipe: how it will be trained.
        choices: fields of `WISEConfig`.
        mfcc_backend: what made the features.
    """
    processor = build_processor(train_rows, vectors, recipe.normalization, mfcc_backend, recipe.level)
    model = build_model(emotions, processor, vectors, **choices)
    if recipe.steady_start:
        start_steadily(model)
    return model, WISECollator(processor, model.config.label2id, augment=recipe.augment)


def start_steadily(model: WISEForAudioClassification) -> None:
    """
    Start the recurrent networks as slow averages instead of at PyTorch's random weights.

    The gates lean towards keeping the state (bias 1), so that the last state of a segment tells of all its members
    from the first step on; recurrent weights are orthogonal, the others of Xavier's uniform distribution. The
    interaction matrix keeps its N(0, 0.05).
    """
    for module in model.modules():
        if isinstance(module, RECURRENT):
            _start_recurrent(module)
        elif isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)


def _start_recurrent(module: nn.GRU | nn.LSTM | LSTMWeights) -> None:
    for name, parameter in module.named_parameters():
        if name.startswith("bias"):
            nn.init.zeros_(parameter)
        for gate in parameter.data.split(module.hidden_size):
            if name.startswith("weight_hh"):
                nn.init.orthogonal_(gate)
            elif name.startswith("weight_ih"):
                nn.init.xavier_uniform_(gate)
        if name.startswith("bias_ih"):
            # PyTorch's second gate: a GRU's update gate (r, z, n), an LSTM's forget gate (i, f, g, o).
            nn.init.ones_(parameter.data[module.hidden_size : 2 * module.hidden_size])
