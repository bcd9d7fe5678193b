"""How sure a score is, and whether two systems differ: bootstrap intervals and tests on the same utterances."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import binomtest
from sklearn.metrics import confusion_matrix

from wise_hf.training.intervals import RESAMPLES, percentile_interval
from wise_hf.training.scores import scores_of_confusion


WRONG, RIGHT, NOT_TESTED = 0, 1, -1

Emotions = Mapping[str, str]  # of the utterances, by id


def confusion_of(truth: Emotions, predicted: Emotions, emotions: Sequence[str]) -> np.ndarray:
    """Count what the utterances of a run were taken for.

    Args:
        truth: the emotion of every utterance.
        predicted: what a run said of those that it tested.
        emotions: the K labels, in the order of the rows.

    Returns:
        (K, K) counts, a row for each true emotion.
    """
    true = [truth[utterance] for utterance in predicted]
    return confusion_matrix(true, list(predicted.values()), labels=emotions)


def pooled_scores(truth: Emotions, predictions: Sequence[Emotions], emotions: Sequence[str]) -> dict[str, float]:
    """WA, UA and macro F1 of all utterances that a run tested, whatever their fold.

    Args:
        truth, emotions: see `confusion_of`.
        predictions: a run for each seed; their scores are averaged.
    """
    scores = [scores_of_confusion(confusion_of(truth, predicted, emotions)) for predicted in predictions]
    return {name: float(np.mean([each[name] for each in scores])) for name in scores[0]}


def bootstrap_intervals(truth: Emotions, predictions: Sequence[Emotions], seed: int = 0) -> dict[str, list[float]]:
    """Percentile intervals of the pooled WA and UA: the utterances are drawn anew, the runs are as they are.

    Args:
        truth, predictions: see `pooled_scores`.
        seed: of the resamples.

    Returns:
        `wa` and `ua`, each [low, high], of 95 %.
    """
    wa, ua = _resampled_scores(*_outcomes(truth, predictions), seed)
    return {"wa": percentile_interval(wa.mean(axis=1)), "ua": percentile_interval(ua.mean(axis=1))}


def compare(truth: Emotions, ours: Sequence[Emotions], theirs: Sequence[Emotions], seed: int = 0) -> dict:
    """Hold one system against another on the utterances that both were tested on.

    Args:
        truth: the emotion of every utterance.
        ours, theirs: a run for each seed, the same seeds in the same order.
        seed: of the resamples.

    Returns:
        `utterances` (that both tested, in any seed), `ua_difference` (ours minus theirs, mean over the seeds) with
        its paired bootstrap `ua_interval` of 95 %, `mcnemar_p`, and `mcnemar_p_by_seed`.

    Raises:
        ValueError: where the runs do not pair up, or have no utterance in common.
    """
    pairs = [(_common(a, b), _common(b, a)) for a, b in zip(ours, theirs, strict=True)]
    if not pairs or not all(a for a, _ in pairs):
        raise ValueError("There is no utterance that both systems were tested on.")
    labels, outcomes = _outcomes(truth, [a for a, _ in pairs] + [b for _, b in pairs])
    _, drawn = _resampled_scores(labels, outcomes, seed)
    _, observed = _scores(np.ones((1, len(labels))), labels, outcomes)
    tests = [_mcnemar_of(outcomes[:, run], outcomes[:, len(pairs) + run]) for run in range(len(pairs))]
    return {
        "utterances": len(labels),
        "ua_difference": float(_difference(observed)[0]),
        "ua_interval": percentile_interval(_difference(drawn)),
        "mcnemar_p": combined_p(tests),
        "mcnemar_p_by_seed": tests,
    }


def mcnemar(ours_right: np.ndarray, theirs_right: np.ndarray) -> float:
    """McNemar's exact test: whether two systems are right equally often.

    Args:
        ours_right, theirs_right: (N,) bool of the same utterances.

    Returns:
        The two-sided p-value of the utterances that only one of them has right; 1 where there is none.
    """
    only_ours, only_theirs = int(np.sum(ours_right & ~theirs_right)), int(np.sum(theirs_right & ~ours_right))
    if only_ours + only_theirs == 0:
        return 1.0
    return float(binomtest(only_ours, only_ours + only_theirs, 0.5).pvalue)


def combined_p(p_values: Sequence[float]) -> float:
    """One p-value of tests of the same utterances with several seeds: twice their mean.

    The tests depend on each other, so that their mean alone is no p-value; twice the mean is one, whatever the
    dependence (Rüschendorf 1982).
    """
    return float(p_values[0]) if len(p_values) == 1 else float(min(1.0, 2 * np.mean(p_values)))


def _common(first: Emotions, second: Emotions) -> dict[str, str]:
    return {utterance: emotion for utterance, emotion in first.items() if utterance in second}


def _outcomes(truth: Emotions, predictions: Sequence[Emotions]) -> tuple[np.ndarray, np.ndarray]:
    """(N,) numbers of the true emotions of the tested utterances, and (N, R) what each run made of them."""
    tested = sorted(set().union(*predictions))
    _, labels = np.unique([truth[utterance] for utterance in tested], return_inverse=True)
    columns = [
        [int(run[each] == truth[each]) if each in run else NOT_TESTED for each in tested] for run in predictions
    ]
    return labels, np.array(columns, dtype=np.int8).T


def _resampled_scores(labels: np.ndarray, outcomes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """WA and UA, (resamples, R) each.

    Utterances with the same emotion and the same outcomes are interchangeable. How often each such kind is drawn is
    multinomial, which is far quicker than drawing the utterances themselves.
    """
    kinds, counts = np.unique(np.column_stack([labels, outcomes]), axis=0, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(len(labels), counts / len(labels), size=RESAMPLES)
    return _scores(draws, kinds[:, 0], kinds[:, 1:])


def _scores(weights: np.ndarray, labels: np.ndarray, outcomes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """WA and UA, (B, R) each, of B weightings of the utterances; emotions that nobody drew are left out of UA."""
    right, tested = outcomes == RIGHT, outcomes != NOT_TESTED
    recalls, present = [], []
    for label in np.unique(labels):
        of_label = weights * (labels == label)
        recalls.append(_ratio(of_label @ right, of_label @ tested, otherwise=0.0))
        present.append(of_label @ tested > 0)
    wa = _ratio(weights @ right, weights @ tested, otherwise=np.nan)
    return wa, _ratio(np.sum(recalls, axis=0), np.sum(present, axis=0), otherwise=np.nan)


def _ratio(part: np.ndarray, whole: np.ndarray, otherwise: float) -> np.ndarray:
    return np.divide(part, whole, out=np.full(part.shape, otherwise), where=whole > 0)


def _difference(ua: np.ndarray) -> np.ndarray:
    """(B,) of (B, 2 R): our R runs, then theirs."""
    ours, theirs = np.split(ua, 2, axis=1)
    return ours.mean(axis=1) - theirs.mean(axis=1)


def _mcnemar_of(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The test on what two runs made of the utterances that both tested."""
    tested = (ours != NOT_TESTED) & (theirs != NOT_TESTED)
    return mcnemar(ours[tested] == RIGHT, theirs[tested] == RIGHT)
