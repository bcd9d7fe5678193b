"""Train WISE on a corpus: accelerate launch scripts/train.py --data_dir DIR --output_dir OUT (see --help)."""

import argparse
import sys
from pathlib import Path

from transformers import HfArgumentParser

from wise_hf.commands import run as command_line
from wise_hf.hub.trained_model import HubOptions, check_hub_options, prepare_hub, publish_trained_model
from wise_hf.training import options as arguments
from wise_hf.training.run import run_experiment


def parse_arguments() -> tuple[HubOptions, argparse.Namespace]:
    parser = HfArgumentParser(HubOptions, description=__doc__, allow_abbrev=False)
    arguments.add_corpus_arguments(parser)
    arguments.add_feature_arguments(parser)
    arguments.add_model_arguments(parser)
    arguments.add_recipe_arguments(parser)
    group = parser.add_argument_group("run")
    group.add_argument("--output_dir", type=Path, required=True, help="results, and a folder for each fold's model")
    group.add_argument(
        "--cross_validation",
        choices=["none", "session", "speaker", "random"],
        help="what is left out at a time for the test; default: session for IEMOCAP, else none",
    )
    group.add_argument("--folds", type=arguments.positive, help="default: one a session or speaker; random: 5")
    group.add_argument(
        "--text_disjoint",
        action="store_true",
        default=None,
        help="keep sentences of the test part out of training and validation",
    )
    group.add_argument(
        "--folds_file",
        type=Path,
        help="who is where, as an earlier run's OUT/folds.json says; instead of --cross_validation, --folds and "
        "--text_disjoint",
    )
    group.add_argument("--gradient_accumulation_steps", type=arguments.positive, default=1)
    group.add_argument("--seed", type=int, default=0)
    group.add_argument("--svm", action=argparse.BooleanOptionalAction, default=True, help="score the SVM as well")
    group.add_argument("--resume_from_checkpoint", type=Path, help="continue the interrupted run in this folder")
    group.add_argument("--overwrite_output_dir", action="store_true", help="throw an earlier run's results away")
    return parser.parse_args_into_dataclasses(look_for_args_file=False)


def train(hub: HubOptions, training: argparse.Namespace) -> str:
    """Train, and publish where that is asked for; whether it can be is found out first."""
    check_hub_options(hub)
    return run_experiment(training, lambda: prepare_hub(hub), lambda model_dir: publish_trained_model(hub, model_dir))


if __name__ == "__main__":
    command_line.run(lambda: sys.stdout.write(train(*parse_arguments())))
