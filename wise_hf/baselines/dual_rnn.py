"""Dual recurrent encoders (MDRE and, with attention, MDREA): Yoon, Byun and Jung, SLT 2018.

One GRU reads the frames, another the words; their last states, the audio's with 35 prosodic values beside it, go
through a linear layer each and, side by side, through a third. With attention the audio asks the words instead.

Written from a description of the paper and its public code. Where the two differ from what a reader expects:

- The code's dropout numbers are shares to keep: 0.7 of the audio's inputs, 0.3 of the words' inputs and outputs. What
  is dropped from outputs never reaches the last states, so that it matters to the attention alone.
- The loss is a sigmoid cross-entropy on each label, no softmax; each linear layer has one scalar bias and no
  nonlinearity after it.
- The published 71.8 % is a weighted average precision on random splits that mix speakers, not an accuracy.

Assumed:

- TensorFlow's GRU resets the state before its matrix product, PyTorch's after it and with a second bias. As in
  TensorFlow the biases of the gates start at 1, all others at 0; the kernels are orthogonal over inputs and state.
- The loss is the mean over utterances and labels; the scalar biases start at 0.
- MFCC and prosody enter as they are, without normalisation, as in the public preprocessing.
- Words are those of the alignment instead of NLTK's tokens (punctuation among them); the vocabulary is that of the
  word vectors and the training part, where the authors took the words of the whole corpus.
- The unknown word starts like any word without a vector: uniform in +-0.25.

`RECIPE` holds the published values that `Recipe` can express. It lacks batches drawn with replacement, checks on the
validation part every 0.3 epochs, and the loss there, in place of the UA, to choose the kept model by. 10,000 steps on
4,445 utterances of IEMOCAP are 286 epochs; the published patience of seven checks is seven epochs here.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from datasets import Array2D, List, Value
from huggingface_hub.dataclasses import strict
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, linear, one_hot
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from wise_hf.baselines import prosody
from wise_hf.baselines.framing import frames_of
from wise_hf.baselines.tokens import TokenCollator, embedding_rows, spoken_words
from wise_hf.data.embeddings import WordVectors
from wise_hf.data.schema import PreparedUtterance, Utterance
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.mfcc_wise import frame_sizes, mfcc_native, to_int16_scale, validate_samples, with_deltas
from wise_hf.training.recipe import PLAIN
from wise_hf.training.system import System


SAMPLING_RATE = 16_000
FRAME_MS, HOP_MS = 25.0, 10.0
NUM_CEPSTRA = 12  # and the log energy
FEATURE_SIZE = 3 * (NUM_CEPSTRA + 1)
MAX_FRAMES, MAX_WORDS = 750, 128
PAD_ID = 0
WEIGHT_BOUND = 0.25  # of every uniform start


@strict
class DualRNNConfig(PreTrainedConfig):
    """The sizes of dual recurrent encoders; the defaults are the published ones.

    Args:
        attention: MDREA instead of MDRE.
        vocab_size: rows of the word embedding, the padding (0) and the unknown word (1) among them.
        word_embedding_size: size of a word embedding.
        feature_size: values in a frame.
        prosody_size: prosodic values of an utterance.
        audio_hidden_size, text_hidden_size: units of the two GRUs.
        audio_projection_size, text_projection_size: outputs of the two linear layers, without attention.
        audio_dropout, text_dropout: shares that are dropped (the authors' keep probabilities are 0.7 and 0.3).
    """

    model_type = "dual_rnn"

    attention: bool = False
    vocab_size: int = 3747
    word_embedding_size: int = 300
    feature_size: int = FEATURE_SIZE
    prosody_size: int = prosody.PROSODY_SIZE
    audio_hidden_size: int = 200
    text_hidden_size: int = 200
    audio_projection_size: int = 117
    text_projection_size: int = 100
    audio_dropout: float = 0.3
    text_dropout: float = 0.7


class ScalarBiasLinear(nn.Module):
    """A linear layer whose outputs share one bias."""

    def __init__(self, in_features: int, out_features: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out_features, in_features))
        self.bias = nn.Parameter(torch.empty(()))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """(..., in_features) -> (..., out_features)"""
        return linear(inputs, self.weight) + self.bias


class DualRNNForAudioClassification(PreTrainedModel):
    """MDRE or MDREA.

    Parameters at the published sizes with V rows of word embeddings and 4 labels: 144,600 of the audio GRU, 301,200 of
    the text GRU, 300 V of the embeddings; MDRE adds 27,496 + 20,001 + 869 (494,166 + 300 V in all; 1,618,266 with the
    authors' 3,747 words), MDREA 47,001 + 1,601 (494,402 + 300 V; 1,618,502).
    """

    config: DualRNNConfig

    def __init__(self, config: DualRNNConfig):
        super().__init__(config)
        audio_size, text_size = config.audio_projection_size, config.text_projection_size
        if config.attention:
            audio_size = text_size = config.text_hidden_size
        else:
            self.text_projection = ScalarBiasLinear(config.text_hidden_size, text_size)
        self.word_embeddings = nn.Embedding(config.vocab_size, config.word_embedding_size, padding_idx=PAD_ID)
        self.audio_gru = nn.GRU(config.feature_size, config.audio_hidden_size, batch_first=True)
        self.text_gru = nn.GRU(config.word_embedding_size, config.text_hidden_size, batch_first=True)
        self.audio_projection = ScalarBiasLinear(config.audio_hidden_size + config.prosody_size, audio_size)
        self.classifier = ScalarBiasLinear(audio_size + text_size, config.num_labels)
        self.audio_dropout = nn.Dropout(config.audio_dropout)
        self.text_dropout = nn.Dropout(config.text_dropout)
        self.post_init()

    @torch.no_grad()
    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.GRU):
            _start_as_in_tensorflow(module)
        elif isinstance(module, ScalarBiasLinear):
            nn.init.uniform_(module.weight, -WEIGHT_BOUND, WEIGHT_BOUND)
            nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            nn.init.uniform_(module.weight, -WEIGHT_BOUND, WEIGHT_BOUND)
            nn.init.zeros_(module.weight[PAD_ID])

    def forward(
        self,
        features: torch.Tensor,
        lengths: torch.Tensor,
        prosody: torch.Tensor,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor,
        labels: torch.Tensor | None = None,
    ) -> SequenceClassifierOutput:
        """The emotion of each utterance.

        Args:
            features: (B, T, feature_size) frames.
            lengths: (B,) frames of each utterance, at least 1.
            prosody: (B, prosody_size).
            input_ids: (B, N) word ids.
            attention_mask: (B, N) 1 = a word; each utterance has one at least, and its words come first.
            labels: (B,) the emotion's number; gives the loss.

        Returns:
            `logits` (B, labels) and, with labels, `loss` ().
        """
        _, audio = _run(self.audio_gru, self.audio_dropout(features), lengths)
        audio = self.audio_projection(torch.cat([audio, prosody], 1))
        words = self.text_dropout(self.word_embeddings(input_ids))
        text_states, text = _run(self.text_gru, words, attention_mask.sum(1))
        if self.config.attention:
            text = _attend(audio, self.text_dropout(text_states), attention_mask > 0)
        else:
            text = self.text_projection(text)
        logits = self.classifier(torch.cat([text, audio], 1))
        loss = None
        if labels is not None:
            loss = binary_cross_entropy_with_logits(logits, one_hot(labels, self.config.num_labels).to(logits.dtype))
        return SequenceClassifierOutput(loss=loss, logits=logits)


def _run(gru: nn.GRU, inputs: torch.Tensor, lengths: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(B, T, size), (B,) -> outputs (B, T, hidden) and each utterance's last state (B, hidden)"""
    # Not packed: on a CPU the backward pass of a packed GRU adds a gradient of full size for every time step.
    outputs, _ = gru(inputs)
    return outputs, outputs[torch.arange(len(lengths), device=outputs.device), lengths - 1]


def _attend(query: torch.Tensor, states: torch.Tensor, is_word: torch.Tensor) -> torch.Tensor:
    """(B, hidden), (B, N, hidden), bool (B, N) -> (B, hidden): the states weighed by their products with the query."""
    scores = (states @ query[:, :, None])[:, :, 0]
    weights = scores.masked_fill(~is_word, -torch.inf).softmax(1)
    return (weights[:, :, None] * states).sum(1)


def _start_as_in_tensorflow(gru: nn.GRU) -> None:
    """Orthogonal kernels over inputs and state, one for both gates and one for the candidate; gate biases of 1."""
    nn.init.zeros_(gru.bias_hh_l0)
    nn.init.zeros_(gru.bias_ih_l0)
    gates = 2 * gru.hidden_size  # PyTorch's order is reset, update, candidate
    gru.bias_ih_l0[:gates] = 1
    for rows in (slice(gates), slice(gates, None)):
        kernel = torch.cat([gru.weight_ih_l0[rows], gru.weight_hh_l0[rows]], 1)
        nn.init.orthogonal_(kernel)
        gru.weight_ih_l0[rows], gru.weight_hh_l0[rows] = kernel.split([gru.input_size, gru.hidden_size], 1)


def extract_mfcc_and_prosody(utterance: Utterance) -> dict:
    """The features of an utterance.

    Args:
        utterance: one of a corpus (`wise_hf.data.schema.UTTERANCE_FEATURES`); its words are not looked at.

    Returns:
        `features` (T, 39) float32, the first 7.5 s at most, and `prosody` (35,) float32 of the whole utterance.

    Raises:
        ValueError: naming the recording, where its audio cannot be used.
    """
    samples = read_audio(utterance["audio"], SAMPLING_RATE, utterance["start_s"], utterance["end_s"])
    try:
        return {"features": mfcc_with_energy(samples)[:MAX_FRAMES], "prosody": prosody.prosody(samples, SAMPLING_RATE)}
    except ValueError as error:
        raise ValueError(f"{utterance['audio']}: {error}") from error


def mfcc_with_energy(samples: np.ndarray) -> np.ndarray:
    """MFCC 1-12 and the log energy, with their deltas and accelerations: HTK's MFCC_E_D_A, as openSMILE gives it.

    Args:
        samples: (n,) mono audio at 16 kHz, floating point in [-1, 1].

    Returns:
        (T, 39) float32, a frame of 25 ms every 10 ms. The energy is that of the raw frame at 16-bit scale, at least 1
        before the logarithm; it equals openSMILE's.

    Raises:
        ValueError: the audio is not one channel of finite floating point samples.
    """
    cepstra = mfcc_native(samples, SAMPLING_RATE, frame_ms=FRAME_MS, hop_ms=HOP_MS)[:, 1 : NUM_CEPSTRA + 1]
    frame, hop = frame_sizes(SAMPLING_RATE, FRAME_MS, HOP_MS)
    frames = frames_of(to_int16_scale(validate_samples(samples)), frame, hop)
    log_energy = np.log(np.maximum(np.square(frames).sum(1, keepdims=True), 1))
    return with_deltas(np.concatenate([cepstra, log_energy], axis=1, dtype=np.float32))


class DualRNNCollator(TokenCollator):
    """Batches of utterances, as the model takes them."""

    def __call__(self, utterances: Sequence[PreparedUtterance]) -> dict[str, torch.Tensor]:
        """The batch of some utterances.

        Args:
            utterances: those of `load_utterances` with `emotion`, `words` (spellings), `features` and `prosody`.

        Returns:
            The arguments of `DualRNNForAudioClassification.forward`, padded with 0.
        """
        features = [torch.tensor(each["features"], dtype=torch.float32) for each in utterances]
        ids = [self.token_ids([word.lower() for word in each["words"][:MAX_WORDS]]) for each in utterances]
        return {
            "features": pad_sequence(features, batch_first=True),
            "lengths": torch.tensor([len(frames) for frames in features]),
            "prosody": torch.as_tensor(np.stack([each["prosody"] for each in utterances]), dtype=torch.float32),
            "input_ids": pad_sequence(ids, batch_first=True, padding_value=PAD_ID),
            "attention_mask": pad_sequence([torch.ones_like(words) for words in ids], batch_first=True),
            "labels": self.labels(utterances),
        }


def build_dual_rnn(
    train: Sequence[PreparedUtterance], emotions: Sequence[str], vectors: WordVectors | None, attention: bool = False
) -> tuple[DualRNNForAudioClassification, DualRNNCollator]:
    """A fresh model and its collator.

    Args:
        train: utterances of the training part; their words without a vector get a random one.
        emotions: the labels, in the order of their numbers.
        vectors: word vectors that the embedding starts from, or `None`.
        attention: MDREA instead of MDRE.
    """
    rows = embedding_rows(spoken_words(train), vectors)
    sizes = {} if vectors is None else {"word_embedding_size": vectors.matrix.shape[1]}
    config = DualRNNConfig(attention=attention, vocab_size=len(rows), id2label=dict(enumerate(emotions)), **sizes)
    model = DualRNNForAudioClassification(config)
    if vectors is not None:
        model.word_embeddings.weight.data[2 : len(vectors.words)] = torch.from_numpy(vectors.matrix[2:])
    return model, DualRNNCollator(rows, emotions)


# The model has its dropout in its configuration.
RECIPE = replace(
    PLAIN, epochs=286, batch_size=128, learning_rate=1e-3, loss="sigmoid", max_grad_value=10.0, patience=7
)
SYSTEM = System(
    key="dual_rnn",
    name="Dual RNNs [2]",
    extract=extract_mfcc_and_prosody,
    columns={"features": Array2D((None, FEATURE_SIZE), "float32"), "prosody": List(Value("float32"))},
    build=build_dual_rnn,
    recipe=RECIPE,
)
SYSTEM_WITH_ATTENTION = replace(
    SYSTEM,
    key="dual_rnn_attention",
    name="Dual RNNs with attention [2]",
    build=partial(build_dual_rnn, attention=True),
)
