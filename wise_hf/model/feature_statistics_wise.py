"""Mean and standard deviation of each value of a frame, which features are normalised by."""

from collections.abc import Iterable, Sequence

import numpy as np


STD_FLOOR = 1e-3

Statistics = tuple[Sequence[float] | np.ndarray, Sequence[float] | np.ndarray]


class RunningStatistics:
    """Mean and standard deviation of each value of a frame, in one pass over the frames.

    Attributes:
        num_frames: how many frames there were so far.

    Source: Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979.
    """

    def __init__(self):
        self.num_frames = 0
        self._mean: np.ndarray | float = 0.0
        self._squares: np.ndarray | float = 0.0

    def add(self, features: np.ndarray) -> None:
        """Count more frames.

        Args:
            features: (T, size), not normalised.

        Raises:
            ValueError: it has other values than the first, or such as are not finite.
        """
        one = _check_features(features, size=np.size(self._mean) if self.num_frames else None)
        if len(one) == 0:
            return
        own_mean = one.mean(axis=0)
        shift, total = own_mean - self._mean, self.num_frames + len(one)
        own_squares = np.square(one - own_mean).sum(axis=0)
        self._squares += own_squares + np.square(shift) * (self.num_frames * len(one) / total)
        self._mean += shift * (len(one) / total)
        self.num_frames = total

    def mean_and_std(self) -> tuple[np.ndarray, np.ndarray]:
        """Of all frames so far.

        Returns:
            tuple: mean and std, float64 of shape (size,) each; std is 0.001 at least.

        Raises:
            ValueError: there was no frame.
        """
        if self.num_frames == 0:
            raise ValueError("No frames to take mean and std of, expected at least one array of shape (T, size).")
        return self._mean, np.maximum(np.sqrt(self._squares / self.num_frames), STD_FLOOR)


def feature_statistics(features: Iterable[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each coefficient over all frames of several utterances, in one pass.

    Args:
        features: arrays of shape (T, size), not normalised; may be a generator.

    Returns:
        tuple: mean and std, float64 of shape (size,) each; std is 0.001 at least.

    Raises:
        ValueError: there is no frame, or an array has other values than the first, or such as are not finite.
    """
    running = RunningStatistics()
    for one in features:
        running.add(one)
    return running.mean_and_std()


def _check_features(features: np.ndarray, size: int | None) -> np.ndarray:
    values = np.asarray(features, dtype=np.float64)
    if values.ndim != 2 or size not in (None, values.shape[1]) or not np.isfinite(values).all():
        expected = f"(T, {size or 'size'})"
        raise ValueError(f"Features have shape {values.shape}, expected finite values of shape {expected}.")
    return values


def statistics_as_lists(
    mean: Sequence[float] | np.ndarray | None, std: Sequence[float] | np.ndarray | None, size: int
) -> tuple[list[float] | None, list[float] | None]:
    """Statistics as plain lists, which JSON can hold.

    Args:
        mean: (size,) or None.
        std: (size,), above 0, or None where the mean is None.
        size: values a frame.

    Returns:
        tuple: mean and std as lists of floats, or None and None.

    Raises:
        ValueError: only one of them is given, or they are not that many finite values each, with stds above 0.
    """
    if mean is None and std is None:
        return None, None
    if mean is None or std is None:
        raise ValueError("Only one of mean and std is given, expected both or neither; set_statistics makes them.")
    mean, std = np.asarray(mean, dtype=np.float64), np.asarray(std, dtype=np.float64)
    if mean.shape != (size,) or std.shape != (size,):
        raise ValueError(f"mean and std have shapes {mean.shape} and {std.shape}, expected ({size},) each.")
    if not (np.isfinite(mean).all() and np.isfinite(std).all() and (std > 0).all()):
        raise ValueError("mean or std holds a non-finite value or a std of 0 or below; call set_statistics again.")
    return mean.tolist(), std.tolist()
