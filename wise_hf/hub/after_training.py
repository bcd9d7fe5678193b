"""Publishing from scripts/train.py: what is found out before hours of training, and what is done after it."""

import argparse
import logging
import shlex
import tempfile
from pathlib import Path

from huggingface_hub import HfApi, ModelCard

from wise_hf.hub.connection import check_token, told_in_a_sentence, try_repeatedly
from wise_hf.hub.publishing import Destination, open_repository, publish, tag_is_taken, tagged_commit
from wise_hf.hub.release import Release
from wise_hf.hub.staging import check_hub_card, stage_model


logger = logging.getLogger(__name__)

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


def prepare_hub(arguments: argparse.Namespace) -> None:
    """
    Before the training: make the repository, as the only way to find out whether that is allowed.

    Args:
        arguments: checked by `check_hub_arguments`.

    Raises:
        ValueError: see `open_repository`; for a token that may only read, a tag that is there already, or a licence
            that the Hub does not know.
        OSError: where the Hub cannot be reached, or refuses.
    """
    if not arguments.push_to_hub:
        return
    api = HfApi()
    with told_in_a_sentence(arguments.hub_model_id):
        account = try_repeatedly(api.whoami)
    if account.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise ValueError("The token for the Hub may only read; log in by `hf auth login` with one that may write.")
    destination = destination_of(arguments)
    open_repository(destination, api)
    with told_in_a_sentence(arguments.hub_model_id):
        if try_repeatedly(lambda: tagged_commit(api, destination)) is not None:
            raise tag_is_taken(destination)
        try_repeatedly(lambda: _check_license(arguments.hub_license))


def _check_license(name: str | None) -> None:
    try:
        ModelCard(f"---\nlicense: {name or 'other'}\n---\n").validate()
    except ValueError as error:
        raise ValueError(f"'{name}' is no licence that the Hub knows ({error}); give one as it names them.") from error


def publish_trained(arguments: argparse.Namespace, model_dir: Path) -> None:
    """
    After the training: publish a model where that is asked for; on the main process only.

    Args:
        arguments: see `prepare_hub`.
        model_dir: the model, with the results beside its folder.

    Raises:
        OSError: where anything goes wrong; it says how to publish later.
    """
    if not arguments.push_to_hub:
        return
    release = Release(
        model_dir=model_dir,
        destination=destination_of(arguments),
        hub_card_dir=arguments.hub_card,
        license=arguments.hub_license or "other",
        training_data=arguments.hub_training_data,
        dataset_name=arguments.hub_dataset_name,
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            stage_model(release, Path(folder) / "staged")
            logger.info("Published: %s", publish(Path(folder) / "staged", release.destination).url)
    except (ValueError, OSError) as error:
        raise OSError(
            f"{error} The training is finished, and its results are in {arguments.output_dir}; to publish them later: "
            f"{command_to_publish(arguments, model_dir)}"
        ) from error


def command_to_publish(arguments: argparse.Namespace, model_dir: Path) -> str:
    """The command that publishes a trained model later, as one types it."""
    options = {name: getattr(arguments, f"hub_{name}") for name in ("revision", "tag", *CARD_ARGUMENTS)}
    given = [word for name, value in options.items() if value is not None for word in (f"--{name}", str(value))]
    private = ["--private"] * bool(arguments.hub_private_repo)
    start = ["python", "scripts/push_to_hub.py", "--model", str(model_dir), "--repo_id", arguments.hub_model_id]
    return shlex.join([*start, *private, *given])
