"""WISE as a system: its processor, its model with fresh weights, and how both are made of a fold."""

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import torch
from torch import nn

from wise_hf.data.collator import WISECollator
from wise_hf.data.embeddings import PAD, UNKNOWN, WordVectors, build_tokenizer, read_word_vectors
from wise_hf.data.files import save_files
from wise_hf.data.schema import PreparedUtterance
from wise_hf.data.waveform_collator import WaveformCollator
from wise_hf.data.wise_frames import Frames
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.frame_encoder_wise import FrameEncoder
from wise_hf.model.interaction_wise import RECURRENT, LSTMWeights
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.model.pretrained_encoder import FrameEncoderSource
from wise_hf.model.pretrained_word_encoder import WordEncoderSource
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.training.recipe import MODEL_FIELDS, Recipe
from wise_hf.training.system import System


def load_word_vectors(
    embeddings: str | Path | None, vocabulary: int | str, utterances: Sequence[PreparedUtterance]
) -> WordVectors | None:
    """The word vectors that every fold starts from.

    Args:
        embeddings: a GloVe file; `None` = the model learns its own, for the words of the training part.
        vocabulary: which words, see `read_word_vectors`.
        utterances: the corpus. Its words are looked up for all parts alike: vectors are given, not learnt.
    """
    if embeddings is None:
        return None
    return read_word_vectors(embeddings, vocabulary, {word for each in utterances for word in each["words"]})


def build_processor(
    train: Sequence[PreparedUtterance],
    vectors: WordVectors | None,
    feature_extractor: WISEFeatureExtractor,
    word_encoder: WordEncoderSource | None = None,
) -> WISEProcessor:
    """The processor of a fold; nothing but the training part is looked at.

    Args:
        train: utterances of the training part.
        vectors: word vectors, or `None` to take the training part's words as the vocabulary.
        feature_extractor: made the features; the processor's own gets their mean and deviation.
        word_encoder: whose tokenizer cuts the words, where the model reads its vectors.
    """
    feature_extractor = copy.deepcopy(feature_extractor)
    feature_extractor.set_statistics(utterance["input_features"] for utterance in train)
    if word_encoder is not None:
        return WISEProcessor(feature_extractor, word_encoder.tokenizer())
    spoken = {word.lower() for each in train for word in each["words"]}
    words = vectors.words if vectors is not None else [PAD, UNKNOWN, *sorted(spoken)]
    return WISEProcessor(feature_extractor, build_tokenizer(words))


def build_model(
    emotions: Sequence[str], processor: WISEProcessor, vectors: WordVectors | None, **choices
) -> WISEForAudioClassification:
    """A model with fresh weights, and word vectors where there are some.

    Args:
        emotions: the labels, in the order of their numbers.
        processor: has the vocabulary.
        vectors: word vectors; without them the embedding is learnt.
        choices: fields of `WISEConfig`.
    """
    sizes = {"vocab_size": len(processor.tokenizer), "feature_size": processor.feature_extractor.feature_size}
    if vectors is not None:
        sizes["word_embedding_size"] = vectors.matrix.shape[1]
    config = WISEConfig(id2label=dict(enumerate(emotions)), **sizes | choices)
    model = WISEForAudioClassification(config)
    if vectors is not None and config.modality != "audio":
        model.wise.load_word_embeddings(torch.from_numpy(vectors.matrix))
    return model


def wise_system(
    recipe: Recipe, key: str = "wise", name: str = "WISE", frames: Frames | None = None, **choices: object
) -> System:
    """WISE or a variant of it.

    Args:
        recipe: how it is trained.
        key, name: see `System`.
        frames: what it reads; `None` = MFCC.
        choices: fields of `WISEConfig` in which it differs; word vectors that are given are frozen unless told.
    """
    frames = frames or Frames(level=recipe.level)
    extract, columns = frames.features()
    build = partial(build_wise, recipe=recipe, frames=frames, choices=choices)
    modality, is_frozen = choices.get("modality"), not recipe.train_encoder_layers
    frame_encoder = frames.encoder if modality != "text" and is_frozen else None
    word_encoder = frames.word_encoder if modality != "audio" else None
    has_more = frame_encoder is not None or word_encoder is not None
    complete = partial(add_encoders, frame_encoder=frame_encoder, word_encoder=word_encoder) if has_more else None
    its_frames = frames.name if modality != "text" else None
    return System(key, name, extract, columns, build, recipe, frames=its_frames, complete=complete)


def add_encoders(
    model_dir: Path, frame_encoder: FrameEncoderSource | None, word_encoder: WordEncoderSource | None
) -> None:
    """Complete a model that learnt from what frozen encoders made with these encoders, so that it needs nothing else.

    Args:
        model_dir: the saved model.
        frame_encoder: the encoder that made the frames, where one did.
        word_encoder: the encoder that made the words' vectors, where one did.
    """
    model = WISEForAudioClassification.from_pretrained(model_dir)
    if frame_encoder is not None:
        model.wise.add_frame_encoder(frame_encoder.read())
    if word_encoder is not None:
        model.wise.add_word_encoder(word_encoder.read())
    save_files(model_dir, model.save_pretrained)


def build_wise(
    train: Sequence[PreparedUtterance],
    emotions: Sequence[str],
    vectors: WordVectors | None,
    recipe: Recipe,
    frames: Frames,
    choices: Mapping[str, object],
) -> tuple[WISEForAudioClassification, WISECollator]:
    """A WISE model with fresh weights and its collator; nothing but the training part is looked at.

    Args:
        train, emotions, vectors: see `System.build`.
        recipe, choices: see `wise_system`.
        frames: what it reads.
    """
    feature_extractor = frames.feature_extractor(recipe.normalization)
    processor = build_processor(train, vectors, feature_extractor, frames.word_encoder)
    usual = {name: getattr(recipe, name) for name in MODEL_FIELDS} | frames.model_choices
    model = build_model(
        emotions, processor, vectors, **usual | {"freeze_word_embeddings": vectors is not None} | choices
    )
    if recipe.steady_start:
        start_steadily(model)
    if recipe.train_encoder_layers:
        _train_encoder(model, frames.encoder.read(), recipe)
    make_collator = WaveformCollator if recipe.train_encoder_layers else WISECollator
    return model, make_collator(processor, model.config.label2id, augment=recipe.augment)


def _train_encoder(model: WISEForAudioClassification, encoder: FrameEncoder, recipe: Recipe) -> None:
    """Let a model make its frames itself, by an encoder whose last layers are trained with it."""
    model.wise.add_frame_encoder(copy.deepcopy(encoder).cpu())
    model.wise.frame_encoder.train_last_layers(recipe.train_encoder_layers)
    if recipe.gradient_checkpointing:
        model.gradient_checkpointing_enable({"use_reentrant": False})


def start_steadily(model: WISEForAudioClassification) -> None:
    """Start the recurrent networks as slow averages instead of at PyTorch's random weights.

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
