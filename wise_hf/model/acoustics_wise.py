"""The acoustic model: how badly each of its states fits each frame of a recording.

pocketsphinx's English model is phonetically tied: a senone mixes the Gaussians of its phone, 128 in each of the three
streams of features, and its cost is the sum of the streams'. All Gaussians count here, where pocketsphinx takes the
best four of them and rounds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from .cepstra_wise import NUM_CEPSTRA
from .decoder_wise import model_file
from .senones_wise import ModelDefinition, read_definition


STREAMS, GAUSSIANS = 3, 128
COST_UNIT = 1024 * math.log(1.0001)  # nats, about 0.1: pocketsphinx's scores, and the weights in its file, have it
LEAST_VARIANCE = 1e-4
# Added to every likelihood, so that a stream costs 15 nats at most, about as much as in pocketsphinx: no single odd
# frame, to which all words are impossible, decides.
LEAST_LIKELIHOOD = math.exp(-15)


@dataclass(frozen=True)
class AcousticModel:
    """The embedded acoustic model.

    Attributes:
        definition: which senones a phone has.
        gaussians: (3, 27, phones * 128) float32; the log density of features x is [x, x * x, 1] @ it.
        weights: (3, senones, 128) float32, how much of each Gaussian of its phone a senone has.
    """

    definition: ModelDefinition
    gaussians: np.ndarray
    weights: np.ndarray


@lru_cache(maxsize=1)
def acoustic_model() -> AcousticModel:
    """pocketsphinx's English model.

    Raises:
        ImportError: pocketsphinx is not installed.
        ValueError: its files have another format.
    """
    definition = read_definition(model_file("en-us/mdef"))
    shape = (len(definition.phones), STREAMS, GAUSSIANS, NUM_CEPSTRA)
    means, variances = (_read_parameters(model_file(f"en-us/{name}"), shape) for name in ("means", "variances"))
    precisions = 1 / np.maximum(variances, LEAST_VARIANCE)
    constants = 0.5 * (np.log(precisions / (2 * np.pi)) - means**2 * precisions).sum(-1, keepdims=True)
    gaussians = np.concatenate([means * precisions, -0.5 * precisions, constants], axis=-1)
    gaussians = gaussians.transpose(1, 3, 0, 2).reshape(STREAMS, 2 * NUM_CEPSTRA + 1, -1).astype(np.float32)
    weights = _read_weights(model_file("en-us/sendump"), len(definition.codebooks))
    return AcousticModel(definition, gaussians, weights)


def _read_parameters(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Means or variances, float64. Source: pocketsphinx ms_gauden.c: a text header, a byte-order mark, counts."""
    # Phones, streams, Gaussians, values of each stream, values of all.
    counts = [*shape, *shape[3:] * (STREAMS - 1), math.prod(shape)]
    return _read_after(path, counts, np.dtype("<f4"), shape).astype(np.float64)


def _read_weights(path: Path, num_senones: int) -> np.ndarray:
    """(3, senones, 128) float32. Source: pocketsphinx ptm_mgau.c: strings, an empty one, two counts, bytes."""
    shape = (STREAMS, GAUSSIANS, num_senones)
    costs = _read_after(path, [0, GAUSSIANS, num_senones], np.dtype(np.uint8), shape)
    return np.exp(np.float32(-COST_UNIT) * costs.transpose(0, 2, 1))


def _read_after(path: Path, counts: Sequence[int], dtype: np.dtype, shape: tuple[int, ...]) -> np.ndarray:
    """The values of a file, which stand after their counts."""
    data, mark = path.read_bytes(), np.array(counts, "<i4").tobytes()
    start = data.find(mark) + len(mark)
    if mark not in data or len(data) < start + math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{path} is not of pocketsphinx's model en-us; install another release of pocketsphinx.")
    return np.frombuffer(data, dtype, math.prod(shape), start).reshape(shape)


def densities(features: np.ndarray) -> np.ndarray:
    """How well every Gaussian of the model fits every frame.

    Args:
        features: (3, frames, 13) float32 of `cepstra_with_slopes`, of so few frames that the result stays in the
            processor's cache.

    Returns:
        (3, frames, phones, 128) float32, as shares of the best of a stream's frame.
    """
    model = acoustic_model()
    terms = np.concatenate([features, features * features, np.ones_like(features[..., :1])], axis=2)
    logs = np.matmul(terms, model.gaussians)
    logs -= logs.max(axis=2, keepdims=True)
    np.exp(logs, out=logs)
    return logs.reshape(*features.shape[:2], -1, GAUSSIANS)


def senone_costs(its_densities: np.ndarray, senones: np.ndarray) -> np.ndarray:
    """How badly states of the model fit the frames.

    Args:
        its_densities: (3, frames, phones, 128) of `densities`.
        senones: (s,) numbers of states.

    Returns:
        (frames, s) float32, COST_UNIT nats each; what all states of a frame have in common is left out.
    """
    model = acoustic_model()
    order = np.argsort(model.definition.codebooks[senones], kind="stable")
    ordered = senones[order]
    codebooks, firsts = np.unique(model.definition.codebooks[ordered], return_index=True)
    likelihoods = np.empty((*its_densities.shape[:2], len(senones)), np.float32)
    for codebook, first, after in zip(codebooks, firsts, [*firsts[1:], len(senones)], strict=True):
        weights = model.weights[:, ordered[first:after]].transpose(0, 2, 1)
        np.matmul(its_densities[:, :, codebook], weights, out=likelihoods[:, :, first:after])
    costs = np.empty(likelihoods.shape[1:], np.float32)
    likelihoods += np.float32(LEAST_LIKELIHOOD)
    costs[:, order] = np.log(likelihoods).sum(axis=0) / np.float32(-COST_UNIT)
    return costs
