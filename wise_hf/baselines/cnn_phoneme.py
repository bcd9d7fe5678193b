"""CNN+Phoneme [24]: Yenigalla et al., Interspeech 2018.

Speech Emotion Recognition Using Spectrogram & Phoneme Embedding: two streams, written anew from reading notes.
Phonemes: word2vec vectors of 100 values, learnt beforehand from the training part's phoneme sequences; parallel
convolutions over 3, 9, 13 and 17 of them, their maxima over time, a linear layer. Spectrogram: 128 mel bands x 256
frames, the first 6 s; four parallel convolutions of 12x16, 18x24, 24x32 and 30x40, each max-pooled by half its map's
height and width, to 2x2 values; linear layers of 400 and 200. Both side by side are normalised and go through another
linear layer. Batch normalisation and ReLU throughout.

What the notes leave open is chosen so:

- 100 filters for each convolution over phonemes; 64 for each over the spectrogram, which moves 4 bands x 8 frames at a
  step, so that a CPU core trains a batch of 16 in about 0.2 s. With the 41 rows of ARPAbet's 39 phonemes and four
  emotions that makes 1,244,304 parameters.
- 200 units for the phonemes' linear layer and the joint one, an output layer after that, dropout of 0.5 before the
  phonemes' linear layer and after that of 400 ("no dropout on the 2nd").
- The convolutions over phonemes are normalised after their maxima, where no padding can take part.
- word2vec is skip-gram with negative sampling (5 phonemes to each side, 5 negatives), whose expected loss over all
  samples is minimised: with so few phonemes it can be written down. The vectors are trained on with the model.
- The phonemes are those of the aligned words (39 of ARPAbet, where the paper has 47 names) and are not cut at 6 s.
- The spectrogram has Hann frames of 94 ms every 23.4 ms (256 of them are 6 s) in dB of full scale; shorter utterances
  end in silence.
- Adadelta at its usual rate of 1, batches of 16, 40 epochs and 10 of patience; the streams are trained together.

Letters in the shapes: B utterances, P phonemes in the longest, V rows of the phoneme embedding.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from datasets import Array2D, List, Value
from huggingface_hub.dataclasses import strict
from torch import nn
from torch.nn.functional import adaptive_max_pool2d, batch_norm, cross_entropy, logsigmoid
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput

from wise_hf.baselines.mel_spectrogram import MEL_BANDS, MEL_FRAMES, mel_spectrogram
from wise_hf.baselines.tokens import TokenCollator, embedding_rows
from wise_hf.data.embeddings import WordVectors
from wise_hf.data.schema import PreparedUtterance, Utterance
from wise_hf.model.audio_wise import read_audio
from wise_hf.model.mfcc_wise import SAMPLING_RATE
from wise_hf.training.recipe import PLAIN
from wise_hf.training.system import System


PHONEME_KERNELS = (3, 9, 13, 17)
SPECTROGRAM_KERNELS = ((12, 16), (18, 24), (24, 32), (30, 40))  # bands, frames
SPECTROGRAM_STEP = (4, 8)
POOLED = (2, 2)  # a maximum over half the map's height and width
DROPOUT = 0.5

WINDOW = 5
NEGATIVES = 5
NEGATIVE_POWER = 0.75  # of the phonemes' frequency, as word2vec draws negatives
WORD2VEC_STEPS = 500
WORD2VEC_LEARNING_RATE = 0.01


def extract_spectrogram_and_phonemes(utterance: Utterance) -> dict:
    """The map function for features.

    Args:
        utterance: one with words (`wise_hf.data.schema.UTTERANCE_FEATURES`).

    Returns:
        `mel_spectrogram` (frames, 128) float16 of the first 6 s, and `phonemes`, the names of all phonemes in order.
    """
    samples = read_audio(utterance["audio"], SAMPLING_RATE, utterance["start_s"], utterance["end_s"])
    phonemes = [phoneme["phoneme"] for word in utterance["words"] for phoneme in word["phonemes"]]
    return {"mel_spectrogram": mel_spectrogram(samples).astype(np.float16), "phonemes": phonemes}


@strict
class CNNPhonemeConfig(PreTrainedConfig):
    """The sizes of the model.

    Args:
        vocab_size: rows of the phoneme embedding, the padding (0) and the unknown phoneme (1) among them.
        phoneme_embedding_size: size of a phoneme's vector.
        phoneme_filters: filters of each convolution over phonemes.
        spectrogram_filters: filters of each convolution over the spectrogram.
        linear_size: units of the spectrogram's first linear layer.
        stream_size: units that each stream ends in, and of the joint layer.
        dropout: share of units dropped.
    """

    model_type = "cnn_phoneme"

    vocab_size: int = 41
    phoneme_embedding_size: int = 100
    phoneme_filters: int = 100
    spectrogram_filters: int = 64
    linear_size: int = 400
    stream_size: int = 200
    dropout: float | int = DROPOUT


class RowNorm(nn.BatchNorm1d):
    """Batch normalisation; a lone utterance, which has no deviation, is normalised by what was learnt so far."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """(B, size) -> (B, size)"""
        if len(rows) > 1:
            return super().forward(rows)
        return batch_norm(rows, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps)


class PhonemeStream(nn.Module):
    """Phonemes in order to one vector."""

    def __init__(self, config: CNNPhonemeConfig):
        super().__init__()
        size, filters = config.phoneme_embedding_size, config.phoneme_filters
        self.embeddings = nn.Embedding(config.vocab_size, size, padding_idx=0)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(size, filters, kernel, padding=kernel // 2, bias=False) for kernel in PHONEME_KERNELS
        )
        self.norm = RowNorm(len(PHONEME_KERNELS) * filters)
        self.dropout = nn.Dropout(config.dropout)
        self.linear = nn.Linear(len(PHONEME_KERNELS) * filters, config.stream_size)

    def forward(self, phoneme_ids: torch.Tensor) -> torch.Tensor:
        """(B, P) -> (B, stream_size)"""
        is_phoneme = (phoneme_ids != 0)[:, None]
        vectors = self.embeddings(phoneme_ids).transpose(1, 2) * is_phoneme
        filtered = [convolution(vectors) for convolution in self.convolutions]  # (B, filters, P) each
        maxima = [values.masked_fill(~is_phoneme, -torch.inf).amax(2) for values in filtered]
        return self.linear(self.dropout(self.norm(torch.cat(maxima, dim=1)).relu()))


class SpectrogramStream(nn.Module):
    """A mel spectrogram to one vector."""

    def __init__(self, config: CNNPhonemeConfig):
        super().__init__()
        filters = config.spectrogram_filters
        self.convolutions = nn.ModuleList(
            nn.Conv2d(1, filters, kernel, stride=SPECTROGRAM_STEP, bias=False) for kernel in SPECTROGRAM_KERNELS
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(filters) for _ in SPECTROGRAM_KERNELS)
        self.linear_1 = nn.Linear(filters * len(SPECTROGRAM_KERNELS) * math.prod(POOLED), config.linear_size)
        self.norm_1 = RowNorm(config.linear_size)
        self.dropout = nn.Dropout(config.dropout)
        self.linear_2 = nn.Linear(config.linear_size, config.stream_size)

    def forward(self, spectrograms: torch.Tensor) -> torch.Tensor:
        """(B, 256, 128) -> (B, stream_size)"""
        images = spectrograms.transpose(1, 2)[:, None]
        maps = [
            adaptive_max_pool2d(norm(convolution(images)).relu(), POOLED).flatten(1)
            for convolution, norm in zip(self.convolutions, self.norms, strict=True)
        ]
        hidden = self.norm_1(self.linear_1(torch.cat(maps, dim=1))).relu()
        return self.linear_2(self.dropout(hidden))


class CNNPhonemeForAudioClassification(PreTrainedModel):
    """The emotion of an utterance from its spectrogram and phonemes."""

    config: CNNPhonemeConfig

    def __init__(self, config: CNNPhonemeConfig):
        super().__init__(config)
        self.phonemes = PhonemeStream(config)
        self.spectrogram = SpectrogramStream(config)
        self.norm = RowNorm(2 * config.stream_size)
        self.linear = nn.Linear(2 * config.stream_size, config.stream_size)
        self.classifier = nn.Linear(config.stream_size, config.num_labels)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """PyTorch's own start; the norms are made with theirs."""
        if isinstance(module, (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Embedding)):
            module.reset_parameters()

    def forward(
        self, input_features: torch.Tensor, phoneme_ids: torch.Tensor, labels: torch.Tensor | None = None
    ) -> SequenceClassifierOutput:
        """The emotion of each utterance.

        Args:
            input_features: (B, 256, 128) the mel spectrograms, 0 = silence.
            phoneme_ids: (B, P), 0 = padding; at least one phoneme an utterance.
            labels: (B,) the emotion's number; gives the loss.
        """
        streams = [self.phonemes(phoneme_ids), self.spectrogram(input_features)]
        joint = self.linear(self.norm(torch.cat(streams, dim=1)).relu()).relu()
        logits = self.classifier(joint)
        loss = None if labels is None else cross_entropy(logits.float(), labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


def pair_counts(sequences: Sequence[np.ndarray], num_phonemes: int) -> np.ndarray:
    """How often skip-gram meets each pair of phonemes.

    word2vec draws a window of 1 to WINDOW for each phoneme; a pair counts as often as it is expected to be inside.

    Args:
        sequences: int64 (length,) phoneme ids of each utterance, none of them 0.
        num_phonemes: V.

    Returns:
        (V, V) float64, symmetric.
    """
    gap = np.zeros(WINDOW, dtype=np.int64)  # no pair reaches over it into the next utterance
    joined = np.concatenate([part for sequence in sequences for part in (sequence, gap)])
    counts = np.zeros(num_phonemes**2)
    for distance in range(1, WINDOW + 1):
        pairs = joined[:-distance] * num_phonemes + joined[distance:]
        counts += np.bincount(pairs, minlength=num_phonemes**2) * (WINDOW + 1 - distance) / WINDOW
    counts = counts.reshape(num_phonemes, num_phonemes)
    counts[0] = counts[:, 0] = 0
    return counts + counts.T


def word2vec(counts: np.ndarray, size: int, seed: int = 0) -> torch.Tensor:
    """Vectors by skip-gram with negative sampling (Mikolov et al. 2013), from the pairs alone.

    The loss is the expected one over all draws of negatives (Levy and Goldberg 2014), minimised as a whole.

    Args:
        counts: (V, V) how often each pair is met; not all of them 0.
        size: values in a vector.
        seed: of the start.

    Returns:
        (V, size) float32; a phoneme that is never met stays near 0.
    """
    met = torch.from_numpy(counts / counts.sum()).float()
    frequency = met.sum(1)
    drawn = frequency**NEGATIVE_POWER
    negatives = NEGATIVES * torch.outer(frequency, drawn / drawn.sum())
    generator = torch.Generator().manual_seed(seed)
    centres = ((torch.rand(len(met), size, generator=generator) - 0.5) / size).requires_grad_()
    contexts = torch.zeros(len(met), size, requires_grad=True)
    optimizer = torch.optim.Adam([centres, contexts], lr=WORD2VEC_LEARNING_RATE)
    for _ in range(WORD2VEC_STEPS):
        scores = centres @ contexts.T
        loss = -(met * logsigmoid(scores) + negatives * logsigmoid(-scores)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return centres.detach()


class CNNPhonemeCollator(TokenCollator):
    """Batches of utterances, as the model takes them."""

    def __call__(self, utterances: Sequence[PreparedUtterance]) -> dict[str, torch.Tensor]:
        """The batch of some utterances.

        Args:
            utterances: those of `load_utterances` with `mel_spectrogram` and `phonemes`.

        Returns:
            The model's inputs and `labels` (B,) int64.
        """
        spectrograms = np.zeros((len(utterances), MEL_FRAMES, MEL_BANDS), dtype=np.float32)
        for padded, each in zip(spectrograms, utterances, strict=True):
            padded[: len(each["mel_spectrogram"])] = each["mel_spectrogram"]
        ids = [self.token_ids(each["phonemes"]) for each in utterances]
        return {
            "input_features": torch.from_numpy(spectrograms),
            "phoneme_ids": pad_sequence(ids, batch_first=True),
            "labels": self.labels(utterances),
        }


def build_cnn_phoneme(
    train: Sequence[PreparedUtterance], emotions: Sequence[str], vectors: WordVectors | None
) -> tuple[CNNPhonemeForAudioClassification, CNNPhonemeCollator]:
    """A fresh model, its phonemes' vectors learnt from the training part, and what makes its batches.

    Args:
        train: utterances of the training part, with `phonemes`.
        emotions: the labels, in the order of their numbers.
        vectors: not used: no words are read.
    """
    rows = embedding_rows(phoneme for utterance in train for phoneme in utterance["phonemes"])
    collator = CNNPhonemeCollator(rows, emotions)
    config = CNNPhonemeConfig(vocab_size=len(rows), id2label=dict(enumerate(emotions)))
    model = CNNPhonemeForAudioClassification(config)
    counts = pair_counts([collator.token_ids(utterance["phonemes"]).numpy() for utterance in train], len(rows))
    learnt = word2vec(counts, config.phoneme_embedding_size)
    learnt[1] = learnt[2:].mean(0)  # an unknown phoneme is like any
    with torch.no_grad():
        model.phonemes.embeddings.weight.copy_(learnt)
    return model, collator


SYSTEM = System(
    key="cnn_phoneme",
    name="CNN+Phoneme [24]",
    extract=extract_spectrogram_and_phonemes,
    columns={"mel_spectrogram": Array2D((None, MEL_BANDS), "float16"), "phonemes": List(Value("string"))},
    build=build_cnn_phoneme,
    recipe=replace(
        PLAIN, epochs=40, batch_size=16, optimizer="adadelta", learning_rate=1.0, dropout=DROPOUT, patience=10
    ),
)
