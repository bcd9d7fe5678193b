"""WA and UA of a saved model on a corpus: wise-hf evaluate --model DIR --data_dir DIR."""

import sys
from collections.abc import Sequence

from wise_hf.commands.parsing import parse
from wise_hf.training.evaluation import EvaluateOptions, evaluate_model


def main(arguments: Sequence[str] | None = None) -> None:
    """Score a model and print its scores."""
    sys.stdout.write(evaluate_model(parse(EvaluateOptions, __doc__, arguments)))
