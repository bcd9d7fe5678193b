"""WA, UA and macro F1 of emotion predictions, as a module that `evaluate.load` takes from this folder."""

import datasets
import evaluate

from wise_hf.training.scores import compute_scores


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
        return compute_scores(predictions, references, num_labels)
