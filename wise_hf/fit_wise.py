"""How well words fit the audio they are aligned to: their cost against that of whatever else might be said there."""

import numpy as np

from .acoustics_wise import ModelDefinition


# Told by the worst of so many phonemes in a row (a wrong word or two), or by the mean of all (everything is wrong, but
# nothing very much so), which weighs more.
PHONEMES_IN_A_ROW = 8
MEAN_WEIGHT = 1.4
# Where the fit is 0.5, and how fast it changes, in the acoustic model's unit (0.1 nat a frame).
MIDDLE, STEP = 50.0, 10.0
# Below the first the text is doubtful. No noise or music reached the second with a sentence as its text. Both were
# chosen on real recordings with true and exchanged texts: docs/performance.md.
LEAST_FIT = 0.5
SURE_FIT = 0.88


def misfits(
    costs: np.ndarray, model: ModelDefinition, path_costs: np.ndarray, spans: list[tuple[int, int]]
) -> np.ndarray:
    """How much worse each phoneme fits its frames than the phone of the model, or the noise, that fits them best.

    Args:
        costs: (frames, senones) of `acoustic_costs`.
        model: names the columns.
        path_costs: (frames,) what each frame of the alignment costs.
        spans: first frame and frame after of each phoneme.

    Returns:
        (phonemes,) the mean difference a frame, about 0 or below where nothing fits better.
    """
    others = costs[:, model.senones[model.base_sequences]].min(axis=2)
    sums = np.zeros((len(costs) + 1, others.shape[1] + 1))
    np.cumsum(np.column_stack([path_costs, others]), axis=0, out=sums[1:])
    firsts, afters = np.array(spans).T
    means = (sums[afters] - sums[firsts]) / (afters - firsts)[:, None]
    return means[:, 0] - means[:, 1:].min(axis=1)


def word_fit(its_misfits: np.ndarray) -> float:
    """The fit of a word, 0 to 1, by the mean of its phonemes' `misfits`."""
    return float(1 / (1 + np.exp((np.mean(its_misfits) - MIDDLE) / STEP)))


def text_fit(all_misfits: np.ndarray) -> float:
    """The fit of a whole text, 0 to 1, by its worst stretch of phonemes or by all of them, whichever is worse."""
    width = min(PHONEMES_IN_A_ROW, len(all_misfits))
    worst = np.convolve(all_misfits, np.full(width, 1 / width), "valid").max()
    return word_fit(np.array([max(worst, MEAN_WEIGHT * np.mean(all_misfits))]))
