"""Publishing from scripts/train.py: what is found out before hours of training, and what is done after it."""

import argparse
import logging
import tempfile
from pathlib import Path

from huggingface_hub import HfApi

from wise_hf.hub.connection import told_in_a_sentence, try_repeatedly
from wise_hf.hub.options import card_choices, command_to_publish, destination_of
from wise_hf.hub.publishing import check_license, open_repository, publish, tag_is_taken, tagged_commit
from wise_hf.hub.release import Release
from wise_hf.hub.staging import stage_model


logger = logging.getLogger(__name__)


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
    check_license(arguments.hub_license, destination)
    open_repository(destination, api)
    with told_in_a_sentence(arguments.hub_model_id):
        tagged = try_repeatedly(lambda: tagged_commit(api, destination))
    if tagged is not None:
        raise tag_is_taken(destination)


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
        **card_choices(arguments, "hub_"),
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
