"""Intervals and tests, against independent references and cases known by hand."""

from math import comb

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, f1_score

from wise_hf.tables import statistics
from wise_hf.tables.statistics import bootstrap_intervals, combined_p, compare, confusion_of, mcnemar, pooled_scores


EMOTIONS = ["angry", "happy", "sad"]


def make_run(num_utterances: int, rate: float, seed: int, truth_seed: int = 0) -> tuple[dict, dict]:
    """What is true (unevenly: few are sad), and a run that is right at this rate."""
    drawn = np.random.default_rng(truth_seed).choice(EMOTIONS, num_utterances, p=[0.5, 0.35, 0.15])
    truth = {f"u{i}": str(emotion) for i, emotion in enumerate(drawn)}
    generator = np.random.default_rng(seed)
    guess = {each: str(generator.choice([e for e in EMOTIONS if e != truth[each]])) for each in truth}
    return truth, {each: truth[each] if generator.random() < rate else guess[each] for each in truth}


def test_pooled_scores_are_those_of_sklearn():
    truth, predicted = make_run(200, 0.6, seed=1)
    columns = list(truth.values()), list(predicted.values())
    assert np.array_equal(confusion_of(truth, predicted, EMOTIONS), confusion_matrix(*columns, labels=EMOTIONS))
    scores = pooled_scores(truth, [predicted], EMOTIONS)
    assert scores["wa"] == pytest.approx(accuracy_score(*columns))
    assert scores["ua"] == pytest.approx(balanced_accuracy_score(*columns))
    assert scores["macro_f1"] == pytest.approx(f1_score(*columns, average="macro"))


def test_pooled_scores_are_averaged_over_the_seeds():
    truth = {"a": "angry", "b": "happy"}
    right, half = dict(truth), {"a": "angry", "b": "angry"}
    assert pooled_scores(truth, [right, half], EMOTIONS)["ua"] == pytest.approx(0.75)


def reference_intervals(truth: dict, runs: list[dict], resamples: int = 1500) -> dict:
    """Utterance by utterance, as a textbook has it, with sklearn's scores."""
    ids, generator = np.array(list(truth)), np.random.default_rng(5)
    drawn = []
    for _ in range(resamples):
        sample = generator.choice(ids, len(ids))
        true = [truth[each] for each in sample]
        scores = [[score(true, [run[each] for each in sample]) for run in runs] for score in SCORES]
        drawn.append(np.mean(scores, axis=1))
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    return {"wa": [low[0], high[0]], "ua": [low[1], high[1]]}


SCORES = (accuracy_score, balanced_accuracy_score)


def test_intervals_are_those_of_drawing_utterances_one_by_one():
    truth, predicted = make_run(150, 0.6, seed=1)
    intervals, expected = bootstrap_intervals(truth, [predicted]), reference_intervals(truth, [predicted], 800)
    for score in ("wa", "ua"):
        assert intervals[score] == pytest.approx(expected[score], abs=0.02)


def test_intervals_of_several_seeds_draw_the_utterances_of_all_of_them_together():
    truth, first = make_run(150, 0.6, seed=1)
    intervals = bootstrap_intervals(truth, [first, first])
    assert intervals == bootstrap_intervals(truth, [first])  # the same run twice adds no certainty
    _, other = make_run(150, 0.6, seed=2)
    width = {name: high - low for name, (low, high) in bootstrap_intervals(truth, [first, other]).items()}
    assert width["wa"] < 0.9 * (intervals["wa"][1] - intervals["wa"][0])


def test_intervals_depend_on_their_seed_alone():
    truth, predicted = make_run(80, 0.6, seed=1)
    assert bootstrap_intervals(truth, [predicted]) == bootstrap_intervals(truth, [dict(reversed(predicted.items()))])
    assert bootstrap_intervals(truth, [predicted], seed=1) != bootstrap_intervals(truth, [predicted], seed=2)


def test_a_perfect_run_has_no_width_and_an_absent_emotion_does_no_harm():
    truth = dict.fromkeys("abc", "angry") | {"d": "sad"}  # a resample often has no sad utterance
    assert bootstrap_intervals(truth, [dict(truth)]) == {"wa": [1.0, 1.0], "ua": [1.0, 1.0]}


def test_intervals_cover_the_true_rate_about_as_often_as_they_say(monkeypatch):
    monkeypatch.setattr(statistics, "RESAMPLES", 300)
    covered = 0
    for seed in range(200):
        low, high = bootstrap_intervals(*pair(make_run(150, 0.6, seed, truth_seed=seed)))["wa"]
        covered += low <= 0.6 <= high
    assert 178 <= covered <= 199


def pair(run: tuple[dict, dict]) -> tuple[dict, list[dict]]:
    return run[0], [run[1]]


def test_mcnemar_by_hand():
    ours = np.array([True] * 9 + [False] * 2 + [True] * 5)
    theirs = np.array([False] * 9 + [True] * 2 + [True] * 5)
    by_hand = 2 * sum(comb(11, k) for k in range(3)) / 2**11  # 9 against 2
    assert mcnemar(ours, theirs) == pytest.approx(by_hand) == pytest.approx(mcnemar(theirs, ours))
    assert mcnemar(ours, ours) == 1 and mcnemar(ours[:1], theirs[:1]) == 1


def test_identical_runs_do_not_differ():
    truth, predicted = make_run(100, 0.6, seed=1)
    found = compare(truth, [predicted], [predicted])
    assert found["mcnemar_p"] == 1 and found["ua_difference"] == 0 and found["ua_interval"] == [0, 0]


def test_the_difference_is_that_of_the_pooled_scores_and_a_clear_one_is_found():
    truth, good = make_run(300, 0.8, seed=1)
    _, bad = make_run(300, 0.5, seed=2)
    found = compare(truth, [good], [bad])
    ua = [pooled_scores(truth, [run], EMOTIONS)["ua"] for run in (good, bad)]
    assert found["ua_difference"] == pytest.approx(ua[0] - ua[1])
    assert 0 < found["ua_interval"][0] < found["ua_difference"] < found["ua_interval"][1]
    assert found["mcnemar_p"] < 0.001 and found["utterances"] == 300
    mirrored = compare(truth, [bad], [good])
    assert mirrored["ua_difference"] == -found["ua_difference"] and mirrored["mcnemar_p"] == found["mcnemar_p"]


def test_a_paired_interval_is_narrower_than_that_of_runs_that_err_apart():
    truth, first = make_run(300, 0.6, seed=1)
    nearly = first | {each: truth[each] for each in list(truth)[:15]}
    _, apart = make_run(300, 0.6, seed=2)
    narrow, wide = (np.ptp(compare(truth, [other], [first])["ua_interval"]) for other in (nearly, apart))
    assert narrow < wide / 2


def test_only_what_both_tested_is_compared():
    truth = {"a": "angry", "b": "happy", "c": "sad"}
    found = compare(truth, [{"a": "angry", "b": "happy"}], [{"b": "angry", "c": "sad"}])
    assert found["utterances"] == 1 and found["ua_difference"] == 1
    with pytest.raises(ValueError, match="no utterance that both"):
        compare(truth, [{"a": "angry"}], [{"b": "happy"}])


def test_seeds_are_averaged_and_their_tests_combined():
    truth, first = make_run(200, 0.75, seed=1)
    _, second = make_run(200, 0.65, seed=2)
    _, other = make_run(200, 0.55, seed=3)
    single = [compare(truth, [run], [other]) for run in (first, second)]
    both = compare(truth, [first, second], [other, other])
    assert both["ua_difference"] == pytest.approx(np.mean([each["ua_difference"] for each in single]))
    assert both["mcnemar_p_by_seed"] == [each["mcnemar_p"] for each in single]
    assert both["mcnemar_p"] == pytest.approx(2 * np.mean(both["mcnemar_p_by_seed"]))
    assert combined_p([0.03]) == 0.03 and combined_p([0.9, 0.8]) == 1
