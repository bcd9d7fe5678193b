"""The system to beat: statistics of the same MFCC into a support vector machine."""

from collections.abc import Sequence
from functools import partial

import numpy as np
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from wise_hf.data.prepare import wise_features
from wise_hf.data.schema import PreparedUtterance
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.training.system import System, Trial


COSTS = (0.3, 1.0, 3.0, 10.0, 30.0)
INNER_FOLDS = 4


def make_svm(
    normalization: str = "global", learns_from: Sequence[str] = ("train",), normalized_by: Sequence[str] = ("train",)
) -> System:
    """The SVM, as a system.

    Args:
        normalization: of the frames, see `WISEFeatureExtractor`.
        learns_from: the parts of a fold that it is fitted to.
        normalized_by: the parts that give the frames' mean and deviation, where a speaker has none of his own.
    """
    extract, columns = wise_features(WISEFeatureExtractor())
    fit_and_predict = partial(
        _fit_and_predict, normalization=normalization, learns_from=learns_from, normalized_by=normalized_by
    )
    return System("svm", "SVM on MFCC statistics", extract, columns, fit_and_predict=fit_and_predict)


def _fit_and_predict(
    trial: Trial, normalization: str, learns_from: Sequence[str], normalized_by: Sequence[str]
) -> list[int]:
    """The class numbers of the test utterances."""
    extractor = WISEFeatureExtractor(normalization=normalization)
    extractor.set_statistics(utterance["input_features"] for utterance in trial.of(*normalized_by))

    def statistics(utterance: PreparedUtterance) -> np.ndarray:
        of_speaker = trial.statistics.get((utterance["speaker"], 1.0, 0))
        return frame_statistics(extractor.normalize(utterance["input_features"], of_speaker))

    learnt, test = trial.of(*learns_from), trial.parts["test"]
    speakers = [utterance["speaker"] for utterance in learnt]
    svm = fit_svm(np.stack([statistics(each) for each in learnt]), trial.labels(learnt), speakers)
    return svm.predict(np.stack([statistics(each) for each in test])).tolist()


def frame_statistics(features: np.ndarray) -> np.ndarray:
    """Mean, deviation, minimum, maximum and quartiles of every coefficient.

    Args:
        features: (T, 39) the frames of an utterance, normalised as WISE's are.

    Returns:
        (273,) float64.
    """
    features = np.asarray(features, dtype=np.float64)
    quartiles = np.quantile(features, [0.25, 0.5, 0.75], axis=0)
    moments = [features.mean(0), features.std(0), features.min(0), features.max(0)]
    return np.concatenate([*moments, *quartiles])


def fit_svm(features: np.ndarray, labels: Sequence[int], speakers: Sequence[str | None]) -> Pipeline:
    """An RBF SVM whose cost is chosen by cross-validation inside the training part.

    Args:
        features: (utterances, 273) their `frame_statistics`.
        labels: class numbers.
        speakers: who speaks; where all are known, the cross-validation is over speakers.

    Returns:
        The fitted pipeline.
    """
    pipeline = make_pipeline(StandardScaler(), SVC())
    inner_folds = _inner_folds(np.asarray(labels), speakers)
    if not inner_folds:  # too few utterances or speakers of an emotion to choose by
        return pipeline.fit(features, labels)
    search = GridSearchCV(pipeline, {"svc__C": COSTS}, cv=inner_folds, scoring="balanced_accuracy")
    return search.fit(features, labels).best_estimator_


def _inner_folds(labels: np.ndarray, speakers: Sequence[str | None]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Numbers of utterances; over speakers where they are known, and only where each emotion can be learnt."""
    known = None not in speakers and len(set(speakers)) > 1
    groups = np.array(speakers) if known else np.arange(len(labels))
    num_folds = min(INNER_FOLDS, len(set(groups)), int(np.bincount(labels)[np.unique(labels)].min()))
    if num_folds < 2:
        return []
    folds = StratifiedGroupKFold(num_folds).split(labels, labels, groups)
    return [(train, test) for train, test in folds if set(labels[train]) == set(labels)]
