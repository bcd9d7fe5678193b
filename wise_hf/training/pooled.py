"""The systems to beat: a plain classifier on statistics of an utterance's frames, the same that WISE reads."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from wise_hf.data.schema import PreparedUtterance
from wise_hf.data.wise_frames import Frames
from wise_hf.model.feature_extraction_wise import WISEFeatureExtractor
from wise_hf.training.system import System, Trial


INNER_FOLDS = 4

Pooling = Callable[[np.ndarray], np.ndarray]  # (T, D) the frames of an utterance -> its statistics


@dataclass(frozen=True)
class PooledClassifier:
    """A classifier of whole utterances.

    Args:
        key, name: see `System`; the tables add to the name what it is given.
        make: gives a fresh one, with a parameter `C`.
        costs: the values of `C` to choose from.
    """

    key: str
    name: str
    make: Callable[[], ClassifierMixin]
    costs: Sequence[float]


SVM = PooledClassifier("svm", "SVM", SVC, (0.3, 1.0, 3.0, 10.0, 30.0))
LOGISTIC_REGRESSION = PooledClassifier(
    "logistic", "Logistic regression", partial(LogisticRegression, max_iter=1000), (0.001, 0.01, 0.1, 1.0, 10.0)
)
POOLED_CLASSIFIERS = (SVM, LOGISTIC_REGRESSION)


def pooled_systems(
    frames: Frames,
    normalization: str,
    learns_from: Sequence[str] = ("train",),
    normalized_by: Sequence[str] = ("train",),
) -> dict[str, System]:
    """Every classifier as a system, and where the frames are normalised by speaker a second one that knows nobody.

    Args:
        frames: those of WISE.
        normalization: of them, see `WISEFeatureExtractor`.
        learns_from, normalized_by: see `pooled_system`.

    Returns:
        The systems by their keys; those that know no speaker have keys that end in `_unknown`.
    """
    systems = {}
    for classifier in POOLED_CLASSIFIERS:
        make = partial(pooled_system, classifier, frames, learns_from=learns_from, normalized_by=normalized_by)
        known = make(normalization)
        systems[known.key] = known
        if normalization == "speaker":
            unknown = make("global")
            key, name = f"{known.key}_unknown", f"{classifier.name}, speakers unknown"
            systems[key] = replace(unknown, key=key, name=name)
    return systems


def pooled_system(
    classifier: PooledClassifier,
    frames: Frames,
    normalization: str,
    learns_from: Sequence[str] = ("train",),
    normalized_by: Sequence[str] = ("train",),
) -> System:
    """A classifier on statistics of WISE's frames, as a system.

    Args:
        classifier: what is fitted.
        frames: those of WISE.
        normalization: of them, see `WISEFeatureExtractor`.
        learns_from: the parts of a fold that it is fitted to.
        normalized_by: the parts that give the frames' mean and deviation, where a speaker has none of his own.
    """
    extract, columns = frames.features()
    feature_extractor = frames.feature_extractor(normalization)
    statistics, pool = _statistics_for(classifier, feature_extractor)
    fit_and_predict = partial(
        _fit_and_predict,
        classifier=classifier,
        pool=pool,
        feature_extractor=feature_extractor,
        learns_from=learns_from,
        normalized_by=normalized_by,
    )
    name = f"{classifier.name} on {statistics}"
    return System(classifier.key, name, extract, columns, fit_and_predict=fit_and_predict, frames=frames.name)


def _statistics_for(classifier: PooledClassifier, feature_extractor: WISEFeatureExtractor) -> tuple[str, Pooling]:
    """What a classifier is given of an utterance, in words and as a function."""
    if not feature_extractor.is_mfcc:
        return "mean and deviation of the frames", mean_and_deviation
    if classifier is SVM:
        return "MFCC statistics", frame_statistics
    return "mean and deviation of the MFCC", mean_and_deviation


def _fit_and_predict(
    trial: Trial,
    classifier: PooledClassifier,
    pool: Pooling,
    feature_extractor: WISEFeatureExtractor,
    learns_from: Sequence[str],
    normalized_by: Sequence[str],
) -> list[int]:
    """The class numbers of the test utterances."""
    extractor = copy.deepcopy(feature_extractor)
    extractor.set_statistics(utterance["input_features"] for utterance in trial.of(*normalized_by))

    def pooled(utterances: Sequence[PreparedUtterance]) -> np.ndarray:
        """(utterances, statistics); the frames of one utterance at a time are in memory as numbers to compute with."""
        rows = []
        for utterance in utterances:
            of_speaker = trial.statistics.get((utterance["speaker"], 1.0, 0))
            rows.append(pool(extractor.normalize(utterance["input_features"], of_speaker)))
        return np.stack(rows)

    learnt, test = trial.of(*learns_from), trial.parts["test"]
    speakers = [utterance["speaker"] for utterance in learnt]
    fitted = fit_pooled(classifier, pooled(learnt), trial.labels(learnt), speakers)
    return fitted.predict(pooled(test)).tolist()


def mean_and_deviation(features: np.ndarray) -> np.ndarray:
    """Mean and deviation of every value of a frame.

    Args:
        features: (T, D) the frames of an utterance, normalised as WISE's are.

    Returns:
        (2 D,) float64.
    """
    features = np.asarray(features, dtype=np.float64)
    return np.concatenate([features.mean(0), features.std(0)])


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


def fit_pooled(
    classifier: PooledClassifier, features: np.ndarray, labels: Sequence[int], speakers: Sequence[str | None]
) -> Pipeline:
    """A classifier whose cost is chosen by cross-validation inside the training part.

    Args:
        classifier: what is fitted.
        features: (utterances, statistics) float64.
        labels: class numbers.
        speakers: who speaks; where all are known, the cross-validation is over speakers.

    Returns:
        The fitted pipeline.
    """
    pipeline = Pipeline([("scaler", StandardScaler()), ("classifier", classifier.make())])
    inner_folds = _inner_folds(np.asarray(labels), speakers)
    if not inner_folds:  # too few utterances or speakers of an emotion to choose by
        return pipeline.fit(features, labels)
    search = GridSearchCV(pipeline, {"classifier__C": classifier.costs}, cv=inner_folds, scoring="balanced_accuracy")
    with threadpool_limits(1):  # products this small take far longer on several threads of a busy machine
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
