"""Mean and standard deviation of each of the 39 values of a frame, which features are normalised by."""

from collections.abc import Iterable, Sequence

import numpy as np

from .mfcc_wise import NUM_CEPSTRA


FEATURE_SIZE = 3 * NUM_CEPSTRA
STD_FLOOR = 1e-3

Statistics = tuple[Sequence[float] | np.ndarray, Sequence[float] | np.ndarray]


def feature_statistics(features: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each coefficient over all frames of several utterances, in one pass.

    Args:
        features: arrays of shape (T, 39), not normalised; may be a generator.

    Returns:
        tuple: mean and std, float64 of shape (39,) each; std is 0.001 at least.

    Raises:
        ValueError: there is no frame, or an array does not have 39 finite values a frame.

    Source: Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979.
    """
    count, mean, squares = 0, np.zeros(FEATURE_SIZE), np.zeros(FEATURE_SIZE)
    for one in features:
        one = _check_features(one)
        if len(one) == 0:
            continue
        own_mean = one.mean(axis=0)
        shift, total = own_mean - mean, count + len(one)
        squares += np.square(one - own_mean).sum(axis=0) + np.square(shift) * (count * len(one) / total)
        mean += shift * (len(one) / total)
        count = total
    if count == 0:
        raise ValueError("No frames to take mean and std of, expected at least one array of shape (T, 39).")
    return mean, np.maximum(np.sqrt(squares / count), STD_FLOOR)


def _check_features(features: np.ndarray) -> np.ndarray:
    values = np.asarray(features, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != FEATURE_SIZE or not np.isfinite(values).all():
        raise ValueError(f"Features have shape {values.shape}, expected finite values of shape (T, {FEATURE_SIZE}).")
    return values


def statistics_as_lists(
    mean: Sequence[float] | np.ndarray | None, std: Sequence[float] | np.ndarray | None
) -> tuple[list[float] | None, list[float] | None]:
    """Statistics as plain lists, which JSON can hold.

    Args:
        mean: (39,) or None.
        std: (39,), above 0, or None where the mean is None.

    Returns:
        tuple: mean and std as lists of 39 floats, or None and None.

    Raises:
        ValueError: only one of them is given, or they are not 39 finite values each with stds above 0.
    """
    if mean is None and std is None:
        return None, None
    if mean is None or std is None:
        raise ValueError(
            "Only one of mean and std is given, expected both or neither; call set_statistics to make them."
        )
    mean, std = np.asarray(mean, dtype=np.float64), np.asarray(std, dtype=np.float64)
    if mean.shape != (FEATURE_SIZE,) or std.shape != (FEATURE_SIZE,):
        raise ValueError(f"mean and std have shapes {mean.shape} and {std.shape}, expected ({FEATURE_SIZE},) each.")
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std > 0).all()):
        raise ValueError(
            "mean or std holds a value that is not finite or a std of 0 or below; call set_statistics again."
        )
    return mean.tolist(), std.tolist()
