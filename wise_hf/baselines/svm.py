"""The row to beat: statistics of the same MFCC into a support vector machine."""

from collections.abc import Sequence

import numpy as np
from sklearn.model_selection import GridSearchCV, GroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


COSTS = (0.3, 1.0, 3.0, 10.0, 30.0)
INNER_FOLDS = 4


def frame_statistics(features: np.ndarray) -> np.ndarray:
    """
    Mean, deviation, minimum, maximum and quartiles of every coefficient.

    Args:
        features: (T, 39) the frames of an utterance, normalised as WISE's are.

    Returns:
        (273,) float64.
    """
    features = np.asarray(features, dtype=np.float64)
    quartiles = np.quantile(features, [0.25, 0.5, 0.75], axis=0)
    moments = [features.mean(0), features.std(0), features.min(0), features.max(0)]
    return np.concatenate([*moments, *quartiles])


def fit_svm(features: Sequence[np.ndarray], labels: Sequence[int], speakers: Sequence[str | None]) -> Pipeline:
    """
    An RBF SVM whose cost is chosen by cross-validation inside the training part, over speakers where they are known.

    Args:
        features: (T, 39) of each training utterance.
        labels: class numbers.
        speakers: who speaks.

    Returns:
        The fitted pipeline.
    """
    groups = np.array([str(speaker) for speaker in speakers])
    num_folds = min(INNER_FOLDS, len(set(groups)), min(np.bincount(labels)[np.unique(labels)]))
    by_speaker = num_folds > 1 and None not in speakers
    inner = GroupKFold(num_folds) if by_speaker else StratifiedKFold(2)
    pipeline = make_pipeline(StandardScaler(), SVC())
    search = GridSearchCV(pipeline, {"svc__C": COSTS}, cv=inner, scoring="balanced_accuracy")
    matrix = np.stack([frame_statistics(utterance) for utterance in features])
    return search.fit(matrix, labels, groups=groups if by_speaker else None).best_estimator_


def predict_with_svm(svm: Pipeline, features: Sequence[np.ndarray]) -> np.ndarray:
    """(utterances,) class numbers of utterances of (T, 39) frames."""
    return svm.predict(np.stack([frame_statistics(utterance) for utterance in features]))
