"""WA and UA of a saved model on a corpus: python scripts/evaluate.py --model DIR --data_dir DIR."""

import argparse
import sys
from pathlib import Path

from wise_hf.commands import run as command_line
from wise_hf.training import options as arguments
from wise_hf.training.evaluation import evaluate_model


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--model", required=True, help="folder of a saved model, or its name on the Hub")
    arguments.add_corpus_arguments(parser)
    parser.add_argument("--batch_size", type=arguments.positive, default=32)
    parser.add_argument("--output", type=Path, help="also write the scores as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    command_line.run(lambda: sys.stdout.write(evaluate_model(parse_arguments()) + "\n"))
