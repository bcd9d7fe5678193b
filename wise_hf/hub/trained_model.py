"""Publishing from a training: checks before the hours of work, the upload after them."""

import logging
import shlex
import tempfile
from dataclasses import dataclass, field, fields
from pathlib import Path

from huggingface_hub import HfApi

from wise_hf.data.options import Options, option
from wise_hf.hub.connection import check_token, told_in_a_sentence, try_repeatedly
from wise_hf.hub.publishing import Destination, check_license, open_repository, publish, tag_is_taken, tagged_commit
from wise_hf.hub.release import Release
from wise_hf.hub.staging import check_hub_card, stage_model
from wise_hf.hub.templates import templates_dir


logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class HubOptions(Options):
    """What a training asks of the Hub; named as in transformers' `TrainingArguments`, where it has the same."""

    _argument_group_name = "Hub"

    push_to_hub: bool = option(False, help="publish the model; with folds that of the first")
    hub_model_id: str | None = option(None, help="its name on the Hub: org/name")
    hub_private_repo: bool = option(False, help="for the owner only")
    hub_revision: str | None = option(None, help="branch (default: main)")
    hub_tag: str | None = option(None, help="name of this version, e.g. v1.0; it never moves")
    hub_license: str | None = option(None, help="of the weights, as the Hub names licences (default: other)")
    hub_training_data: str | None = option(None, help='and its licence, e.g. "RAVDESS (CC BY-NC-SA 4.0)"')
    hub_dataset_name: str | None = option(None, help="what the card calls the corpus (default: the folder's name)")
    hub_card: Path = field(
        default_factory=templates_dir,
        metadata={"help": "folder of the card's template, the handler and the samples (default: that of wise_hf)"},
    )

    @property
    def destination(self) -> Destination:
        """Where the model is published."""
        return Destination(self.hub_model_id, self.hub_private_repo or None, self.hub_revision, self.hub_tag)


def check_hub_options(options: HubOptions) -> None:
    """Find out what is wrong with the options, without contacting anybody.

    Raises:
        ValueError: for options that do not go together, names that cannot be such, a `hub_card` without its files, or
            where nobody is logged in.
    """
    if not options.push_to_hub:
        finer = [each.name for each in fields(HubOptions) if each.name not in ("push_to_hub", "hub_card")]
        given = [f"--{name}" for name in finer if getattr(options, name)]
        if given:
            raise ValueError(f"{', '.join(given)}: nothing is published without --push_to_hub; give it as well.")
        return
    if options.hub_model_id is None:
        raise ValueError("--push_to_hub needs a name on the Hub; give --hub_model_id org/name as well.")
    options.destination.check()
    check_hub_card(options.hub_card)
    check_token(HfApi())


def prepare_hub(options: HubOptions) -> None:
    """Make the repository before the training, as the only way to find out whether that is allowed.

    Args:
        options: checked by `check_hub_options`.

    Raises:
        ValueError: see `open_repository`; for a token that may only read, a tag that is there already, or a licence
            that the Hub does not know.
        OSError: where the Hub cannot be reached, or refuses.
    """
    if not options.push_to_hub:
        return
    api, destination = HfApi(), options.destination
    with told_in_a_sentence(destination.repo_id):
        account = try_repeatedly(api.whoami)
    if account.get("auth", {}).get("accessToken", {}).get("role") == "read":
        raise ValueError("The token for the Hub may only read; log in by `hf auth login` with one that may write.")
    check_license(options.hub_license, destination)
    open_repository(destination, api)
    with told_in_a_sentence(destination.repo_id):
        tagged = try_repeatedly(lambda: tagged_commit(api, destination))
    if tagged is not None:
        raise tag_is_taken(destination)


def publish_trained_model(options: HubOptions, model_dir: Path) -> None:
    """Publish a model after its training, where that is asked for; on the main process only.

    Args:
        options: see `prepare_hub`.
        model_dir: the model, with the results beside its folder.

    Raises:
        OSError: where anything goes wrong; it says how to publish later.
    """
    if not options.push_to_hub:
        return
    release = Release(
        model_dir=model_dir,
        destination=options.destination,
        hub_card_dir=options.hub_card,
        license=options.hub_license or "other",
        training_data=options.hub_training_data,
        dataset_name=options.hub_dataset_name,
    )
    try:
        with tempfile.TemporaryDirectory() as folder:
            stage_model(release, Path(folder) / "staged")
            logger.info("Published: %s", publish(Path(folder) / "staged", release.destination).url)
    except (ValueError, OSError) as error:
        raise OSError(
            f"{error} The training is finished, and its results are in {model_dir.parent}; to publish them later: "
            f"{command_to_publish(options, model_dir)}"
        ) from error


def command_to_publish(options: HubOptions, model_dir: Path) -> str:
    """The command that publishes a trained model later, as one types it."""
    names = ("revision", "tag", "license", "training_data", "dataset_name", "hub_card")
    given = {name: getattr(options, f"hub_{name.removeprefix('hub_')}") for name in names}
    given = {name: value for name, value in given.items() if value not in (None, templates_dir())}
    start = ["wise-hf", "push", "--model", model_dir, "--repo_id", options.hub_model_id]
    start += ["--private"] * options.hub_private_repo
    return shlex.join(map(str, start + [word for name, value in given.items() for word in (f"--{name}", value)]))
