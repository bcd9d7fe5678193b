"""The SVM that WISE has to beat."""

import numpy as np

from wise_hf.data.collator import speaker_statistics
from wise_hf.training.svm import fit_svm, frame_statistics, make_svm
from wise_hf.training.system import Trial


def utterances(count: int, seed: int) -> tuple[list[np.ndarray], list[int], list[str]]:
    rng = np.random.default_rng(seed)
    labels = [number % 2 for number in range(count)]
    features = [rng.normal(label, 1, (rng.integers(5, 30), 39)) for label in labels]
    return features, labels, [f"speaker{number % 4}" for number in range(count)]


def described(count: int, seed: int) -> tuple[np.ndarray, list[int], list[str]]:
    features, labels, speakers = utterances(count, seed)
    return np.stack([frame_statistics(frames) for frames in features]), labels, speakers


def test_an_utterance_has_273_statistics_of_its_frames():
    frames = np.arange(4 * 39, dtype=np.float32).reshape(4, 39)
    statistics = frame_statistics(frames).reshape(7, 39)
    expected = [frames.mean(0), frames.std(0), frames[0], frames[3]]
    np.testing.assert_allclose(statistics[:4], expected)
    np.testing.assert_allclose(statistics[5], np.median(frames, axis=0))


def test_it_learns_what_can_be_told_apart():
    svm = fit_svm(*described(40, seed=0))
    features, labels, _ = described(20, seed=1)
    assert (svm.predict(features) == labels).mean() > 0.9


def test_one_speaker_or_unknown_speakers_still_train():
    features, labels, _ = described(20, seed=0)
    for speakers in (["anna"] * 20, [None] * 20):
        assert len(fit_svm(features, labels, speakers).predict(features)) == 20


def test_emotions_that_go_with_speakers_and_single_utterances_still_train():
    features, labels, _ = described(8, seed=0)
    assert len(fit_svm(features, labels, ["a", "b"] * 4).predict(features)) == 8
    assert len(fit_svm(features[:2], labels[:2], [None] * 2).predict(features)) == 8


def trial_of(tmp_path, **changes) -> Trial:
    """Two speakers, one of whom is far louder; emotions that can be told apart within each of them."""
    features, labels, _ = utterances(60, seed=0)
    spoken = [
        {"speaker": "ab"[number // 2 % 2], "emotion": ["happy", "sad"][label], "input_features": frames.astype("f4")}
        for number, (frames, label) in enumerate(zip(features, labels, strict=True))
    ]
    loud = [
        each | {"input_features": each["input_features"] * 40 + 300} if each["speaker"] == "b" else each
        for each in spoken
    ]
    parts = {"train": loud[:32], "validation": loud[32:40], "test": loud[40:]}
    return Trial(parts, ["happy", "sad"], None, 0, tmp_path, "test", **changes)


def test_it_is_a_system_that_knows_speakers_where_it_is_told_of_them(tmp_path):
    every = trial_of(tmp_path).of("train", "validation", "test")
    trial = trial_of(tmp_path, statistics=speaker_statistics(every * 10, 15))
    true = np.array(trial.labels(trial.parts["test"]))
    known = np.array(make_svm("speaker").fit_and_predict(trial))
    assert (known == true).mean() > 0.9
    unknown = make_svm("global")
    assert unknown.fit_and_predict(trial) == unknown.fit_and_predict(trial_of(tmp_path))


def test_it_learns_from_the_parts_that_it_is_given(tmp_path, monkeypatch):
    learnt = []

    def fit(features: list, labels: list, speakers: list) -> object:
        learnt.append(len(features))
        return fit_svm(features, labels, speakers)

    monkeypatch.setattr("wise_hf.training.svm.fit_svm", fit)
    trial = trial_of(tmp_path)
    for parts in (("train",), ("train", "validation")):
        assert len(make_svm(learns_from=parts).fit_and_predict(trial)) == 20
    assert learnt == [32, 40]
