"""WA, UA and macro F1, through the `evaluate` module that lies beside this file."""

import functools
from collections.abc import Sequence
from pathlib import Path

import evaluate
import torch


EMOTION_SCORES = Path(__file__).with_name("emotion_scores")


@functools.lru_cache(maxsize=1)
def load_metric() -> evaluate.EvaluationModule:
    """The metric as `evaluate` loads it: from the folder, without a network."""
    return evaluate.load(str(EMOTION_SCORES), keep_in_memory=True)


def compute_scores(
    predicted: Sequence[int] | torch.Tensor, true: Sequence[int] | torch.Tensor, num_labels: int
) -> dict:
    """
    Args:
        predicted, true: (utterances,) class numbers.
        num_labels: how many classes there are.

    Returns:
        `wa`, `ua`, `macro_f1` in [0, 1] and `confusion` (num_labels, num_labels) counts, a row for each true class.
    """
    predicted, true = ([int(value) for value in values] for values in (predicted, true))
    return load_metric().compute(predictions=predicted, references=true, num_labels=num_labels)
