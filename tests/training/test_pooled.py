"""The pooled systems that WISE has to beat."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from wise_hf.data.collator import speaker_statistics
from wise_hf.data.wise_frames import Frames
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.model.frames_wise import FrameExtractor
from wise_hf.training.pooled import (
    LOGISTIC_REGRESSION,
    POOLED_CLASSIFIERS,
    SVM,
    PooledClassifier,
    fit_pooled,
    frame_statistics,
    mean_and_deviation,
    pooled_system,
    pooled_systems,
)
from wise_hf.training.system import Trial


FIVE_BANDS = FrameExtractor(np.zeros, feature_size=5, hop_ms=20)
MFCC = Frames()
OTHERS = Frames(f"{__name__}:FIVE_BANDS")
every_classifier = pytest.mark.parametrize("classifier", POOLED_CLASSIFIERS, ids=lambda each: each.key)


def utterances(count: int, seed: int, feature_size: int = 39) -> tuple[list[np.ndarray], list[int], list[str]]:
    rng = np.random.default_rng(seed)
    labels = [number % 2 for number in range(count)]
    features = [rng.normal(label, 1, (rng.integers(5, 30), feature_size)) for label in labels]
    return features, labels, [f"speaker{number % 4}" for number in range(count)]


def described(count: int, seed: int) -> tuple[np.ndarray, list[int], list[str]]:
    features, labels, speakers = utterances(count, seed)
    return np.stack([frame_statistics(frames) for frames in features]), labels, speakers


def test_an_utterance_has_273_statistics_of_its_mfcc():
    frames = np.arange(4 * 39, dtype=np.float32).reshape(4, 39)
    statistics = frame_statistics(frames).reshape(7, 39)
    expected = [frames.mean(0), frames.std(0), frames[0], frames[3]]
    np.testing.assert_allclose(statistics[:4], expected)
    np.testing.assert_allclose(statistics[5], np.median(frames, axis=0))


def test_an_utterance_has_mean_and_deviation_of_other_frames():
    frames = np.array([[1, 10], [3, 10]], dtype=np.float16)
    np.testing.assert_array_equal(mean_and_deviation(frames), [2, 10, 1, 0])


@every_classifier
def test_it_learns_what_can_be_told_apart(classifier):
    fitted = fit_pooled(classifier, *described(40, seed=0))
    features, labels, _ = described(20, seed=1)
    assert (fitted.predict(features) == labels).mean() > 0.9


@every_classifier
def test_one_speaker_or_unknown_speakers_still_train(classifier):
    features, labels, _ = described(20, seed=0)
    for speakers in (["anna"] * 20, [None] * 20):
        assert len(fit_pooled(classifier, features, labels, speakers).predict(features)) == 20


@every_classifier
def test_emotions_that_go_with_speakers_and_single_utterances_still_train(classifier):
    features, labels, _ = described(8, seed=0)
    assert len(fit_pooled(classifier, features, labels, ["a", "b"] * 4).predict(features)) == 8
    assert len(fit_pooled(classifier, features[:2], labels[:2], [None] * 2).predict(features)) == 8


def test_the_cost_is_chosen_among_those_of_the_classifier():
    costs = {each.key: fit_pooled(each, *described(40, seed=0))[-1].C for each in POOLED_CLASSIFIERS}
    assert costs["svm"] in SVM.costs and costs["logistic"] in LOGISTIC_REGRESSION.costs


def test_the_names_say_what_is_pooled():
    assert {key: each.name for key, each in pooled_systems(MFCC, "global").items()} == {
        "svm": "SVM on MFCC statistics",
        "logistic": "Logistic regression on mean and deviation of the MFCC",
    }
    assert {key: each.name for key, each in pooled_systems(OTHERS, "speaker").items()} == {
        "svm": "SVM on mean and deviation of the frames",
        "svm_unknown": "SVM, speakers unknown",
        "logistic": "Logistic regression on mean and deviation of the frames",
        "logistic_unknown": "Logistic regression, speakers unknown",
    }


def test_the_frames_are_those_that_it_is_given():
    system = pooled_system(SVM, OTHERS, "global")
    assert system.columns["input_features"].shape == (None, 5)
    assert (system.frames, pooled_system(SVM, MFCC, "global").frames) == (OTHERS.mfcc_backend, "MFCC")


def trial_of(tmp_path: Path, feature_size: int = 39, dtype: str = "float32", **changes: object) -> Trial:
    """Two speakers, one of whom is far louder; emotions that can be told apart within each of them."""
    features, labels, _ = utterances(60, seed=0, feature_size=feature_size)
    spoken = [
        {"speaker": "ab"[number // 2 % 2], "emotion": ["happy", "sad"][label], "input_features": frames.astype(dtype)}
        for number, (frames, label) in enumerate(zip(features, labels, strict=True))
    ]
    loud = [
        each | {"input_features": each["input_features"] * 40 + 300} if each["speaker"] == "b" else each
        for each in spoken
    ]
    parts = {"train": loud[:32], "validation": loud[32:40], "test": loud[40:]}
    return Trial(parts, ["happy", "sad"], None, 0, tmp_path, "test", **changes)


@pytest.mark.parametrize(("frames", "dtype"), [(MFCC, "float32"), (OTHERS, "float16")], ids=["MFCC", "other frames"])
@every_classifier
def test_it_is_a_system_that_knows_speakers_where_it_is_told_of_them(tmp_path, classifier, frames, dtype):
    extractor = frames.feature_extractor()
    size = extractor.feature_size
    every = trial_of(tmp_path, size, dtype).of("train", "validation", "test")
    told = trial_of(tmp_path, size, dtype, statistics=speaker_statistics(every * 10, extractor.hop_ms))
    untold = trial_of(tmp_path, size, dtype)
    systems = pooled_systems(frames, "speaker")
    true = np.array(told.labels(told.parts["test"]))
    known, unknown = systems[classifier.key], systems[f"{classifier.key}_unknown"]
    assert (np.array(known.fit_and_predict(told)) == true).mean() > 0.9
    assert unknown.fit_and_predict(told) == unknown.fit_and_predict(untold) != known.fit_and_predict(told)


def test_it_learns_from_the_parts_that_it_is_given(tmp_path, monkeypatch):
    learnt = []

    def fit(classifier: PooledClassifier, features: np.ndarray, *others: object) -> object:
        learnt.append(len(features))
        return fit_pooled(classifier, features, *others)

    monkeypatch.setattr("wise_hf.training.pooled.fit_pooled", fit)
    trial = trial_of(tmp_path)
    for parts in (("train",), ("train", "validation")):
        assert len(pooled_system(SVM, MFCC, "global", learns_from=parts).fit_and_predict(trial)) == 20
    assert learnt == [32, 40]


def test_one_utterance_at_a_time_is_made_numbers_of(tmp_path, monkeypatch):
    shapes = []

    def watched(normalize: Callable) -> Callable:
        def watching(self: WISEFeatureExtractor, features: np.ndarray, *others: object) -> np.ndarray:
            shapes.append(features.shape)
            return normalize(self, features, *others)

        return watching

    monkeypatch.setattr(WISEFeatureExtractor, "normalize", watched(WISEFeatureExtractor.normalize))
    trial = trial_of(tmp_path)
    pooled_system(LOGISTIC_REGRESSION, MFCC, "global").fit_and_predict(trial)
    assert shapes == [each["input_features"].shape for each in trial.of("train", "test")]
