"""WA, UA, macro F1 and the confusion counts, against values worked out by hand."""

from pathlib import Path

import evaluate
import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, recall_score

from wise_hf.training import scores as scores_module
from wise_hf.training.scores import compute_scores, scores_of_confusion


def test_scores_are_those_worked_out_by_hand():
    scores = compute_scores([0, 0, 1, 1, 2, 0], [0, 0, 0, 1, 1, 2], 3)
    assert scores["wa"] == pytest.approx(3 / 6)
    assert scores["ua"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert scores["macro_f1"] == pytest.approx((2 / 3 + 1 / 2 + 0) / 3)
    assert scores["confusion"] == [[2, 1, 0], [0, 1, 1], [1, 0, 0]]


def test_a_class_without_utterances_is_left_out_of_ua_and_f1():
    scores = compute_scores([0, 1, 3], [0, 1, 1], 4)
    assert scores["ua"] == pytest.approx((1 + 1 / 2) / 2)
    assert scores["macro_f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert np.array(scores["confusion"]).shape == (4, 4)


def test_pooled_scores_from_counts_equal_those_from_predictions():
    rng = np.random.default_rng(0)
    true, predicted = rng.integers(0, 3, 200), rng.integers(0, 4, 200)
    scores = compute_scores(predicted, true, 4)
    pooled = scores_of_confusion(np.array(scores["confusion"]))
    assert pooled == pytest.approx({name: scores[name] for name in pooled})


@pytest.mark.parametrize("seed", range(20))
def test_scores_are_those_of_sklearn_to_the_last_digit(seed):
    rng = np.random.default_rng(seed)
    true, predicted = rng.integers(0, 1 + seed % 5, 97), rng.integers(0, 5, 97)
    average = {"labels": np.unique(true), "average": "macro", "zero_division": 0}
    assert compute_scores(predicted, true, 5) == {
        "wa": accuracy_score(true, predicted),
        "ua": recall_score(true, predicted, **average),
        "macro_f1": f1_score(true, predicted, **average),
        "confusion": confusion_matrix(true, predicted, labels=range(5)).tolist(),
    }


def test_evaluate_loads_the_same_scores_from_their_folder():
    metric = evaluate.load(str(Path(scores_module.__file__).with_name("emotion_scores")), keep_in_memory=True)
    predicted, true = [0, 0, 1, 1, 2, 0], [0, 0, 0, 1, 1, 2]
    found = metric.compute(predictions=predicted, references=true, num_labels=3)
    assert found == compute_scores(predicted, true, 3)
