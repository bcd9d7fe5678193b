"""Varied copies of training utterances: other tempi, other vocal tracts, other channels, other sentences."""

import functools
from collections.abc import Sequence

import numpy as np
import torch

from wise_hf.data.encoded_batch import EncodedBatch, frame_counts, phoneme_counts, ranges, starts, take_words
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.level_wise import masking_noise
from wise_hf.model.mel_wise import hz_to_mel, mel_to_hz
from wise_hf.model.mfcc_wise import (
    NUM_CEPSTRA,
    NUM_MEL_BANDS,
    SAMPLING_RATE,
    dct_matrix,
    mfcc_native,
    warp_frequencies,
    with_deltas,
)


AUGMENTATIONS = (
    *("tempo", "channel", "warp", "disturb", "drop_words", "mix_words"),
    *("frame_noise", "unknown_speakers"),
)
OF_MFCC = ("tempo", "channel", "warp", "disturb")  # change the cepstra, or scale their deltas

TEMPO_SPREAD = 0.2  # speaks up to exp(0.2) = 22 % slower or faster
WARPS = (0.9, 0.92, 0.94, 0.96, 0.98, 1.0, 1.02, 1.04, 1.06, 1.08, 1.1)
OTHER_CHANNEL_SHARE = 0.5
NARROW_SHARE = 0.5  # of the other channels
UPPER_EDGE_HZ, LOWER_EDGE_HZ = (3000.0, 8000.0), (50.0, 500.0)
TILT_DB = 6.0  # from the lowest to the highest band, either way
NOISE_DB = (-40.0, -5.0)  # against the speech
SHIFT_STD = 0.3  # in deviations of the coefficient
NOISE_STD = 0.1
DROPPED_SHARE = 0.15
MIXED_SHARE = 0.4
FRAME_NOISE_STD = 0.3
UNKNOWN_SHARE = 0.5  # of the utterances, normalised as if nobody knew who speaks
COPIED_SHARE = 2 / 3  # of the utterances, taken from a copy of their recording
HIGH_HZ = 8000.0
MAX_FRAMES_PER_PHONEME = 64


def check_augmentations(augment: Sequence[str], feature_extractor: WISEFeatureExtractor) -> None:
    """Refuse augmentations that the features are not made for.

    Args:
        augment: names of `AUGMENTATIONS`.
        feature_extractor: what makes the features.

    Raises:
        ValueError: one of them changes MFCC, and the features are others.
    """
    fit = fitting_augmentations(augment, feature_extractor)
    unfit = [each for each in augment if each not in fit]
    if unfit:
        name = "an encoder's frames" if feature_extractor.is_encoded else repr(feature_extractor.mfcc_backend)
        others = ",".join(each for each in AUGMENTATIONS if each not in OF_MFCC)
        raise ValueError(f"The augmentations {', '.join(unfit)} change MFCC, not {name}; give --augment {others}.")


def fitting_augmentations(augment: Sequence[str], feature_extractor: WISEFeatureExtractor) -> tuple[str, ...]:
    """The augmentations that the features are made for, of some; arguments as in `check_augmentations`."""
    return tuple(each for each in augment if each not in OF_MFCC or feature_extractor.is_mfcc)


def stretch(batch: EncodedBatch, rng: np.random.Generator) -> EncodedBatch:
    """Speak slower or faster: frames are repeated or left out within each phoneme, deltas scaled with the rate.

    Args:
        batch: with raw (not normalised) features.
        rng: draws the rates, one for each utterance.
    """
    rates = np.exp(rng.uniform(-TEMPO_SPREAD, TEMPO_SPREAD, len(batch["word_counts"])))
    rate, old = np.repeat(rates, phoneme_counts(batch)), batch["phoneme_lengths"]
    new = np.clip(np.floor(old * rate + rng.random(len(old))), 1, MAX_FRAMES_PER_PHONEME).astype(np.int64)
    within = ranges(np.zeros_like(new), new)
    index = np.repeat(starts(old), new) + ((within + 0.5) * np.repeat(old / new, new)).astype(np.int64)
    features = batch["input_features"].take(index, axis=0)
    slowness = np.repeat(1 / rate.astype(np.float32), new)[:, None]
    features[:, NUM_CEPSTRA : 2 * NUM_CEPSTRA] *= slowness
    features[:, 2 * NUM_CEPSTRA :] *= slowness**2
    return batch | {"input_features": features, "phoneme_lengths": new}


def change_channel(features: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Every second utterance through another microphone, telephone or room.

    The cepstra give the energies of the mel bands, smoothly; the bands are weighed, noise is added, and the whole is
    as loud again as it was. What masks faint sounds in every recording (`wise_hf.model.level_wise`) stays beneath.

    Args:
        features: (T, 39) of an utterance, raw (not normalised), of a recording that was brought to one level.
        rng: draws the channel, the same for the whole utterance.
    """
    if rng.random() >= OTHER_CHANNEL_SHARE:
        return features
    mask, matrix = masking_energies(), dct_matrix()
    energies = np.exp(features[:, :NUM_CEPSTRA] @ band_matrix())  # (T, bands)
    heard = np.maximum(energies - mask, 1e-3 * energies) * _draw_response(rng)
    noise_db, noise_tilt_db = rng.uniform(*NOISE_DB), rng.uniform(-TILT_DB, TILT_DB)
    heard += heard.mean() * from_db(noise_db + noise_tilt_db * np.linspace(-0.5, 0.5, len(mask)))
    heard *= energies.sum() / heard.sum()
    cepstra = np.log(heard + mask).astype(np.float32) @ matrix
    return with_deltas(cepstra)


def _draw_response(rng: np.random.Generator) -> np.ndarray:
    """(bands,) what a channel makes of each band's energy."""
    centres_hz = band_centres_hz()
    response_db = rng.uniform(-TILT_DB, TILT_DB) * np.linspace(-0.5, 0.5, len(centres_hz))
    if rng.random() < NARROW_SHARE:
        upper_hz, lower_hz = rng.uniform(*UPPER_EDGE_HZ), rng.uniform(*LOWER_EDGE_HZ)
        response_db = response_db - np.where(centres_hz > upper_hz, rng.uniform(15, 50), 0.0)
        octaves_below = np.log2(np.maximum(lower_hz / centres_hz, 1.0))
        response_db -= rng.uniform(6, 24) * octaves_below
    return from_db(response_db)


def from_db(level_db: np.ndarray) -> np.ndarray:
    """Decibels to a factor of energy."""
    return 10 ** (level_db / 10)


def band_centres_hz() -> np.ndarray:
    """(bands,) float64: the middle of each mel band."""
    return mel_to_hz(np.linspace(0.0, hz_to_mel(HIGH_HZ), NUM_MEL_BANDS + 2)[1:-1])


@functools.cache
def band_matrix() -> np.ndarray:
    """(13, bands) float64: cepstra to the smooth log mel spectrum that they describe."""
    return np.linalg.pinv(dct_matrix().astype(np.float64))


@functools.cache
def masking_energies() -> np.ndarray:
    """(bands,) float64: the energy that the noise beneath every levelled recording has in each mel band."""
    cepstra = mfcc_native(masking_noise(10 * SAMPLING_RATE))[:, :NUM_CEPSTRA]
    return np.exp(cepstra @ band_matrix()).mean(axis=0)


@functools.cache
def warp_matrix(warp: float) -> np.ndarray:
    """Vocal tract length perturbation (Jaitly & Hinton 2013) of raw MFCC as one linear map.

    Cepstra give a smooth log mel spectrum, which is read at the warped centres of the filters and turned into cepstra
    again; a linear map commutes with the deltas, so one block serves all three parts.

    Args:
        warp: as `mel_warp` of `mfcc_native`; 1 is no change.

    Returns:
        (39, 39) float32; `features @ warp_matrix(w)` is close to the features of the warped audio.
    """
    to_cepstra = dct_matrix().astype(np.float64)  # (bands, 13), liftered
    bands = len(to_cepstra)
    centres = hz_to_mel(band_centres_hz())
    read_at = hz_to_mel(warp_frequencies(mel_to_hz(centres), warp, HIGH_HZ))
    position = np.clip((read_at - centres[0]) / (centres[1] - centres[0]), 0, bands - 1)
    low = np.minimum(position.astype(int), bands - 2)
    reading = np.zeros((bands, bands))  # row k reads between two bands
    reading[np.arange(bands), low] = 1 - (position - low)
    reading[np.arange(bands), low + 1] = position - low
    block = band_matrix() @ reading.T @ to_cepstra
    return np.kron(np.eye(3), block).astype(np.float32)


def warped(features: np.ndarray, warp: float) -> np.ndarray:
    """Raw frames (T, size), MFCC unless the warp is 1, as of another vocal tract."""
    return features if warp == 1.0 else features @ warp_matrix(warp)


def disturb(batch: EncodedBatch, rng: np.random.Generator) -> EncodedBatch:
    """Another microphone: a constant on each cepstrum of an utterance, and noise on every value.

    Args:
        batch: with normalised features.
        rng: draws both.
    """
    features = batch["input_features"] + _noise(batch, NOISE_STD, rng)
    shifts = SHIFT_STD * rng.standard_normal((len(batch["word_counts"]), NUM_CEPSTRA), dtype=np.float32)
    features[:, :NUM_CEPSTRA] += np.repeat(shifts, frame_counts(batch), axis=0)
    return batch | {"input_features": features}


def add_noise(batch: EncodedBatch, rng: np.random.Generator) -> EncodedBatch:
    """Noise on every value.

    Args:
        batch: with normalised features.
        rng: draws it.
    """
    return batch | {"input_features": batch["input_features"] + _noise(batch, FRAME_NOISE_STD, rng)}


def _noise(batch: EncodedBatch, std: float, rng: np.random.Generator) -> np.ndarray:
    """For every value; PyTorch draws it in a third of NumPy's time."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    return torch.randn(batch["input_features"].shape, generator=generator).mul_(std).numpy()


def drop_words(batch: EncodedBatch, rng: np.random.Generator) -> EncodedBatch:
    """Leave words out, never all of an utterance."""
    counts = batch["word_counts"]
    keep = rng.random(len(batch["word_lengths"])) >= DROPPED_SHARE
    keep[starts(counts) + rng.integers(counts)] = True
    return take_words(batch, np.flatnonzero(keep), np.add.reduceat(keep.astype(np.int64), starts(counts)))


def mix_words(batch: EncodedBatch, rng: np.random.Generator) -> EncodedBatch:
    """Replace words by words that other utterances of the batch say with the same emotion.

    What is left in common between utterances of an emotion is the emotion, not the voice or the sentence.
    """
    emotion = np.repeat(batch["labels"], batch["word_counts"])
    sources = np.arange(len(emotion))
    replaced = rng.random(len(emotion)) < MIXED_SHARE
    for label in np.unique(emotion):
        words = np.flatnonzero(emotion == label)
        chosen = words[replaced[words]]
        sources[chosen] = rng.choice(words, len(chosen))
    return take_words(batch, sources, batch["word_counts"])
