"""The arguments about the Hub: what scripts/train.py and scripts/push_to_hub.py take, and what it means."""

import argparse
import shlex
from pathlib import Path

from huggingface_hub import HfApi

from wise_hf.hub.connection import check_token
from wise_hf.hub.publishing import Destination
from wise_hf.hub.staging import check_hub_card


HUB_ARGUMENTS = (
    *("push_to_hub", "hub_model_id", "hub_private_repo", "hub_revision", "hub_tag", "hub_license"),
    *("hub_training_data", "hub_dataset_name", "hub_card"),
)
CARD_ARGUMENTS = ("license", "training_data", "dataset_name")
# What makes no sense without the first.
_FINER = tuple(name for name in HUB_ARGUMENTS if name not in ("push_to_hub", "hub_card"))


def add_hub_arguments(parser: argparse.ArgumentParser, hub_card_dir: Path) -> None:
    """
    Publishing after the training; names as in transformers' `TrainingArguments`, where it has them.

    Args:
        parser: of scripts/train.py.
        hub_card_dir: where the card's template lies by default.
    """
    group = parser.add_argument_group("Hub")
    group.add_argument("--push_to_hub", action="store_true", help="publish the model; with folds that of the first")
    group.add_argument("--hub_model_id", help="its name on the Hub: org/name")
    group.add_argument("--hub_private_repo", action="store_true", default=None, help="for the owner only")
    group.add_argument("--hub_revision", help="branch; default: main")
    group.add_argument("--hub_tag", help="name of this version, e.g. v1.0")
    add_card_arguments(group, "hub_")
    group.add_argument("--hub_card", type=Path, default=hub_card_dir, help="card template, handler and samples")


def add_card_arguments(group: argparse._ArgumentGroup, prefix: str = "") -> None:
    """What the card says that no file knows, for scripts/train.py and scripts/push_to_hub.py."""
    group.add_argument(
        f"--{prefix}license",
        help="of the weights, as the Hub names licences; default: other, as the recordings' licence allows",
    )
    group.add_argument(f"--{prefix}training_data", help='and its licence, e.g. "RAVDESS (CC BY-NC-SA 4.0)"')
    group.add_argument(f"--{prefix}dataset_name", help="what the card calls the corpus; default: the folder's name")


def card_choices(arguments: argparse.Namespace, prefix: str = "") -> dict[str, str]:
    """What was given of `add_card_arguments`, as the fields of a `Release`."""
    given = {name: getattr(arguments, f"{prefix}{name}") for name in CARD_ARGUMENTS}
    return {name: value for name, value in given.items() if value is not None}


def split_arguments(arguments: argparse.Namespace) -> tuple[argparse.Namespace, argparse.Namespace]:
    """The arguments of scripts/train.py about the training, and those about the Hub, which both have `output_dir`."""
    given = vars(arguments)
    training = {name: value for name, value in given.items() if name not in HUB_ARGUMENTS}
    hub = {name: given[name] for name in (*HUB_ARGUMENTS, "output_dir")}
    return argparse.Namespace(**training), argparse.Namespace(**hub)


def check_hub_arguments(arguments: argparse.Namespace) -> None:
    """
    Find out what is wrong with the arguments, without contacting anybody.

    Args:
        arguments: of scripts/train.py.

    Raises:
        ValueError: for options that do not go together, names that cannot be such, a `hub_card` without its files, or
            where nobody is logged in.
    """
    if not arguments.push_to_hub:
        finer = [f"--{name}" for name in _FINER if getattr(arguments, name)]
        if finer:
            raise ValueError(f"{', '.join(finer)}: nothing is published without --push_to_hub; give it as well.")
        return
    if arguments.hub_model_id is None:
        raise ValueError("--push_to_hub needs a name on the Hub; give --hub_model_id org/name as well.")
    destination_of(arguments).check()
    check_hub_card(arguments.hub_card)
    check_token(HfApi())


def destination_of(arguments: argparse.Namespace) -> Destination:
    """Where the arguments of scripts/train.py publish to."""
    return Destination(
        arguments.hub_model_id, arguments.hub_private_repo, arguments.hub_revision, tag=arguments.hub_tag
    )


def command_to_publish(arguments: argparse.Namespace, model_dir: Path) -> str:
    """The command that publishes a trained model later, as one types it."""
    options = {"revision": arguments.hub_revision, "tag": arguments.hub_tag} | card_choices(arguments, "hub_")
    given = [word for name, value in options.items() if value is not None for word in (f"--{name}", value)]
    private = ["--private"] * bool(arguments.hub_private_repo)
    start = ["python", "scripts/push_to_hub.py", "--model", str(model_dir), "--repo_id", arguments.hub_model_id]
    return shlex.join([*start, *private, *given, "--hub_card", str(arguments.hub_card)])
