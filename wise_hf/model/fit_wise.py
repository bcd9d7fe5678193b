"""How well words fit the audio they are aligned to: their cost against that of any others, and what they leave out."""

import numpy as np

from .speech_wise import WINDOW_S


# Told by the worst of so many phonemes in a row (a wrong word or two), or by the mean of all (everything is wrong, but
# nothing very much so), which weighs more.
PHONEMES_IN_A_ROW = 8
MEAN_WEIGHT = 1.4
# Or by the share of speech that the words leave out: windows of this probability, further than this from any word. A
# breath or a sound of a short recording may count for less than this share.
SURE_SPEECH = 0.5
MARGIN_S = 0.1
MOST_LEFT_OUT = 0.15
LEAST_SPEECH_S = 2.5
# What a phoneme is stretched over beyond this is not its own: a word can swallow a sentence.
LONGEST_PHONEME_S = 0.3
# Where the fit is 0.5, and how fast it changes, in the acoustic model's unit (0.1 nat a frame).
MIDDLE, STEP = 48.0, 10.0
# Below the first the text is doubtful. No noise or music reached the second with a sentence as its text. Both were
# chosen on real recordings with true and exchanged texts: docs/performance.md.
LEAST_FIT = 0.5
SURE_FIT = 0.88


def misfits(phone_costs: np.ndarray, path_costs: np.ndarray, spans: list[tuple[int, int]]) -> np.ndarray:
    """How much worse each phoneme fits its frames than the phone of the model, or the noise, that fits them best.

    Args:
        phone_costs: (frames, phones) what each frame costs in every phone of the model, noise among them.
        path_costs: (frames,) what each frame of the alignment costs.
        spans: first frame and frame after of each phoneme.

    Returns:
        (phonemes,) the mean difference a frame, about 0 or below where nothing fits better.
    """
    sums = np.zeros((len(phone_costs) + 1, phone_costs.shape[1] + 1))
    np.cumsum(np.column_stack([path_costs, phone_costs]), axis=0, out=sums[1:])
    firsts, afters = np.array(spans).T
    means = (sums[afters] - sums[firsts]) / (afters - firsts)[:, None]
    return means[:, 0] - means[:, 1:].min(axis=1)


def word_fit(its_misfits: np.ndarray) -> float:
    """The fit of a word, 0 to 1, by the mean of its phonemes' `misfits`."""
    return float(1 / (1 + np.exp((np.mean(its_misfits) - MIDDLE) / STEP)))


def left_out(words: list[dict], probabilities: np.ndarray) -> float:
    """How much is said that no word stands for: pauses take in whatever the text does not have.

    Args:
        words: as `timed_word` makes them, in order.
        probabilities: (windows,) of `hear_speech`.

    Returns:
        The share, 0 to 1, of the speech that lies outside the words; of 2.5 s where there is less of it.
    """
    phonemes = [phoneme for word in words for phoneme in word["phonemes"]]
    starts, ends = np.array([(phoneme["start_s"], phoneme["end_s"]) for phoneme in phonemes]).T
    ends = np.concatenate([[-np.inf], np.minimum(ends, starts + LONGEST_PHONEME_S) + MARGIN_S])
    middles = (np.arange(len(probabilities)) + 0.5) * WINDOW_S
    is_outside = middles > ends[np.searchsorted(starts - MARGIN_S, middles)]
    is_speech = probabilities > SURE_SPEECH
    return float((is_speech & is_outside).sum() / max(is_speech.sum(), LEAST_SPEECH_S / WINDOW_S))


def text_fit(all_misfits: np.ndarray, share_left_out: float = 0.0) -> float:
    """The fit of a whole text, 0 to 1, by whatever is worst: a stretch of its phonemes, all, or what it leaves out."""
    width = min(PHONEMES_IN_A_ROW, len(all_misfits))
    worst = np.convolve(all_misfits, np.full(width, 1 / width), "valid").max()
    unsaid = MIDDLE * share_left_out / MOST_LEFT_OUT
    return word_fit(np.array([max(worst, MEAN_WEIGHT * np.mean(all_misfits), unsaid)]))
