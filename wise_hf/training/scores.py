"""The classes that a model gives to utterances, and WA, UA and macro F1 of these (Shen et al. 2020, section 4.3)."""

from collections.abc import Sequence

import numpy as np
import torch
from accelerate import Accelerator
from torch.utils.data import DataLoader


def predict_classes(
    model: torch.nn.Module, loader: DataLoader, accelerator: Accelerator
) -> tuple[list[int], list[int]]:
    """Predict the class of every utterance.

    Args:
        model: gives `logits`; on the accelerator's device.
        loader: batches with `labels`, prepared by the accelerator.
        accelerator: gathers what several processes predict.

    Returns:
        Predicted and true class numbers, in the loader's order.
    """
    model.eval()
    predicted: list[int] = []
    true: list[int] = []
    for batch in loader:
        labels = batch.pop("labels")
        with torch.inference_mode(), accelerator.autocast():
            logits = model(**batch).logits
        gathered = accelerator.gather_for_metrics((logits.argmax(-1), labels))
        predicted += gathered[0].tolist()
        true += gathered[1].tolist()
    return predicted, true


def compute_scores(
    predicted: Sequence[int] | torch.Tensor, true: Sequence[int] | torch.Tensor, num_labels: int
) -> dict:
    """The scores of predictions.

    Args:
        predicted, true: (utterances,) class numbers.
        num_labels: how many classes there are.

    Returns:
        `wa`, `ua`, `macro_f1` in [0, 1] and `confusion` (num_labels, num_labels) counts, a row for each true class.
    """
    cells = num_labels * np.asarray(true, dtype=int) + np.asarray(predicted, dtype=int)
    confusion = np.bincount(cells, minlength=num_labels**2).reshape(num_labels, num_labels)
    return scores_of_confusion(confusion) | {"confusion": confusion.tolist()}


def scores_of_confusion(confusion: np.ndarray) -> dict[str, float]:
    """The scores of counts.

    Args:
        confusion: (K, K) counts, a row for each true class, a column for each predicted one.

    Returns:
        `wa`, the share of all utterances that are right (accuracy); `ua`, the mean recall of the classes, and
        `macro_f1`, the mean of their F1, both over the classes that have utterances.
    """
    correct, true, predicted = np.diag(confusion), confusion.sum(1), confusion.sum(0)
    present = true > 0
    f1 = 2 * correct[present] / (true + predicted)[present]
    recall = correct[present] / true[present]
    return {"wa": float(correct.sum() / true.sum()), "ua": float(recall.mean()), "macro_f1": float(f1.mean())}
