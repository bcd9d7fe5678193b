"""Intervals of scores by the bootstrap: what the scores would be had other utterances or recordings been drawn."""

import numpy as np


RESAMPLES = 2000
CONFIDENCE = 0.95


def percentile_interval(values: np.ndarray) -> list[float]:
    """[low, high] of 95 %.

    Args:
        values: (resamples,) the score of each resample; NaN where it has none.
    """
    tail = 100 * (1 - CONFIDENCE) / 2
    return [float(bound) for bound in np.nanpercentile(values, [tail, 100 - tail])]
