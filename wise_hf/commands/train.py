"""Train WISE on a corpus: wise-hf train --data_dir DIR --output_dir OUT."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields

from wise_hf.commands.parsing import parse
from wise_hf.hub.trained_model import HubOptions, check_hub_options, prepare_hub, publish_trained_model
from wise_hf.training.options import TrainOptions
from wise_hf.training.results import results_to_markdown
from wise_hf.training.run import train


@dataclass(frozen=True, kw_only=True)
class TrainAndPublishOptions(TrainOptions, HubOptions):
    """Everything that scripts/train.py can be told."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, and publish where that is asked for; whether it can be is found out first."""
    options = parse(TrainAndPublishOptions, __doc__, arguments)
    check_hub_options(options)
    training = TrainOptions(**{each.name: getattr(options, each.name) for each in fields(TrainOptions)})
    results = train(
        training,
        before_training=lambda: prepare_hub(options),
        after_training=lambda model_dir: publish_trained_model(options, model_dir),
        usual_jobs=None,
    )
    if results:  # of all processes but the main one there are none
        sys.stdout.write("\n" + results_to_markdown(results))
