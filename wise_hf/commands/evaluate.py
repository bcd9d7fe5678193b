"""Scores of a saved model on a corpus (--model DIR --data_dir DIR); of emotions over time with --timeline first."""

import sys
from collections.abc import Sequence

from wise_hf.commands.parsing import parse
from wise_hf.timeline.evaluation import TimelineOptions, evaluate_timeline
from wise_hf.training.evaluation import EvaluateOptions, evaluate_model


TIMELINE = "--timeline"  # scores something else, so it has options of its own
ABOUT_TIMELINE = "Emotions over time, in recordings with labelled spans: EDER and UA by second."


def main(arguments: Sequence[str] | None = None) -> None:
    """Score a model and print its scores."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if TIMELINE in words:
        words.remove(TIMELINE)
        sys.stdout.write(evaluate_timeline(parse(TimelineOptions, ABOUT_TIMELINE, words)))
    else:
        sys.stdout.write(evaluate_model(parse(EvaluateOptions, __doc__, words)))
