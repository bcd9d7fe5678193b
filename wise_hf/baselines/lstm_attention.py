"""LSTM+Attn [10]: Xu et al., Learning Alignment for Multimodal Emotion Recognition from Speech, Interspeech 2019.

A BiLSTM over the frames and one over the words; every word gathers its frames by additive attention, without being
told where it is spoken; what it gathered and its own state go through a third BiLSTM, whose maximum over the words is
classified. Written anew from descriptions.

Paper and released code (DELTA) differ: this is the paper's model, where the code has GRUs, power spectra and attention
of eight heads. What the descriptions leave open is chosen so:

- from the code: 100 units a direction, attention of size 200, dropout 0.5 (on the word vectors, the states of both
  BiLSTMs, the gathered audio and the pooled vector), the first 7 s and 100 words, trainable word vectors, uniform(-1,
  1) for training words without one, Adam at 0.001, batches of 64, gradients of norm 3 at most, 150 epochs and the one
  that is best on the validation part.
- ours: the settings of the 34 descriptors (`wise_hf.baselines.descriptors`) with the MFCC of this package,
  standardised by the training part; words as they are spoken, in lower case, without the code's punctuation; the mean
  of all vectors for words that are in neither; 20 epochs of patience, for the time; the folds and the emotions of this
  package, where the code leaves excited speech out.

Letters in the shapes: B utterances, N words in the longest, T frames in the longest.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from datasets import Array2D
from huggingface_hub.dataclasses import strict
from torch import nn
from torch.nn.functional import cross_entropy, pad
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from wise_hf.baselines.descriptors import NUM_DESCRIPTORS, low_level_descriptors
from wise_hf.baselines.tokens import TokenCollator, embedding_rows, spoken_words
from wise_hf.data.embeddings import WordVectors
from wise_hf.data.schema import PreparedUtterance, Utterance
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.mfcc_wise import SAMPLING_RATE
from wise_hf.training.recipe import PLAIN
from wise_hf.training.system import System


MAX_SECONDS = 7.0
MAX_WORDS = 100
DROPOUT = 0.5
STD_FLOOR = 1e-6


def extract_descriptors(utterance: Utterance) -> dict:
    """The map function for features.

    Args:
        utterance: one of a corpus (`wise_hf.data.schema.UTTERANCE_FEATURES`).

    Returns:
        `descriptors` (T, 34) float32 of its first 7 s.
    """
    end_s = min(utterance["end_s"], utterance["start_s"] + MAX_SECONDS)
    samples = read_audio(utterance["audio"], SAMPLING_RATE, utterance["start_s"], end_s)
    return {"descriptors": low_level_descriptors(samples)}


@strict
class LSTMAttentionConfig(PreTrainedConfig):
    """The sizes of the model.

    Args:
        vocab_size: rows of the word embedding, the padding (0) and the unknown word (1) among them.
        word_embedding_size: size of a word vector.
        feature_size: values in a frame.
        hidden_size: units a direction of each of the three BiLSTMs.
        attention_size: size of what frames and words are compared in.
        dropout: share of units dropped.
    """

    model_type = "lstm_attention"

    vocab_size: int = 20_000
    word_embedding_size: int = 300
    feature_size: int = NUM_DESCRIPTORS
    hidden_size: int = 100
    attention_size: int = 200
    dropout: float | int = DROPOUT


class BiLSTM(nn.Module):
    """An LSTM in both directions over padded sequences.

    The backward one reads every sequence turned round within its own length, so padding comes last for both and
    changes nothing. On a CPU this is several times as fast as a packed sequence.
    """

    def __init__(self, input_size: int, hidden_size: int):
        super().__init__()
        self.forward_lstm = nn.LSTM(input_size, hidden_size, batch_first=True)
        self.backward_lstm = nn.LSTM(input_size, hidden_size, batch_first=True)

    def forward(self, members: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """(B, L, input_size), (B,) -> (B, L, 2 hidden_size), without meaning at padding"""
        steps = torch.arange(members.shape[1], device=members.device)
        turned = torch.where(steps < lengths[:, None], lengths[:, None] - 1 - steps, steps)[:, :, None]
        onward = self.forward_lstm(members)[0]
        backward = self.backward_lstm(members.take_along_dim(turned, 1))[0].take_along_dim(turned, 1)
        return torch.cat([onward, backward], dim=2)


class AlignmentAttention(nn.Module):
    """Every word gathers its frames: the weights are softmax_j(v tanh(W_a a_j + W_t t_i + b))."""

    def __init__(self, state_size: int, attention_size: int):
        super().__init__()
        self.frames = nn.Linear(state_size, attention_size)  # W_a, b
        self.words = nn.Linear(state_size, attention_size, bias=False)  # W_t
        self.energy = nn.Linear(attention_size, 1, bias=False)  # v

    def forward(
        self, frames: torch.Tensor, words: torch.Tensor, frame_lengths: torch.Tensor, word_lengths: torch.Tensor
    ) -> torch.Tensor:
        """(B, T, state_size), (B, N, state_size), (B,), (B,) -> (B, N, state_size), 0 at padding.

        Utterance by utterance: padding cannot be looked at, and the large tensor (words, frames, attention_size) is
        as large as the utterance and not as the longest of the batch.
        """
        utterances = [tensor.unbind() for tensor in (self.frames(frames), self.words(words), frames)]
        lengths = (frame_lengths.tolist(), word_lengths.tolist())
        gathered = []
        for keys, queries, states, num_frames, num_words in zip(*utterances, *lengths, strict=True):
            compared = torch.tanh(keys[:num_frames] + queries[:num_words, None])
            weights = self.energy(compared).squeeze(2).softmax(1)  # (words, frames)
            gathered.append(pad(weights @ states[:num_frames], (0, 0, 0, words.shape[1] - num_words)))
        return torch.stack(gathered)


class LSTMAttentionForAudioClassification(PreTrainedModel):
    """The emotion of an utterance from its frames and words."""

    config: LSTMAttentionConfig

    def __init__(self, config: LSTMAttentionConfig):
        super().__init__(config)
        state_size = 2 * config.hidden_size
        self.word_embeddings = nn.Embedding(config.vocab_size, config.word_embedding_size, padding_idx=0)
        self.frame_lstm = BiLSTM(config.feature_size, config.hidden_size)
        self.word_lstm = BiLSTM(config.word_embedding_size, config.hidden_size)
        self.attention = AlignmentAttention(state_size, config.attention_size)
        self.joint_lstm = BiLSTM(2 * state_size, config.hidden_size)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(state_size, config.num_labels)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """PyTorch's own start, and the code's uniform(-1, 1) of words without a vector."""
        if isinstance(module, nn.Embedding):
            nn.init.uniform_(module.weight, -1, 1)
        elif isinstance(module, (nn.LSTM, nn.Linear)):
            module.reset_parameters()

    def forward(
        self,
        input_features: torch.Tensor,
        frame_lengths: torch.Tensor,
        input_ids: torch.Tensor,
        labels: torch.Tensor | None = None,
    ) -> SequenceClassifierOutput:
        """The emotion of each utterance.

        Args:
            input_features: (B, T, feature_size) the standardised descriptors.
            frame_lengths: (B,) frames of each utterance, at least 1.
            input_ids: (B, N) word ids, 0 = padding; at least one word an utterance.
            labels: (B,) the emotion's number; gives the loss.
        """
        is_word = input_ids != 0
        word_lengths = is_word.sum(1)
        frames = self.dropout(self.frame_lstm(input_features, frame_lengths))
        words = self.dropout(self.word_lstm(self.dropout(self.word_embeddings(input_ids)), word_lengths))
        gathered = self.dropout(self.attention(frames, words, frame_lengths, word_lengths))
        joint = self.joint_lstm(torch.cat([gathered, words], dim=2), word_lengths)
        pooled = joint.masked_fill(~is_word[:, :, None], -torch.inf).amax(1)
        logits = self.classifier(self.dropout(pooled))
        loss = None if labels is None else cross_entropy(logits.float(), labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


@dataclass
class LSTMAttentionCollator(TokenCollator):
    """Batches of utterances, as the model takes them.

    Args:
        mean, std: (34,) the training part's, which the descriptors are standardised by.
    """

    mean: np.ndarray
    std: np.ndarray

    def __call__(self, utterances: Sequence[PreparedUtterance]) -> dict[str, torch.Tensor]:
        """The batch of some utterances.

        Args:
            utterances: those of `load_utterances` with `descriptors`.

        Returns:
            The model's inputs and `labels` (B,) int64.
        """
        standardised = [(each["descriptors"] - self.mean) / self.std for each in utterances]
        features = [torch.from_numpy(frames.astype(np.float32)) for frames in standardised]
        ids = [self.token_ids([word.lower() for word in each["words"][:MAX_WORDS]]) for each in utterances]
        return {
            "input_features": pad_sequence(features, batch_first=True),
            "frame_lengths": torch.tensor([len(frames) for frames in features]),
            "input_ids": pad_sequence(ids, batch_first=True),
            "labels": self.labels(utterances),
        }


def build_lstm_attention(
    train: Sequence[PreparedUtterance], emotions: Sequence[str], vectors: WordVectors | None
) -> tuple[LSTMAttentionForAudioClassification, LSTMAttentionCollator]:
    """A fresh model and what makes its batches.

    Args:
        train: utterances of the training part, with `words` and `descriptors`.
        emotions: the labels, in the order of their numbers.
        vectors: word vectors; without them those of the training part's words are learnt.
    """
    rows = embedding_rows(spoken_words(train), vectors)
    sizes = {} if vectors is None else {"word_embedding_size": vectors.matrix.shape[1]}
    config = LSTMAttentionConfig(vocab_size=len(rows), id2label=dict(enumerate(emotions)), **sizes)
    model = LSTMAttentionForAudioClassification(config)
    if vectors is not None:
        model.word_embeddings.weight.data[: len(vectors.words)] = torch.from_numpy(vectors.matrix)
    return model, LSTMAttentionCollator(rows, emotions, *descriptor_statistics(train))


def descriptor_statistics(utterances: Sequence[PreparedUtterance]) -> tuple[np.ndarray, np.ndarray]:
    """(34,) mean and (34,) deviation of all frames of the utterances, float64; a deviation is STD_FLOOR at least."""
    frames = np.concatenate([utterance["descriptors"] for utterance in utterances])
    return frames.mean(0, dtype=np.float64), np.maximum(frames.std(0, dtype=np.float64), STD_FLOOR)


SYSTEM = System(
    key="lstm_attention",
    name="LSTM+Attn [10]",
    extract=extract_descriptors,
    columns={"descriptors": Array2D((None, NUM_DESCRIPTORS), "float32")},
    build=build_lstm_attention,
    recipe=replace(
        PLAIN,
        epochs=150,
        batch_size=64,
        learning_rate=1e-3,
        dropout=DROPOUT,
        input_dropout=DROPOUT,
        max_grad_norm=3.0,
        patience=20,
    ),
)
