"""The class that a model gives to every utterance of a loader."""

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
