"""WA, UA and macro F1 of emotion predictions, as a module that `evaluate.load` takes from this folder."""

import datasets
import evaluate
import numpy as np
from sklearn.metrics import confusion_matrix, f1_score, recall_score


_DESCRIPTION = """WA is the share of utterances that are right (accuracy). UA is the mean of the classes' recalls,
over the classes that the references have (Shen et al. 2020, section 4.3).
Macro F1 is the mean of the same classes' F1."""

_INPUTS = """
Args:
    predictions: (utterances,) class numbers.
    references: (utterances,) class numbers.
    num_labels: how many classes there are; gives the confusion counts their size.
Returns:
    wa, ua, macro_f1: floats in [0, 1].
    confusion: (num_labels, num_labels) counts, a row for each true class, a column for each predicted one.
"""


class EmotionScores(evaluate.Metric):
    """WA, UA, macro F1 and the confusion counts."""

    def _info(self) -> evaluate.MetricInfo:
        features = datasets.Features({"predictions": datasets.Value("int64"), "references": datasets.Value("int64")})
        return evaluate.MetricInfo(
            description=_DESCRIPTION, citation="", inputs_description=_INPUTS, features=features
        )

    def _compute(self, predictions, references, num_labels: int) -> dict:
        predictions, references = np.asarray(predictions), np.asarray(references)
        present = np.unique(references)
        average = {"labels": present, "average": "macro", "zero_division": 0}
        return {
            "wa": float((predictions == references).mean()),
            "ua": float(recall_score(references, predictions, **average)),
            "macro_f1": float(f1_score(references, predictions, **average)),
            "confusion": confusion_matrix(references, predictions, labels=range(num_labels)).tolist(),
        }
