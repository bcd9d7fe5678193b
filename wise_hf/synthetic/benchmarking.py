"""How fast the parts are, as ratios between two things run in turn, so that what else the machine does meets both
alike.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median
from timeit import timeit

import numpy as np
import torch
from torch import nn

from wise_hf.baselines.straightforward import StraightforwardWISE, dense_batch
from wise_hf.data.collator import WISECollator
from wise_hf.data.embeddings import build_tokenizer
from wise_hf.model.configuration_wise import WISEConfig
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.mfcc_wise import SAMPLING_RATE, mfcc_native
from wise_hf.model.modeling_wise import WISEForAudioClassification
from wise_hf.model.opensmile_wise import mfcc_opensmile
from wise_hf.model.processing_wise import WISEProcessor
from wise_hf.training.recipe import RECIPES


UTTERANCES = 32
WORDS = (15.0, 2.0, 128)  # in an utterance: mean, shape of the gamma distribution (small = wide), limit
PHONEMES = (4.0, 4.0, 14)  # in a word
FRAMES = (6.0, 2.0, 64)  # in a phoneme
ENCODER_FRAMES = (4.5, 2.0, 64)  # the same, every 20 ms instead of 15
WHISPER_FRAMES = {"frames": "encoder", "frame_ms": 0, "hop_ms": 20}  # for WISEFeatureExtractor
WHISPER_BASE_SIZE = 512
FOLD_UTTERANCES, FOLD_WORDS = 576, 6  # four fifths of RAVDESS


@dataclass(frozen=True)
class Measurement:
    """Two things measured alike.

    Args:
        name: what was measured.
        ours: median seconds, or bytes.
        theirs: the same of what ours is compared with.
        unit: `s` or `bytes`.
    """

    name: str
    ours: float
    theirs: float
    unit: str = "s"

    @property
    def ratio(self) -> float:
        """How many times more theirs takes."""
        return self.theirs / self.ours

    def to_dict(self) -> dict:
        """The fields and the ratio, for JSON."""
        return asdict(self) | {"ratio": self.ratio}


def time_in_turn(runs: Sequence[Callable[[], object]], repeats: int, seconds: float = 0.0) -> list[float]:
    """Run some things in turn, A B C A B C ..., after one run of each that does not count.

    Args:
        runs: called without arguments.
        repeats: runs of each that count.
        seconds: at least so long is spent on more of them, where each run is short.

    Returns:
        The median of each, in seconds.
    """
    for run in runs:
        run()
    times: list[list[float]] = [[] for _ in runs]
    end = time.perf_counter() + seconds
    while len(times[0]) < repeats or time.perf_counter() < end:
        for taken, run in zip(times, runs, strict=True):
            taken.append(timeit(run, number=1))
    return [median(taken) for taken in times]


def compare_in_turn(
    name: str, ours: Callable[[], object], theirs: Callable[[], object], repeats: int, seconds: float = 0.0
) -> Measurement:
    """Two things, see `time_in_turn`."""
    return Measurement(name, *time_in_turn([ours, theirs], repeats, seconds))


def speech_like_batch(config: WISEConfig, utterances: int = UTTERANCES, seed: int = 0) -> dict[str, torch.Tensor]:
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
    encoded = [
        _ragged_utterance(rng, words, FRAMES, config.feature_size) for words in _spread(rng, utterances, *WORDS)
    ]
    batch = dict(WISEFeatureExtractor(normalization="none").pad(encoded, return_tensors="pt"))
    is_word = batch["word_lengths"] > 0
    batch["input_ids"] = torch.from_numpy(rng.integers(1, config.vocab_size, is_word.shape)) * is_word
    batch["attention_mask"] = is_word.long()
    batch["labels"] = torch.from_numpy(rng.integers(config.num_labels, size=utterances))
    return batch


def _ragged_utterance(
    rng: np.random.Generator, words: int, frames: tuple[float, float, int], feature_size: int
) -> dict[str, np.ndarray]:
    """Random frames in phonemes in words; `frames` is what `_spread` takes, of a phoneme."""
    word_lengths = _spread(rng, words, *PHONEMES)
    phoneme_lengths = _spread(rng, word_lengths.sum(), *frames)
    features = rng.standard_normal((phoneme_lengths.sum(), feature_size), dtype=np.float32)
    return {"input_features": features, "phoneme_lengths": phoneme_lengths, "word_lengths": word_lengths}


def _spread(rng: np.random.Generator, size: int, mean: float, shape: float, limit: int) -> np.ndarray:
    """(size,) whole numbers from 1 to a limit: one more than a negative binomial, a Poisson of a gamma."""
    means = rng.gamma(shape, (mean - 1) / shape, size)
    return np.minimum(1 + rng.poisson(means), limit)


def batch_bytes(batch: dict[str, torch.Tensor]) -> int:
    """What the tensors of a batch take in memory."""
    return sum(values.nbytes for values in batch.values())


def training_step(model: nn.Module) -> Callable[[dict[str, torch.Tensor]], None]:
    """Forward, backward and a step of Adam, to call on a batch; the loss comes first in what the model gives."""
    model.train()
    optimizer = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-3, weight_decay=1e-4)

    def step(batch: dict[str, torch.Tensor]) -> None:
        optimizer.zero_grad()
        loss = model(**batch)[0]
        loss.backward()
        optimizer.step()

    return step


def forward_pass(model: nn.Module, batch: dict[str, torch.Tensor]) -> Callable[[], None]:
    """A forward pass without gradients, as something to call."""

    def forward() -> None:
        model.eval()
        with torch.inference_mode():
            model(**batch)

    return forward


def compare_model(
    config: WISEConfig | None = None, utterances: int = UTTERANCES, repeats: int = 5, max_words: int = WORDS[2]
) -> list[Measurement]:
    """The model on ragged batches against the straightforward implementation on dense ones, with the same weights.

    Args:
        config: sizes; `None` = the paper's.
        utterances: in the batch.
        repeats: runs of each.
        max_words: words that the dense batch is padded to.

    Returns:
        The bytes of the batches, a forward pass, a training step.
    """
    config = config or WISEConfig()
    torch.manual_seed(0)
    ours, theirs = WISEForAudioClassification(config), StraightforwardWISE(config)
    theirs.load_state_dict(ours.state_dict())
    ragged = speech_like_batch(config, utterances)
    dense = dense_batch(ragged, max_words)
    forward = compare_in_turn("forward pass", forward_pass(ours, ragged), forward_pass(theirs, dense), repeats)
    steps = partial(training_step(ours), ragged), partial(training_step(theirs), dense)
    training = compare_in_turn("training step", *steps, repeats)
    return [Measurement("batch", batch_bytes(ragged), batch_bytes(dense), "bytes"), forward, training]


def compare_epoch(utterances: int = FOLD_UTTERANCES, repeats: int = 5) -> Measurement:
    """An epoch on prepared MFCC against one on the prepared frames of Whisper-base, which are fewer and larger, in the
    batches of their recipes.

    Args:
        utterances: of the training part, as short as RAVDESS's; those of one of its five folds by default.
        repeats: runs of each.
    """
    of_encoder = WISEFeatureExtractor(**WHISPER_FRAMES, feature_size=WHISPER_BASE_SIZE, normalization="global")
    of_mfcc = WISEFeatureExtractor(normalization="global")
    epochs = (
        training_epoch(utterances, FRAMES, of_mfcc, np.float32, RECIPES["wise_hf"].batch_size),
        training_epoch(utterances, ENCODER_FRAMES, of_encoder, np.float16, RECIPES["encoder"].batch_size),
    )
    return compare_in_turn(f"epoch of {utterances} utterances, MFCC / Whisper-base frames", *epochs, repeats)


def training_epoch(
    utterances: int,
    frames: tuple[float, float, int],
    extractor: WISEFeatureExtractor,
    dtype: type[np.floating],
    batch_size: int,
) -> Callable[[], None]:
    """Collation and training steps of an epoch, as something to call.

    Args:
        utterances: how many.
        frames: in a phoneme, as FRAMES has them.
        extractor: normalises and pads them, globally.
        dtype: of the frames, as they are kept.
        batch_size: utterances in a batch.
    """
    rng, size = np.random.default_rng(0), extractor.feature_size
    part = [_ragged_utterance(rng, FOLD_WORDS, frames, size) for _ in range(utterances)]
    part = [each | {"input_features": each["input_features"].astype(dtype)} for each in part]
    known = {"label": 0, "input_ids": np.ones(FOLD_WORDS, np.int64)}
    extractor.set_statistics(each["input_features"] for each in part)
    collate = WISECollator(WISEProcessor(extractor, build_tokenizer([])), {})
    step = training_step(WISEForAudioClassification(WISEConfig(feature_size=size)))

    def epoch() -> None:
        for start in range(0, utterances, batch_size):
            step(collate([each | known for each in part[start : start + batch_size]]))

    return epoch


def compare_mfcc(audio_s: float = 5.0, repeats: int = 5, seconds: float = 2.0) -> Measurement:
    """The native MFCC against openSMILE's, on noise.

    Args:
        audio_s: length of the audio, in seconds.
        repeats: runs of each.
        seconds: at least so long is spent.
    """
    samples = 0.1 * np.random.default_rng(0).standard_normal(round(audio_s * SAMPLING_RATE)).astype(np.float32)
    name = f"MFCC of {audio_s:g} s"
    return compare_in_turn(name, partial(mfcc_native, samples), partial(mfcc_opensmile, samples), repeats, seconds)


def table(comparisons: list[Measurement]) -> str:
    """The comparisons as lines of aligned columns."""
    rows = [("what", "ours", "theirs", "ratio")]
    rows += [(c.name, _amount(c.ours, c.unit), _amount(c.theirs, c.unit), f"{c.ratio:.1f}x") for c in comparisons]
    name_width, *widths = (max(map(len, column)) for column in zip(*rows, strict=True))
    return "\n".join(
        "  ".join([name.ljust(name_width), *(cell.rjust(width) for cell, width in zip(cells, widths, strict=True))])
        for name, *cells in rows
    )


def _amount(value: float, unit: str) -> str:
    return f"{value / 1e6:.2f} MB" if unit == "bytes" else f"{1000 * value:.2f} ms"
