"""The SVM that WISE has to beat."""

import numpy as np

from wise_hf.training.svm import fit_svm, frame_statistics, predict_with_svm


def utterances(count: int, seed: int) -> tuple[list[np.ndarray], list[int], list[str]]:
    rng = np.random.default_rng(seed)
    labels = [number % 2 for number in range(count)]
    features = [rng.normal(label, 1, (rng.integers(5, 30), 39)) for label in labels]
    return features, labels, [f"speaker{number % 4}" for number in range(count)]


def test_an_utterance_has_273_statistics_of_its_frames():
    frames = np.arange(4 * 39, dtype=np.float32).reshape(4, 39)
    statistics = frame_statistics(frames).reshape(7, 39)
    expected = [frames.mean(0), frames.std(0), frames[0], frames[3]]
    np.testing.assert_allclose(statistics[:4], expected)
    np.testing.assert_allclose(statistics[5], np.median(frames, axis=0))


def test_it_learns_what_can_be_told_apart():
    svm = fit_svm(*utterances(40, seed=0))
    features, labels, _ = utterances(20, seed=1)
    assert (predict_with_svm(svm, features) == labels).mean() > 0.9


def test_one_speaker_or_unknown_speakers_still_train():
    features, labels, _ = utterances(20, seed=0)
    for speakers in (["anna"] * 20, [None] * 20):
        assert len(predict_with_svm(fit_svm(features, labels, speakers), features)) == 20


def test_emotions_that_go_with_speakers_and_single_utterances_still_train():
    features, labels, _ = utterances(8, seed=0)
    assert len(predict_with_svm(fit_svm(features, labels, ["a", "b"] * 4), features)) == 8
    assert len(predict_with_svm(fit_svm(features[:2], labels[:2], [None] * 2), features)) == 8
